// What the kinds of servers have in common with OpenAI's interface and what not. Facts: vLLM's and SGLang's chat protocol, llama.cpp's
// tools/server/README.md, llama-cpp-python's server, Ollama's docs/openai.md, as of November 2026.

import type { SpanVocabulary } from '@maskwords/words'
import { MllmError } from '../error.ts'
import type { Json } from '../json.ts'
import type { AskOptions } from '../model.ts'
import { type Continued, ebnfOfTokens, gbnfOfText, gbnfOfTokens, type Imposed, regexOf } from './grammar.ts'
import type { Http } from './http.ts'

export const SERVER_KINDS = [
  'vllm',
  'sglang',
  'llama-server',
  'llama-cpp-python',
  'ollama',
  'openai',
] as const
export type ServerKind = (typeof SERVER_KINDS)[number]

/** A way to impose a constraint: a name for notes, and the fields of the request. */
export type ConstraintWay = {
  readonly name: string
  /** Token ids must be known. */
  readonly needsIds: boolean
  fields(constraint: Imposed | Continued, vocabulary: SpanVocabulary): Json
}

export type Profile = {
  readonly kind: ServerKind
  readonly title: string
  /** Fields of every question: special words and ids. */
  readonly fields: Json
  /** Sampling beyond OpenAI's fields; undefined where the server has none. */
  sampling(options: AskOptions): Json
  /** Best first. */
  readonly constraints: readonly ConstraintWay[]
  /** Ids of a text; undefined where the server has no such route. */
  tokenize?(http: Http, root: string, model: string, text: string): Promise<unknown>
  /** What to switch on where mask words are missing in the text. */
  readonly stripsHint: string
  readonly logprobsHint: string
}

const way = (
  name: string,
  needsIds: boolean,
  fields: (constraint: Imposed | Continued, vocabulary: SpanVocabulary) => Json,
): ConstraintWay => ({ name, needsIds, fields })

const GBNF: readonly ConstraintWay[] = [
  way('grammar over tokens', true, (c, v) => ({ grammar: gbnfOfTokens(c, v) })),
  way('grammar over text', false, (c, v) => ({ grammar: gbnfOfText(c, v) })),
]

const listed = (value: unknown, key: string): unknown => (value as Json | null)?.[key]

/** For servers whose chat route takes OpenAI's fields alone. */
const openAiSampling =
  (title: string) =>
  ({ topK = 0, repetitionPenalty }: AskOptions): Json => {
    const named = topK !== 0 ? 'top-k' : repetitionPenalty !== undefined ? 'a repetition penalty' : undefined
    if (named === undefined) return {}
    throw new MllmError('unsupported', `${title} takes no ${named.replace(/^a /, '')} in a question`, {
      hint: 'leave it out, or set it where the model is started',
    })
  }

export const PROFILES: Readonly<Record<ServerKind, Profile>> = {
  vllm: {
    kind: 'vllm',
    title: 'vLLM',
    fields: { skip_special_tokens: false, spaces_between_special_tokens: false, return_token_ids: true },
    sampling: ({ topK = 0, repetitionPenalty }) => ({
      top_k: topK === 0 ? -1 : topK,
      ...(repetitionPenalty !== undefined && { repetition_penalty: repetitionPenalty }),
    }),
    constraints: [
      way('structured_outputs.grammar over tokens', true, (c, v) => ({
        structured_outputs: { grammar: ebnfOfTokens(c, v) },
      })),
      way('structured_outputs.regex', false, (c, v) => ({ structured_outputs: { regex: regexOf(c, v) } })),
      way('guided_regex', false, (c, v) => ({ guided_regex: regexOf(c, v) })),
    ],
    tokenize: async (http, root, model, text) =>
      listed(
        await http.json(`${root}/tokenize`, {
          body: { model, prompt: text, add_special_tokens: false },
          retries: 1,
        }),
        'tokens',
      ),
    stripsHint: 'the server does not follow skip_special_tokens=false: use vLLM 0.10.2 or newer',
    logprobsHint: 'start vLLM with --max-logprobs 20 or more',
  },
  sglang: {
    kind: 'sglang',
    title: 'SGLang',
    fields: { skip_special_tokens: false, return_token_ids: true },
    sampling: ({ topK = 0, repetitionPenalty }) => ({
      top_k: topK === 0 ? -1 : topK,
      ...(repetitionPenalty !== undefined && { repetition_penalty: repetitionPenalty }),
    }),
    constraints: [
      way('ebnf over tokens', true, (c, v) => ({ ebnf: ebnfOfTokens(c, v) })),
      way('regex', false, (c, v) => ({ regex: regexOf(c, v) })),
    ],
    tokenize: async (http, root, model, text) =>
      listed(
        await http.json(`${root}/tokenize`, {
          body: { model, prompt: text, add_special_tokens: false },
          retries: 1,
        }),
        'tokens',
      ),
    stripsHint: 'the server does not follow skip_special_tokens=false: use a newer SGLang',
    logprobsHint: 'use a newer SGLang',
  },
  'llama-server': {
    kind: 'llama-server',
    title: 'llama-server',
    fields: {},
    // Its own defaults are top-k 40 and min-p 0.05.
    sampling: ({ topK = 0, repetitionPenalty }) => ({
      top_k: topK,
      min_p: 0,
      ...(repetitionPenalty !== undefined && { repeat_penalty: repetitionPenalty, repeat_last_n: -1 }),
    }),
    constraints: GBNF,
    tokenize: async (http, root, _, text) =>
      listed(
        await http.json(`${root}/tokenize`, {
          body: { content: text, add_special: false, parse_special: true },
          retries: 1,
        }),
        'tokens',
      ),
    stripsHint:
      'start llama-server with --special, or make the words visible in the file: maskwords patch-gguf model.gguf -o shown.gguf',
    logprobsHint: 'use a newer llama-server',
  },
  'llama-cpp-python': {
    kind: 'llama-cpp-python',
    title: 'llama-cpp-python',
    fields: {},
    sampling: ({ topK = 0, repetitionPenalty }) => ({
      top_k: topK,
      min_p: 0,
      repeat_penalty: repetitionPenalty ?? 1,
    }),
    constraints: GBNF,
    tokenize: async (http, root, model, text) =>
      listed(
        await http.json(`${root}/extras/tokenize`, { body: { model, input: text }, retries: 1 }),
        'tokens',
      ),
    stripsHint: 'make the words visible in the file: maskwords patch-gguf model.gguf -o shown.gguf',
    logprobsHint: 'start the server with --logits_all true',
  },
  ollama: {
    kind: 'ollama',
    title: 'Ollama',
    fields: {},
    sampling: openAiSampling('Ollama'),
    constraints: [],
    stripsHint:
      'make the words visible in the file (maskwords patch-gguf model.gguf -o shown.gguf) and create the model from that one',
    logprobsHint: 'use Ollama 0.12.11 or newer',
  },
  openai: {
    kind: 'openai',
    title: 'the server',
    fields: {},
    sampling: openAiSampling('this server'),
    constraints: [],
    stripsHint: 'the mask words must not be special tokens, or the server must be told to keep those',
    logprobsHint: 'this server has no log-probabilities',
  },
}
