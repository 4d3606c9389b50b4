// What servers send, for tests. llama-server's and llama-cpp-python's answers were recorded (exchanges/, a model with random weights);
// those of vLLM, SGLang and Ollama are written by their protocols (vllm entrypoints/openai/chat_completion/protocol.py, sglang
// entrypoints/openai/protocol.py, ollama openai/openai.go).
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { samtokVocabulary, wordsOf } from '@maskwords/words'
import type { ServerKind } from '../src/servers/profiles.ts'

export const WORDS = wordsOf(samtokVocabulary())
/** What every one of these servers answers. */
export const SAID = 'Ein éléphant <|mt_start|><|mt_0107|><|mt_0368|><|mt_end|> .'
export const CODES = [107, 112]

export type Token = { readonly text: string; readonly id: number; readonly logprob?: number }

const FIRST_WORD = 151_665
export const wordId = (word: string): number => FIRST_WORD + WORDS.indexOf(word)

/** The answer as tokens of Qwen2.5's vocabulary; `é` of the second word comes as two half characters. */
export const TOKENS: readonly Token[] = [
  { text: 'Ein', id: 36_840 },
  { text: ' é', id: 3_958 },
  { text: 'lé', id: 24_763 },
  { text: 'phant', id: 20_735 },
  { text: ' ', id: 220 },
  ...['<|mt_start|>', '<|mt_0107|>', '<|mt_0368|>', '<|mt_end|>'].map((text) => ({ text, id: wordId(text) })),
  { text: ' .', id: 659 },
]

/** Probabilities: each word has a half, another word of its place a quarter, a word that cannot stand there an eighth. */
const others: Readonly<Record<string, readonly [string, string]>> = {
  '<|mt_0107|>': ['<|mt_0001|>', '<|mt_0400|>'],
  '<|mt_0368|>': ['<|mt_0401|>', 'the'],
}
/** Of the mask: a half of seven eighths, twice. */
export const PROBABILITY = (0.5 / 0.875) ** 2

const bytesOf = (text: string) => [...new TextEncoder().encode(text)]
const entry = (text: string, probability: number) => ({
  token: text,
  logprob: Math.log(probability),
  bytes: bytesOf(text),
})
const logprobsOf = ({ text }: Token) => ({
  content: [
    {
      ...entry(text, 0.5),
      top_logprobs: [
        entry(text, 0.5),
        ...(others[text] ?? []).map((other, i) => entry(other, i === 0 ? 0.25 : 0.125)),
      ],
    },
  ],
})

const sse = (chunks: readonly unknown[]): string =>
  [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')

type Choice = Record<string, unknown>
const chunk = (choice: Choice | undefined, more: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_795_971_291,
  model: 'samtok',
  choices: choice === undefined ? [] : [{ index: 0, ...choice }],
  ...more,
})
const USAGE = {
  prompt_tokens: 41,
  completion_tokens: 11,
  total_tokens: 52,
  prompt_tokens_details: { cached_tokens: 40 },
}

export type StreamOptions = {
  /** Take the words out of the text, as a server that skips special tokens does. */
  readonly stripped?: boolean
  /** Keeps back this many characters, as a server does that waits for a stop text. */
  readonly lag?: number
  readonly logprobs?: boolean
}

/** vLLM with `return_token_ids` and `skip_special_tokens: false`. */
export function vllmStream(tokens: readonly Token[], options: StreamOptions = {}): string {
  const { stripped = false, lag = 0, logprobs = true } = options
  let sent = 0
  let text = ''
  const deltas = tokens.map((token) => {
    text += stripped && WORDS.includes(token.text) ? '' : token.text
    const until = Math.max(sent, text.length - lag)
    const delta = text.slice(sent, until)
    sent = until
    return chunk({
      delta: { content: delta },
      logprobs: logprobs ? logprobsOf(token) : null,
      finish_reason: null,
      token_ids: [token.id],
    })
  })
  const last = `${text.slice(sent)}${stripped ? '' : '<|im_end|>'}`
  return sse([
    chunk(
      { delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null },
      { prompt_token_ids: null },
    ),
    ...deltas,
    chunk({
      delta: { content: last },
      logprobs: null,
      finish_reason: 'stop',
      stop_reason: null,
      token_ids: [151_645],
    }),
    chunk(undefined, { usage: USAGE }),
  ])
}

/** SGLang: log-probabilities, no ids. */
export const sglangStream = (tokens: readonly Token[]): string =>
  sse([
    chunk({
      delta: { role: 'assistant', content: '', reasoning_content: null },
      logprobs: null,
      finish_reason: null,
    }),
    ...tokens.map((token) =>
      chunk({
        delta: { role: null, content: token.text, reasoning_content: null, tool_calls: null },
        logprobs: logprobsOf(token),
        finish_reason: null,
        matched_stop: null,
      }),
    ),
    chunk({ delta: { content: null }, logprobs: null, finish_reason: 'stop', matched_stop: 151_645 }),
    chunk(undefined, { usage: USAGE }),
  ])

/** Ollama: text, and log-probabilities where they were asked for. */
export const ollamaStream = (tokens: readonly Token[]): string =>
  sse([
    ...tokens.map((token) =>
      chunk({
        delta: { role: 'assistant', content: token.text },
        finish_reason: null,
        logprobs: logprobsOf(token),
      }),
    ),
    chunk({ delta: { role: 'assistant', content: '' }, finish_reason: 'stop' }),
    chunk(undefined, { usage: { prompt_tokens: 41, completion_tokens: 11, total_tokens: 52 } }),
  ])

/** Text alone, cut into pieces of any length. */
export const plainStream = (pieces: readonly string[]): string =>
  sse([
    ...pieces.map((content) => chunk({ delta: { content }, finish_reason: null })),
    chunk({ delta: {}, finish_reason: 'stop' }),
  ])

const recorded = (name: string) => readFileSync(new URL(`exchanges/${name}`, import.meta.url), 'utf8')

/** The same answer of every kind of server. */
export const STREAMS: Readonly<Record<ServerKind, string>> = {
  vllm: vllmStream(TOKENS),
  sglang: sglangStream(TOKENS),
  'llama-server': recorded('llama-server.sse'),
  'llama-cpp-python': recorded('llama-cpp-python.sse'),
  ollama: ollamaStream(TOKENS),
  openai: plainStream(
    [...SAID].map((_, i, all) => all.slice(i, i + 3).join('')).filter((_, i) => i % 3 === 0),
  ),
}
/** llama-server without --special and with mask words of the type CONTROL, asked without a stream. */
export const STRIPPED_LLAMA_SERVER = recorded('llama-server-stripped.json')

const owners: Readonly<Record<ServerKind, string>> = {
  vllm: 'vllm',
  sglang: 'sglang',
  'llama-server': 'llamacpp',
  'llama-cpp-python': 'me',
  ollama: 'library',
  openai: 'someone',
}

/** Ids of the recorded models begin behind 256 bytes and three special words. */
export const firstWordId = (kind: ServerKind): number => (kind.startsWith('llama') ? 259 : FIRST_WORD)

export type Reply = {
  readonly status?: number
  readonly type?: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}
export type Asked = {
  readonly path: string
  readonly body: Record<string, unknown>
  readonly headers: Headers
}

export const json = (value: unknown, status = 200): Reply => ({
  status,
  type: 'application/json',
  body: JSON.stringify(value),
})
export const events = (body: string): Reply => ({ type: 'text/event-stream; charset=utf-8', body })
const FORCED = ['<|mt_start|>', '<|mt_0001|>', '<|mt_0300|>', '<|mt_end|>']

/** A server of a kind: what it answers to anything that is not a question of the user's. `chat` answers those. */
export function serverOf(
  kind: ServerKind,
  chat: (asked: Asked) => Reply,
  more: { readonly words?: readonly string[]; readonly constraint?: (body: Asked['body']) => boolean } = {},
): (asked: Asked) => Reply {
  const { words = WORDS } = more
  const first = firstWordId(kind)
  const constrained =
    more.constraint ??
    ((body) => ['structured_outputs', 'ebnf', 'regex', 'grammar'].some((field) => body[field] !== undefined))
  const tokenized = (text: string): number[] => {
    const found = words.map((word, i) => [text.indexOf(word), first + i] as const).filter(([at]) => at >= 0)
    const rest = words.reduce((left, word) => left.replace(word, ''), text)
    return [...found.sort(([a], [b]) => a - b).map(([, id]) => id), ...bytesOf(rest)]
  }
  return (asked) => {
    const { path, body } = asked
    if (path === '/v1/models') {
      return json({
        object: 'list',
        data: [
          {
            id: 'samtok',
            object: 'model',
            owned_by: owners[kind],
            ...(kind === 'vllm' || kind === 'sglang' ? { max_model_len: 4096 } : {}),
            ...(kind === 'llama-server' ? { meta: { n_vocab: 773, n_ctx: 512 } } : {}),
          },
        ],
      })
    }
    if (path === '/openapi.json' && kind === 'llama-cpp-python')
      return json({ paths: { '/extras/tokenize': {} } })
    if (path === '/api/show' && kind === 'ollama') {
      return json({
        capabilities: ['completion', 'vision'],
        model_info: {
          'general.architecture': 'qwen2vl',
          'qwen2vl.context_length': 8192,
          'tokenizer.ggml.tokens': ['a', 'b', ...words],
          'tokenizer.ggml.token_type': [1, 1, ...words.map(() => 4)],
        },
      })
    }
    const tokenizes = {
      vllm: '/tokenize',
      sglang: '/tokenize',
      'llama-server': '/tokenize',
      'llama-cpp-python': '/extras/tokenize',
    }
    if (path === tokenizes[kind as keyof typeof tokenizes]) {
      return json({ tokens: tokenized(String(body['prompt'] ?? body['content'] ?? body['input'])) })
    }
    if (path !== '/v1/chat/completions') return json({ detail: 'Not Found' }, 404)
    const messages = body['messages'] as { content: unknown }[]
    if (messages[0]!.content !== 'Please segment the object in this image.') return chat(asked)
    const forced = constrained(body) && Number(body['max_tokens']) > 1
    const tokens = (forced ? FORCED : ['I']).map((text) => ({ text, id: words.indexOf(text) + first }))
    const knows = kind !== 'openai' && body['logprobs'] === true
    if (kind === 'vllm') return events(vllmStream(tokens, { logprobs: knows }))
    return events(knows ? sglangStream(tokens) : plainStream(tokens.map(({ text }) => text)))
  }
}

/** A server without a port. Bodies come in the pieces that `cut` makes of them. */
export function fetchOf(
  answer: (asked: Asked) => Reply | Promise<Reply>,
  cut: (bytes: Uint8Array) => readonly Uint8Array[] = (bytes) => [bytes],
): typeof fetch & { readonly asked: Asked[] } {
  const asked: Asked[] = []
  const ask = async (input: unknown, init?: RequestInit): Promise<Response> => {
    init?.signal?.throwIfAborted()
    const request: Asked = {
      path: new URL(String(input)).pathname,
      body: init?.body === undefined ? {} : JSON.parse(String(init.body)),
      headers: new Headers(init?.headers),
    }
    asked.push(request)
    const { status = 200, type = 'text/plain', body, headers } = await answer(request)
    const pieces = cut(new TextEncoder().encode(body))
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece)
        controller.close()
      },
    })
    return new Response(stream, { status, headers: { 'content-type': type, ...headers } })
  }
  return Object.assign(ask as typeof fetch, { asked })
}

/** The same on a port of this machine, for what asks over one. `asked` grows. */
export async function serverOnPort(
  answer: (asked: Asked) => Reply,
): Promise<{ readonly address: string; readonly asked: Asked[]; close(): void }> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    const one: Asked = {
      path: request.url ?? '/',
      body: text === '' ? {} : JSON.parse(text),
      headers: new Headers(request.headers as Record<string, string>),
    }
    asked.push(one)
    const { status = 200, type = 'text/plain', body, headers } = answer(one)
    response.writeHead(status, { 'content-type': type, ...headers }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
