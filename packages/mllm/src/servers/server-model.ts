// A multimodal model behind a server: questions over HTTP, answers with masks as they come.
import type { Pixels } from '@maskwords/codecs'
import { MASK_START, TURN_ENDS } from '@maskwords/words'
import { answerStream } from '../answer-stream.ts'
import { answerWriter, type SaidPiece, type SpanChoice } from '../answer-writer.ts'
import { MllmError } from '../error.ts'
import type { CodesFound } from '../generate.ts'
import type { Json } from '../json.ts'
import type {
  Answer,
  AnswerEvent,
  AnswerMask,
  AnswerStream,
  AskManyOptions,
  AskOptions,
  Conversation,
  MaskConstraint,
  ModelFacts,
  MultimodalModel,
  Part,
  Usage,
} from '../model.ts'
import { asMllmError, checkAsked, DEFAULT_MAX_TOKENS, questionAbout } from '../questions.ts'
import { resolveSampling } from '../sampling.ts'
import type { ServerAddress } from './address.ts'
import { readAddress } from './address.ts'
import { alternativesAtServer } from './alternatives.ts'
import { type ChatChunk, readChunk } from './chat-chunk.ts'
import type { Imposed } from './grammar.ts'
import type { Http, HttpOptions } from './http.ts'
import { followSignals, httpClient, ServerError } from './http.ts'
import { pictureUrl } from './picture-url.ts'
import { pieceReader } from './pieces.ts'
import type { Probe, ProbeOptions } from './probe.ts'
import { probeServer } from './probe.ts'

export type OpenServerOptions = ProbeOptions & HttpOptions

/** Questions at the server at a time where nothing else is said: it puts them together as it can. */
const TOGETHER = 8

/** Events that are waited for behind a stop text. */
const MOST_BEHIND_STOP = 4

/** No tokenizer has more words: ids from here on are none. */
const MAX_VOCABULARY = 2 ** 24

/**
 * Opens the model of a server. The key is `apiKey`, or the environment's MASKWORDS_API_KEY.
 * @throws MllmError `argument` for an address or name that is none, `server` where it cannot be asked, `wrong-words`.
 */
export async function openServerModel(
  source: string,
  options: OpenServerOptions = {},
): Promise<MultimodalModel> {
  const address = readAddress(source)
  const apiKey = options.apiKey ?? (process.env['MASKWORDS_API_KEY'] || undefined)
  const http = httpClient({ ...options, apiKey })
  options.signal?.throwIfAborted()
  return modelAt(address, http, await probeServer(address, http, options))
}

function factsOf({ base }: ServerAddress, probe: Probe): ModelFacts {
  const { profile, model, vocabulary, modes, logprobs, maxTokens, notes } = probe
  return {
    kind: 'server',
    name: `${base}#${model}`,
    family: profile.kind,
    vocabularies: vocabulary === undefined ? [] : [vocabulary],
    constraints: modes,
    logprobs: logprobs !== undefined,
    alternatives: whyNoAlternatives(probe) === undefined,
    maxTokens,
    notes,
  }
}

function modelAt(address: ServerAddress, http: Http, probe: Probe): MultimodalModel {
  const facts = factsOf(address, probe)
  const closing = new AbortController()

  const ask = (conversation: Conversation, options: AskOptions = {}): AnswerStream => {
    if (closing.signal.aborted) throw new MllmError('closed', 'the model is closed')
    const asked = requestOf(conversation, options, probe)
    return answerStream((push, fail) => {
      answer(asked, options, { address, http, probe, closed: closing.signal, push }).catch(fail)
    })
  }
  return {
    facts,
    ask,
    async askMany(picture: Pixels, questions: readonly string[], options: AskManyOptions = {}) {
      const { together = TOGETHER, onAnswer, system, ...rest } = options
      if (!Number.isInteger(together) || together < 1) {
        throw new MllmError('argument', `together is ${together}; a whole number of at least 1 is wanted`)
      }
      const answers = new Array<Answer>(questions.length)
      let next = 0
      let failed: { error: unknown } | undefined
      // After a failure nothing new is asked, and what is under way is still told.
      const lane = async (): Promise<void> => {
        while (next < questions.length && failed === undefined) {
          const at = next++
          try {
            answers[at] = await ask(questionAbout(picture, questions[at]!, system), rest).answer
            onAnswer?.(at, answers[at])
          } catch (error) {
            failed ??= { error }
          }
        }
      }
      await Promise.all(Array.from({ length: Math.min(together, questions.length) }, lane))
      if (failed !== undefined) throw (failed as { error: unknown }).error
      return answers
    },
    async close() {
      closing.abort(new MllmError('closed', 'the model is closed'))
    },
  }
}

type Asked = { readonly conversation: Conversation; readonly fields: Json }

/** Checks a question and makes all of its request but the messages. */
function requestOf(conversation: Conversation, options: AskOptions, probe: Probe): Asked {
  const { profile, model, vocabulary, logprobs } = probe
  if (conversation.length === 0) throw new MllmError('argument', 'a conversation without a message')
  const parts = conversation.flatMap(({ content }) => (typeof content === 'string' ? [] : content))
  if (parts.some(({ type }) => type === 'video')) {
    throw new MllmError('unsupported', `videos are not sent to ${profile.title}`, {
      hint: 'ask with single frames as pictures, or a model in this process',
    })
  }
  checkAsked(options)
  const { temperature, topP, seed } = resolveSampling(options, 1)
  const why = (options.alternatives ?? 0) > 0 ? whyNoAlternatives(probe) : undefined
  if (why !== undefined) {
    throw new MllmError('unsupported', `other masks cannot be named: ${why}`, {
      hint: 'leave alternatives out (--top), or ask a model in this process',
    })
  }
  const constraint = imposedOf(options.constraint, probe)
  const stop = options.stop?.filter((text) => text !== '') ?? []
  return {
    conversation,
    fields: {
      model,
      ...(probe.streams ? { stream: true, stream_options: { include_usage: true } } : { stream: false }),
      max_tokens: options.maxTokens ?? DEFAULT_MAX_TOKENS,
      temperature,
      top_p: topP,
      seed,
      ...(stop.length > 0 && { stop }),
      ...(logprobs !== undefined && { logprobs: true, top_logprobs: logprobs }),
      ...profile.fields,
      ...profile.sampling(options),
      ...(constraint !== undefined &&
        vocabulary !== undefined &&
        vocabulary.kind !== 'getok' &&
        probe.way!.fields(constraint, vocabulary)),
    },
  }
}

/** Why nobody can say which other masks could stand in a place; undefined where the server tells enough. */
function whyNoAlternatives({ profile, vocabulary, logprobs, way }: Probe): string | undefined {
  if (vocabulary === undefined) return 'the mask words of this model are not known'
  if (vocabulary.kind !== 'samtok')
    return `at a server that is done for masks of SAMTok, and the model speaks ${vocabulary.kind}`
  if (logprobs === undefined) return `${profile.title} gives no log-probabilities (${profile.logprobsHint})`
  if (vocabulary.tokenIds === undefined)
    return `${profile.title} does not say the token ids of the mask words`
  if (way === undefined) return `${profile.title} cannot be made to go on from another mask word`
  return undefined
}

/** What is imposed; undefined for nothing. */
function imposedOf(
  wanted: MaskConstraint | undefined,
  { modes, profile, vocabulary }: Probe,
): Imposed | undefined {
  if (wanted === undefined) return modes.includes('free') ? { mode: 'free' } : undefined
  if (modes.includes(wanted.mode)) {
    return wanted.mode === 'count' ? wanted : wanted.mode === 'off' ? undefined : { mode: wanted.mode }
  }
  if (vocabulary === undefined && wanted.mode !== 'free') {
    throw new MllmError(
      'wrong-words',
      'the mask words of this model are not known, so it cannot be made to say masks',
      { hint: 'name the codec: --codec samtok-nano, himtok-nano, getok or a folder' },
    )
  }
  throw new MllmError('unsupported', `${profile.title} cannot impose the constraint "${wanted.mode}"`, {
    hint: `it can: ${modes.join(', ')}; vLLM, SGLang and llama-server can all of them`,
  })
}

export async function messagesOf(conversation: Conversation): Promise<Json[]> {
  const part = async (one: Part): Promise<Json> =>
    one.type === 'picture'
      ? { type: 'image_url', image_url: { url: await pictureUrl(one.picture) } }
      : { type: 'text', text: one.type === 'text' ? one.text : '' }
  return Promise.all(
    conversation.map(async ({ role, content }) => ({
      role,
      content: typeof content === 'string' ? content : await Promise.all(content.map(part)),
    })),
  )
}

type Control = {
  readonly address: ServerAddress
  readonly http: Http
  readonly probe: Probe
  readonly closed: AbortSignal
  readonly push: (event: AnswerEvent) => void
}

/** Asks, and gives on what comes. Ends with MllmError, which has what was answered until then. */
async function answer(asked: Asked, options: AskOptions, control: Control): Promise<void> {
  const { address, http, probe, closed, push } = control
  const { vocabulary, stripped } = probe
  const { controller, release } = followSignals(options.signal, closed)
  const { signal } = controller
  const started = performance.now()
  const reader = pieceReader(vocabulary, stripped === true ? { stripped } : {})
  let muted = false
  const wantsOthers = (options.alternatives ?? 0) > 0
  const open = openMask()
  let lostBeginnings = 0
  const writer = answerWriter({
    vocabulary,
    stop: [...(options.stop ?? []), ...TURN_ENDS],
    alternatives: options.alternatives ?? 0,
    emit: (event) => {
      if (!muted) push(event)
    },
  })
  let firstAt: number | undefined
  let said = 0
  let beyond = 0
  let finish: string | undefined
  let usage: ChatChunk['usage']
  const usageNow = (): Usage => {
    const now = performance.now()
    return {
      promptTokens: usage?.prompt ?? 0,
      cachedTokens: usage?.cached ?? 0,
      answerTokens: usage?.answer ?? said,
      firstTokenMs: (firstAt ?? now) - started,
      restMs: now - (firstAt ?? now),
    }
  }
  const sizeOf = probe.vocabularySize ?? MAX_VOCABULARY
  let stopped = false
  const whole = () => {
    writer.end(finish === 'length' && !stopped ? 'length' : 'stop', usageNow(), {
      notes: (masks, text) => [
        ...notesOf(masks, text, { finish, beyond, restored: reader.restored, probe }),
        ...(lostBeginnings > 0
          ? [
              `${lostBeginnings} other beginnings of masks could not be asked about: less probable masks may stand in their place`,
            ]
          : []),
      ],
    })
  }
  const messages = await messagesOf(asked.conversation)
  /** Words that could stand behind the first ones of a mask, told by an answer that is made to go on from there. */
  const choicesAfter = async (words: readonly number[]): Promise<readonly SpanChoice[] | undefined> => {
    if (vocabulary?.kind !== 'samtok') return undefined
    const codes = words.map((word) => (word - 1) % vocabulary.codesPerLevel)
    const { stop: _, ...fields } = asked.fields
    const body = {
      ...fields,
      ...probe.way!.fields({ mode: 'continue', text: open.before, codes }, vocabulary),
      messages,
      temperature: 0,
      max_tokens: said + MORE_TOKENS,
    }
    const other = pieceReader(vocabulary, stripped === true ? { stripped } : {})
    const mask = openMask()
    try {
      for await (const value of http.stream(`${address.base}/chat/completions`, body, signal))
        for (const piece of other.push(readChunk(value))) mask.take(piece)
      for (const piece of other.end()) mask.take(piece)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof MllmError)) throw error
    }
    // A server that does not do as it is made to says nothing of this beginning.
    const isThere = mask.before === open.before && words.every((word, k) => mask.words[k] === word)
    const choices = isThere ? mask.told[words.length] : undefined
    if (choices === undefined) lostBeginnings++
    return choices
  }
  const others = async (count: number): Promise<CodesFound[]> => {
    if (vocabulary?.kind !== 'samtok' || open.told.length !== vocabulary.levels) return []
    const { told, words } = open
    return await alternativesAtServer({ vocabulary, told, said: words, count, choicesAfter })
  }
  const write = async (piece: SaidPiece): Promise<boolean> => {
    if (wantsOthers) open.take(piece)
    return await writer.piece(piece, others)
  }
  try {
    const body = { ...asked.fields, messages }
    let behind = 0
    const stream = http.stream(`${address.base}/chat/completions`, body, signal)
    // While other masks are asked about nothing is read: a server that has one place would wait for that.
    for await (const value of wantsOthers ? drained(stream) : stream) {
      const chunk = readChunk(value)
      usage = chunk.usage ?? usage
      finish = chunk.finish ?? finish
      // The server mostly ends here by itself and then says how much it counted; one that talks on is left.
      if (stopped && ++behind > MOST_BEHIND_STOP) break
      if (stopped || (chunk.text === '' && chunk.tokens.length === 0)) continue
      firstAt ??= performance.now()
      said += Math.max(1, chunk.tokens.length)
      beyond += chunk.tokens.filter(({ id }) => id >= sizeOf).length
      for (const piece of reader.push(chunk)) stopped ||= await write(piece)
    }
    if (!stopped) for (const piece of reader.end()) stopped ||= await write(piece)
    if (finish === undefined && !stopped) {
      throw new ServerError(`${address.base} ends its answer without a reason`, {
        hint: 'the log of the server may say why; what was answered until then may be incomplete',
      })
    }
    if (finish === 'abort' || finish === 'error') {
      throw new ServerError(`${address.base} gave up on the question ("${finish}")`, {
        hint: 'the log of the server may say why',
      })
    }
    whole()
  } catch (error) {
    // All was said; only what the server would have counted is missing.
    if (stopped) return whole()
    if (options.signal?.aborted) {
      for (const piece of reader.end()) await writer.piece(piece)
      writer.end('aborted', usageNow())
      return
    }
    muted = true
    for (const piece of reader.end()) await writer.piece(piece)
    const partial = writer.end('aborted', usageNow())
    throw withPartial(closed.aborted ? closed.reason : error, partial)
  } finally {
    release()
  }
}

/** Tokens that a mask takes behind the text before it, spelled in more tokens than at first perhaps. */
const MORE_TOKENS = 16

/** The mask that is being said: the text before it, and the words that could stand at each of its places. */
function openMask() {
  let text = ''
  const mask = {
    before: '',
    told: [] as (readonly SpanChoice[])[],
    words: [] as number[],
    take({ text: piece, spanChoices }: SaidPiece) {
      if (piece.trim() === MASK_START) {
        mask.before = text + piece.slice(0, piece.indexOf(MASK_START))
        mask.told = []
        mask.words = []
      } else if (spanChoices !== undefined) {
        mask.told = [...mask.told, spanChoices]
        mask.words = [...mask.words, spanChoices[0]!.word]
      }
      text += piece
    },
  }
  return mask
}

/** All of a stream at once, then what ended it. */
async function* drained(stream: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  const all: unknown[] = []
  let failed: { readonly error: unknown } | undefined
  try {
    for await (const one of stream) all.push(one)
  } catch (error) {
    failed = { error }
  }
  yield* all
  if (failed !== undefined) throw failed.error
}

/** What a careful reader should know of an answer. */
function notesOf(
  masks: readonly AnswerMask[],
  text: string,
  more: { finish: string | undefined; beyond: number; restored: number; probe: Probe },
): string[] {
  const { finish, beyond, restored, probe } = more
  const notes: string[] = []
  const last = masks.at(-1)
  if (last?.text.startsWith(MASK_START) && last.end === text.length && last.status !== 'complete') {
    notes.push(
      finish === 'length'
        ? `the answer was cut off inside mask ${last.index + 1}: allow more tokens (--max-tokens)`
        : `the answer ends inside mask ${last.index + 1}, which the model did not finish${probe.modes.includes('free') ? '' : `; ${probe.profile.title} cannot be made to`}`,
    )
  }
  if (beyond > 0) {
    notes.push(
      `${beyond} token ids lie beyond the vocabulary and were left out: the head of the model has rows without words, which extend-vocab of maskwords does not make`,
    )
  }
  if (restored > 0 && probe.stripped !== true) {
    notes.push(
      `${restored} mask words were missing in the text and were put back by their ids: ${probe.profile.stripsHint}`,
    )
  }
  if (finish !== undefined && finish !== 'stop' && finish !== 'length') {
    notes.push(`the server ended the answer with "${finish.slice(0, 40)}"`)
  }
  return notes
}

/** The error, with what was answered before it. */
function withPartial(error: unknown, partial: Answer): MllmError {
  const { code, message, hint } = asMllmError(error)
  if (partial.text === '') return asMllmError(error)
  const words = `${message} (after ${partial.text.length} characters and ${partial.masks.length} masks of an answer)`
  return new MllmError(code, words, { cause: error, partial, ...(hint !== undefined && { hint }) })
}
