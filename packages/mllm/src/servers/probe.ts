// What a server is and can do, asked once when it is opened: its kind, its models, the words of its tokenizer, whether it shows them, tells
// ids and probabilities, and follows constraints. What is missing is said with the switch that brings it.

import type { SpanVocabulary, Vocabulary } from '@maskwords/words'
import {
  getokVocabulary,
  himtokVocabulary,
  maskStream,
  readTokenizer,
  samtokVocabulary,
  WordsError,
  withTokenIds,
  wordsOf,
} from '@maskwords/words'
import { MllmError } from '../error.ts'
import { type Json, objectOr } from '../json.ts'
import type { MaskConstraint } from '../model.ts'
import type { ServerAddress } from './address.ts'
import type { AnsweredToken } from './chat-chunk.ts'
import { readChunk } from './chat-chunk.ts'
import type { Http } from './http.ts'
import { ServerError } from './http.ts'
import { pieceReader } from './pieces.ts'
import type { ConstraintWay, Profile, ServerKind } from './profiles.ts'
import { PROFILES } from './profiles.ts'

/** What was found out. */
export type Probe = {
  readonly profile: Profile
  /** The model's name at the server. */
  readonly model: string
  readonly vocabulary: Vocabulary | undefined
  /** How constraints are imposed, and which hold. */
  readonly way: ConstraintWay | undefined
  readonly modes: readonly MaskConstraint['mode'][]
  /** `top_logprobs` that the server takes; undefined where it has no log-probabilities. */
  readonly logprobs: number | undefined
  /** The text comes without mask words; undefined where that is not known. */
  readonly stripped: boolean | undefined
  readonly ids: boolean
  /** False where streamed answers lose what whole ones have: ids of mask words that are not shown (llama-server). */
  readonly streams: boolean
  readonly maxTokens: number | undefined
  /** Rows of its vocabulary, where it says so. */
  readonly vocabularySize: number | undefined
  readonly notes: readonly string[]
}

export type ProbeOptions = {
  /** Default: the one behind # in the address, else the only one that the server has. */
  readonly modelName?: string | undefined
  /** Default: as the server looks. */
  readonly kind?: ServerKind | undefined
  /** The words that the model is known to speak. Default: found by the server's tokenizer. */
  readonly vocabulary?: Vocabulary | undefined
  readonly signal?: AbortSignal | undefined
}

export type Entry = Json & { readonly id: string }

const countOr = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined

/** Most probable tokens that are asked for: what OpenAI's interface allows, and vLLM's default. */
const TOP_LOGPROBS = 20

/**
 * Asks the server.
 * @throws MllmError `server` where it cannot be asked, `argument` for a model that it does not have, `wrong-words` for a vocabulary that
 * its tokenizer does not have.
 */
export async function probeServer(address: ServerAddress, http: Http, options: ProbeOptions): Promise<Probe> {
  const { signal } = options
  const entries = await modelsOf(address, http, signal)
  const entry = chosenModel(entries, options.modelName ?? address.model, address)
  const kind = options.kind ?? (await kindOf(entry, address, http, signal))
  const profile = PROFILES[kind]
  const notes: string[] = []
  const shown = kind === 'ollama' ? await ollamaModel(address, http, entry.id, signal) : {}
  const told = await vocabularyOf(profile, address, http, entry.id, shown, options)
  const { vocabulary } = told
  if (told.note !== undefined) notes.push(told.note)
  const asking: Asking = { address, http, model: entry.id, profile, signal }
  const tried = await tryAnswers(asking, vocabulary)
  const stripped = told.stripped ?? tried.stripped
  const { logprobs, ids, way, modes } = tried
  if (vocabulary !== undefined && vocabulary.kind !== 'getok') {
    if (stripped === true) {
      notes.push(
        ids
          ? `${profile.title} takes the mask words out of its text; they are put back by their ids${tried.streams ? '' : ', which it tells in whole answers alone, so that nothing is seen before the end'}. To have them in the text: ${profile.stripsHint}`
          : `${profile.title} takes the mask words out of its text, so that no mask can be read: ${profile.stripsHint}`,
      )
    }
    if (way === undefined) {
      notes.push(
        profile.constraints.length === 0
          ? `${profile.title} cannot be made to finish a mask that it began: vLLM, SGLang and llama-server can`
          : `${profile.title} did not follow any of its constraints (${profile.constraints.map(({ name }) => name).join(', ')}): answers are as the model gives them`,
      )
    }
  }
  if (logprobs === undefined) {
    notes.push(`no log-probabilities, so that masks have no probability: ${profile.logprobsHint}`)
  }
  return {
    profile,
    model: entry.id,
    vocabulary,
    way,
    modes,
    logprobs,
    stripped,
    ids,
    streams: tried.streams,
    maxTokens:
      countOr(entry['max_model_len']) ?? countOr(objectOr(entry['meta'])['n_ctx']) ?? contextOf(shown),
    vocabularySize: countOr(objectOr(entry['meta'])['n_vocab']),
    notes,
  }
}

export async function modelsOf(
  { base }: ServerAddress,
  http: Http,
  signal: AbortSignal | undefined,
): Promise<Entry[]> {
  const value = objectOr(await http.json(`${base}/models`, { signal }))
  const data = value['data']
  if (!Array.isArray(data)) {
    throw new ServerError(`${base}/models gives no list of models`, {
      hint: 'give the address of the OpenAI-compatible interface, which mostly ends in /v1',
    })
  }
  return data.map(objectOr).filter((one): one is Entry => typeof one['id'] === 'string')
}

export function chosenModel(
  entries: readonly Entry[],
  name: string | undefined,
  { base }: ServerAddress,
): Entry {
  const listed = entries
    .slice(0, 20)
    .map(({ id }) => id)
    .join(', ')
  if (name !== undefined) {
    // Ollama's names have a tag that may be left out.
    const found = entries.find(({ id }) => id === name) ?? entries.find(({ id }) => id === `${name}:latest`)
    if (found !== undefined) return found
    throw new MllmError('argument', `${base} has no model ${JSON.stringify(name)}`, {
      hint: entries.length === 0 ? 'it has none at all' : `it has ${listed}`,
    })
  }
  const [only] = entries
  if (only !== undefined && entries.length === 1) return only
  throw new MllmError(
    'argument',
    only === undefined ? `${base} has no model` : `${base} has ${entries.length} models`,
    only === undefined ? {} : { hint: `name one: ${base}#${only.id} (${listed})` },
  )
}

const OWNERS: Readonly<Record<string, ServerKind>> = {
  vllm: 'vllm',
  sglang: 'sglang',
  llamacpp: 'llama-server',
  library: 'ollama',
}

/** Routes that one kind alone has, for servers that do not say what they are in their list. */
const TRAITS: readonly { readonly kind: ServerKind; readonly path: string; readonly key: string }[] = [
  { kind: 'llama-server', path: '/props', key: 'default_generation_settings' },
  { kind: 'ollama', path: '/api/version', key: 'version' },
  { kind: 'sglang', path: '/get_model_info', key: 'model_path' },
  { kind: 'vllm', path: '/version', key: 'version' },
]

async function kindOf(
  entry: Entry,
  { root }: ServerAddress,
  http: Http,
  signal: AbortSignal | undefined,
): Promise<ServerKind> {
  const owner = entry['owned_by']
  const known = typeof owner === 'string' ? OWNERS[owner] : undefined
  if (known !== undefined) return known
  for (const { kind, path, key } of TRAITS) {
    const value = await optional(() => http.json(`${root}${path}`, { signal, retries: 0 }))
    if (objectOr(value)[key] !== undefined) return kind
  }
  const page = objectOr(await optional(() => http.json(`${root}/openapi.json`, { signal, retries: 0 })))
  return '/extras/tokenize' in objectOr(page['paths']) ? 'llama-cpp-python' : 'openai'
}

/** What a route says, or undefined where the server answers that it has none. A server that is gone is an error all the same. */
async function optional<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof ServerError && error.status > 0) return undefined
    throw error
  }
}

const ollamaModel = async (
  { root }: ServerAddress,
  http: Http,
  model: string,
  signal: AbortSignal | undefined,
): Promise<Json> =>
  objectOr(
    objectOr(await optional(() => http.json(`${root}/api/show`, { body: { model, verbose: true }, signal })))[
      'model_info'
    ],
  )

function contextOf(shown: Json): number | undefined {
  const key = Object.keys(shown).find((name) => name.endsWith('.context_length'))
  return key === undefined ? undefined : countOr(shown[key])
}

type Told = {
  readonly vocabulary: Vocabulary | undefined
  readonly note?: string
  readonly stripped?: boolean
}

/** GGUF's type of tokens that are not shown. */
const CONTROL = 3

async function vocabularyOf(
  profile: Profile,
  { root }: ServerAddress,
  http: Http,
  model: string,
  shown: Json,
  options: ProbeOptions,
): Promise<Told> {
  const wanted = options.vocabulary
  const words = shown['tokenizer.ggml.tokens']
  if (Array.isArray(words))
    return vocabularyOfGguf(words, shown['tokenizer.ggml.token_type'], wanted, profile)
  const { tokenize } = profile
  const unknown: Told =
    wanted !== undefined
      ? { vocabulary: wanted }
      : {
          vocabulary: undefined,
          note: `${profile.title} does not say which mask words its model has: name the codec (--codec samtok-nano, himtok-nano, getok or a folder)`,
        }
  if (tokenize === undefined) return unknown
  const candidates =
    wanted === undefined ? [samtokVocabulary(), himtokVocabulary(), getokVocabulary()] : [wanted]
  for (const candidate of candidates) {
    const ids = await optional(() => tokenize(http, root, model, wordsOf(candidate).join('')))
    if (!Array.isArray(ids)) return unknown
    // Some tokenizers put a beginning of text before everything.
    const own = ids.length === candidate.wordCount + 1 ? ids.slice(1) : ids
    if (own.length !== candidate.wordCount || new Set(own).size !== own.length) continue
    if (!own.every((id) => Number.isInteger(id) && id >= 0)) continue
    return { vocabulary: withTokenIds(candidate, { ofWord: own as number[] }) }
  }
  if (wanted !== undefined) throw lacksWords(wanted, model)
  return { vocabulary: undefined, note: `${model} has no mask words: answers are text` }
}

const lacksWords = ({ kind, wordCount }: Vocabulary, model: string): MllmError =>
  new MllmError(
    'wrong-words',
    `the tokenizer of ${model} does not have the ${wordCount} words of ${kind} as words of their own`,
    { hint: 'give the codec that the model was trained with, or serve a model that speaks these words' },
  )

function vocabularyOfGguf(
  words: readonly unknown[],
  types: unknown,
  wanted: Vocabulary | undefined,
  profile: Profile,
): Told {
  const ids = Object.fromEntries(words.map((word, id) => [String(word), id]))
  let found: readonly Vocabulary[]
  try {
    found = readTokenizer(ids).vocabularies
  } catch (error) {
    if (!(error instanceof WordsError)) throw error
    found = []
  }
  const vocabulary =
    wanted === undefined
      ? found[0]
      : found.find(({ kind, wordCount }) => kind === wanted.kind && wordCount === wanted.wordCount)
  if (vocabulary === undefined) {
    if (wanted !== undefined) throw lacksWords(wanted, `the model at ${profile.title}`)
    return {
      vocabulary: undefined,
      note: `the model at ${profile.title} has no mask words: answers are text`,
    }
  }
  const first = vocabulary.tokenIds?.ofWord[0] ?? -1
  return {
    vocabulary,
    ...(Array.isArray(types) && first >= 0 && { stripped: types[first] === CONTROL }),
  }
}

type Asking = {
  readonly address: ServerAddress
  readonly http: Http
  readonly model: string
  readonly profile: Profile
  readonly signal: AbortSignal | undefined
}

type Answered = { readonly text: string; readonly tokens: readonly AnsweredToken[] }

/** A few tokens of an answer; undefined where the server refuses the question as it is. */
async function few(
  asking: Asking,
  maxTokens: number,
  fields: Json,
  stream = true,
): Promise<Answered | undefined> {
  const { address, http, model, profile, signal } = asking
  const body = {
    model,
    messages: [{ role: 'user', content: 'Please segment the object in this image.' }],
    stream,
    max_tokens: maxTokens,
    temperature: 0,
    ...profile.fields,
    ...fields,
  }
  let text = ''
  const tokens: AnsweredToken[] = []
  try {
    for await (const value of http.stream(`${address.base}/chat/completions`, body, signal)) {
      const chunk = readChunk(value)
      text += chunk.text
      tokens.push(...chunk.tokens)
    }
  } catch (error) {
    // The fields are not to its liking, whatever status it finds for that.
    if (error instanceof ServerError && [200, 400, 422, 500, 501].includes(error.status)) return undefined
    throw error
  }
  return { text, tokens }
}

type Tried = Pick<Probe, 'way' | 'modes' | 'logprobs' | 'ids' | 'streams'> & {
  readonly stripped: boolean | undefined
}

const hasIds = (answer: Answered | undefined) => answer?.tokens.some(({ id }) => id >= 0) === true
const hasLogprobs = ({ tokens }: Answered) => tokens.some(({ logprob }) => logprob !== undefined)

async function tryAnswers(asking: Asking, vocabulary: Vocabulary | undefined): Promise<Tried> {
  const { profile } = asking
  const withLogprobs = { logprobs: true, top_logprobs: TOP_LOGPROBS }
  let logprobs: number | undefined
  let plain: Answered | undefined
  for (const top of [TOP_LOGPROBS, 5, undefined]) {
    plain = await few(asking, 1, top === undefined ? {} : { logprobs: true, top_logprobs: top })
    if (plain === undefined) continue
    // An answer that ends at once tells nothing of them; the mask below does.
    if (top !== undefined && (hasLogprobs(plain) || plain.text === '')) logprobs = top
    break
  }
  if (plain === undefined) {
    // Once more without swallowing what the server says.
    const { address, http, model, profile, signal } = asking
    const messages = [{ role: 'user', content: 'Please segment the object in this image.' }]
    const body = { model, messages, stream: true, max_tokens: 1, ...profile.fields }
    for await (const value of http.stream(`${address.base}/chat/completions`, body, signal)) readChunk(value)
  }
  const none: Tried = {
    way: undefined,
    modes: ['off'],
    logprobs,
    ids: hasIds(plain),
    streams: true,
    stripped: undefined,
  }
  if (vocabulary === undefined) return none
  // GETok's masks are words in a row: each is whole by itself.
  if (vocabulary.kind === 'getok') return { ...none, modes: ['off', 'free'] }
  for (const way of profile.constraints) {
    if (way.needsIds && vocabulary.tokenIds === undefined) continue
    const fields = logprobs === undefined ? {} : { ...withLogprobs, top_logprobs: logprobs }
    const length = vocabulary.kind === 'samtok' ? vocabulary.levels + 2 : vocabulary.maxLength + 2
    const asked = { ...fields, ...way.fields({ mode: 'forced' }, vocabulary) }
    let streams = true
    let forced = await few(asking, length + 2, asked)
    if (forced !== undefined && !saysMask(forced, vocabulary)) {
      streams = false
      forced = await few(asking, length + 2, asked, streams)
    }
    if (forced === undefined || !saysMask(forced, vocabulary)) continue
    const modes: MaskConstraint['mode'][] = ['off', 'forced']
    const others = [{ mode: 'free' }, { mode: 'count', masks: 1 }] as const
    for (const other of others) {
      if ((await few(asking, 1, way.fields(other, vocabulary))) !== undefined) modes.push(other.mode)
    }
    const stripped = !wholeMask([forced.text], vocabulary)
    return {
      way,
      modes,
      logprobs: hasLogprobs(forced) ? logprobs : undefined,
      ids: hasIds(forced),
      streams,
      stripped,
    }
  }
  return none
}

/** Whether a few tokens are a mask, read as an answer is. */
function saysMask(answer: Answered, vocabulary: SpanVocabulary): boolean {
  const reader = pieceReader(vocabulary)
  const pieces = [...reader.push(answer), ...reader.end()]
  return wholeMask(
    pieces.map(({ text }) => text),
    vocabulary,
  )
}

/** Whether a text is one mask that need not be cast away, but for words that end a turn. */
function wholeMask(texts: readonly string[], vocabulary: SpanVocabulary): boolean {
  const stream = maskStream(vocabulary)
  for (const text of texts) stream.push(text)
  const [only, ...more] = stream.end().parse.spans
  return only !== undefined && more.length === 0 && only.start === 0 && only.status !== 'rejected'
}
