// A model over HTTP in OpenAI's shape: POST /v1/chat/completions answers with text and masks, whole or as a stream, and GET /v1/models
// says what is served. The model runs elsewhere (a thread of its own, or a server), pictures and masks are the pool's work.
import { randomUUID } from 'node:crypto'
import {
  type ChatMask,
  type ChatSettings,
  chatAnswerSchema,
  chatRequestSchema,
  type DecodeAnswer,
  MAX_REQUEST_MASKS,
  modelListSchema,
} from '@maskwords/client/schema'
import type { Answer, AnswerEvent, AnswerMask, AskOptions, Conversation } from '@maskwords/mllm'
import { HttpFault } from '../fault.ts'
import type { PictureCache } from '../picture-cache.ts'
import type { Pool } from '../pool.ts'
import type { Service } from '../service.ts'
import type { PreparedChat } from '../work/chat-job.ts'
import {
  type AnswerHead,
  chatMask,
  chunkOf,
  finishOf,
  tokenLogprobs,
  usageOf,
  wholeAnswer,
} from './chat-answer.ts'
import type { Gateway } from './gateway.ts'
import { openAiError } from './openai-fault.ts'

export type ChatRoutesOptions = {
  readonly pool: Pool
  readonly cache: PictureCache
  /** Undefined where no model is served. */
  readonly gateway: Gateway | undefined
}

export function addChatRoutes(service: Service, { pool, cache, gateway }: ChatRoutesOptions): void {
  const answers = service.metrics.counter('maskwords_answers_total', 'Answers of the model by their end.')
  const tokens = service.metrics.counter('maskwords_answer_tokens_total', 'Tokens of answers.')
  service.get(
    '/v1/models',
    { summary: 'What model is served', response: modelListSchema, faultBody: openAiError },
    () => ({ object: 'list', data: gateway === undefined ? [] : [gateway.facts()] }),
  )
  const operation = {
    summary: 'Ask the model; the answer has masks beside its text',
    description:
      "OpenAI's chat completions. With stream: true, server-sent events (chat.completion.chunk), then [DONE]. Masks come decoded with the last picture.",
    request: chatRequestSchema,
    response: chatAnswerSchema,
    responseTypes: ['text/event-stream'],
    faultBody: openAiError,
  }
  if (gateway === undefined) {
    service.post('/v1/chat/completions', operation, async () => {
      throw new HttpFault(404, {
        code: 'no-model',
        message: 'no model is served here',
        hint: 'start the server with --model',
      })
    })
    return
  }
  service.metrics.gauge(
    'maskwords_questions_held',
    'Questions that wait or are answered.',
    () => gateway.line.held,
  )
  service.postLong(
    '/v1/chat/completions',
    operation,
    gateway.line,
    async (body, signal, { respond, taken }) => {
      const began = performance.now()
      try {
        const made = await pool.run({ kind: 'chat', body, codec: gateway.codec }, { signal })
        taken()
        const prepared = JSON.parse(new TextDecoder().decode(made.body)) as PreparedChat
        const asked = askOf(prepared, gateway, cache, signal)
        const decoder = maskDecoder(prepared, { pool, gateway, signal })
        const done = prepared.settings.stream ? streamed : whole
        for (const { finish, usage } of await done({
          asked,
          decoder,
          settings: prepared.settings,
          gateway,
          respond,
          signal,
        })) {
          answers.add({ finish })
          tokens.add({}, usage.answerTokens)
        }
        gateway.took(performance.now() - began)
      } catch (error) {
        answers.add({ finish: 'failed' })
        throw signal.aborted ? error : gateway.faultOf(error)
      }
    },
  )
}

type Asked = {
  readonly head: AnswerHead
  readonly conversation: Conversation
  readonly options: readonly AskOptions[]
}

/** The question in the model's terms; one set of options for each answer that is wanted. */
function askOf(
  { messages, settings }: PreparedChat,
  { id, model, codec }: Gateway,
  cache: PictureCache,
  signal: AbortSignal,
): Asked {
  if (settings.model !== undefined && settings.model !== id) {
    throw new HttpFault(404, {
      code: 'model_not_found',
      message: `no model ${JSON.stringify(settings.model.slice(0, 100))} is served here`,
      at: 'model',
      hint: `it is ${id}`,
    })
  }
  if (settings.logprobs && !model.facts.logprobs) {
    throw new HttpFault(400, {
      code: 'unsupported',
      message: 'the server behind this model tells no log-probabilities',
      at: 'logprobs',
    })
  }
  if (settings.codec !== undefined && codec === undefined && model.facts.vocabularies.length === 0) {
    throw new HttpFault(400, {
      code: 'unsupported',
      message: `${id} is not known to speak masks`,
      at: 'codec',
      hint: 'start the server with --codec, so that it knows the words of the model',
    })
  }
  const conversation = messages.map(({ role, content }) => ({
    role,
    content: content.map((part) => {
      if (part.type === 'text') return part
      const { picture } = cache.lookUp(part.handle)
      if (picture !== undefined) return { type: 'picture' as const, picture }
      throw new HttpFault(404, {
        code: 'unknown-picture',
        message: `the picture ${part.handle.slice(0, 12)}... is not kept here (any more)`,
        at: 'messages',
        hint: 'send it with the question; a larger --cache-mib keeps more and larger ones',
      })
    }),
  }))
  const stop = settings.stop ?? []
  const count = settings.n ?? 1
  const seed = settings.seed ?? 0
  const maxTokens = settings.max_completion_tokens ?? settings.max_tokens
  return {
    head: { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: id },
    conversation,
    options: Array.from({ length: count }, (_, i) => ({
      temperature: settings.temperature ?? 0,
      topP: settings.top_p ?? 1,
      topK: settings.top_k ?? 0,
      seed: seed + i,
      stop: typeof stop === 'string' ? [stop] : stop,
      signal,
      ...(typeof maxTokens === 'number' && { maxTokens }),
      ...(typeof settings.repetition_penalty === 'number' && {
        repetitionPenalty: settings.repetition_penalty,
      }),
      ...(settings.constraint !== undefined && { constraint: settings.constraint }),
      ...(settings.alternatives !== undefined && { alternatives: settings.alternatives }),
    })),
  }
}

type Results = DecodeAnswer['results']
type Decoder = (masks: readonly AnswerMask[]) => Promise<Results>

/** Decodes masks of the answer by the codec of the model, or the one that the request names. */
function maskDecoder(
  { settings, picture }: PreparedChat,
  { pool, gateway, signal }: { pool: Pool; gateway: Gateway; signal: AbortSignal },
): Decoder {
  const codec = settings.codec ?? gateway.codec
  const isText = pool.codecs.find(({ name }) => name === codec)?.kind === 'getok'
  const failed = (code: string, message: string, hint?: string): Results[number] => ({
    error: { code, message, ...(hint !== undefined && { hint }) },
  })
  return async (masks) => {
    if (codec === undefined) {
      return masks.map(() =>
        failed('unsupported', 'nobody here reads the words of this model', 'start the server with --codec'),
      )
    }
    if (picture === null)
      return masks.map(() => failed('missing-input', 'there is no picture to draw the mask on'))
    const results: Results = []
    for (let first = 0; first < masks.length; first += MAX_REQUEST_MASKS) {
      const some = masks.slice(first, first + MAX_REQUEST_MASKS)
      const readable = some.filter(({ codes }) => codes.length > 0)
      const request = {
        codec,
        picture,
        words: readable.map(({ text, codes }) => (isText ? text : codes)),
        ...(settings.dialect !== undefined && { dialect: settings.dialect }),
        ...(settings.tolerancePx !== undefined && { tolerancePx: settings.tolerancePx }),
      }
      const decoded =
        readable.length === 0
          ? []
          : (
              JSON.parse(
                new TextDecoder().decode(
                  (
                    await pool.run(
                      { kind: 'decode', body: new TextEncoder().encode(JSON.stringify(request)) },
                      { signal },
                    )
                  ).body,
                ),
              ) as DecodeAnswer
            ).results
      for (const mask of some) {
        const at = readable.indexOf(mask)
        results.push(at >= 0 ? decoded[at]! : failed('malformed', 'the words cannot be read'))
      }
    }
    return results
  }
}

type Saying = {
  readonly asked: Asked
  readonly decoder: Decoder
  readonly settings: ChatSettings
  readonly gateway: Gateway
  readonly respond: (response: Response) => void
  readonly signal: AbortSignal
}

/** Follows the words of the masks of one answer. */
function wordsOfMasks() {
  const words = new Map<number, (number | undefined)[]>()
  return {
    hear(event: AnswerEvent) {
      if (event.type === 'mask-start') words.set(event.index, [])
      else if (event.type === 'mask-word') words.get(event.index)?.push(event.logprob)
    },
    of: (index: number) => words.get(index) ?? [],
  }
}

/** One JSON answer, when all is said and drawn. */
async function whole({ asked, decoder, settings, gateway, respond, signal }: Saying): Promise<Answer[]> {
  const said = await Promise.all(
    asked.options.map(async (options) => {
      const words = wordsOfMasks()
      const stream = gateway.model.ask(asked.conversation, options)
      for await (const event of stream) words.hear(event)
      const answer = await stream.answer
      signal.throwIfAborted()
      const decoded = await decoder(answer.masks)
      const masks = answer.masks.map((mask, k) => chatMask(mask, words.of(mask.index), decoded[k]))
      return { answer, masks }
    }),
  )
  respond(Response.json(wholeAnswer(asked.head, said, settings.logprobs === true)))
  return said.map(({ answer }) => answer)
}

/** Server-sent events. What goes wrong before the first is an answer of its own status, later it is an event. */
async function streamed({ asked, decoder, settings, gateway, respond, signal }: Saying): Promise<Answer[]> {
  const { head } = asked
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const encoder = new TextEncoder()
  const begin = (): ReadableStreamDefaultController<Uint8Array> => {
    if (controller !== undefined) return controller
    const body = new ReadableStream<Uint8Array>({
      start: (own) => {
        controller = own
      },
    })
    respond(new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } }))
    for (const index of asked.options.keys()) say(chunkOf(head, index, { role: 'assistant', content: '' }))
    return controller!
  }
  const say = (value: object | '[DONE]'): void => {
    const data = typeof value === 'string' ? value : JSON.stringify(value)
    // A reader who left has closed the stream; the signal ends the rest.
    if (!signal.aborted) begin().enqueue(encoder.encode(`data: ${data}\n\n`))
  }

  const wordsAreText = gateway.model.facts.vocabularies[0]?.kind === 'getok'
  const follow = async (options: AskOptions, index: number): Promise<Answer> => {
    const words = wordsOfMasks()
    const drawing: Promise<void>[] = []
    const draw = async (mask: AnswerMask): Promise<void> => {
      const [decoded] = await decoder([mask])
      const masks: ChatMask[] = [chatMask(mask, words.of(mask.index), decoded)]
      say(chunkOf(head, index, { masks }))
    }
    for await (const event of gateway.model.ask(asked.conversation, options)) {
      words.hear(event)
      switch (event.type) {
        case 'text':
          say(chunkOf(head, index, { content: event.text }))
          break
        case 'mask-word':
          if (settings.maskWords) {
            const maskWord = { mask: event.index, words: event.text, logprob: event.logprob ?? null }
            say(chunkOf(head, index, { maskWord }))
          }
          break
        case 'mask': {
          // GETok's masks are known at the end, when their words have been said as text.
          if (!wordsAreText) say(chunkOf(head, index, { content: event.mask.text }))
          const drawn = draw(event.mask)
          drawn.catch(() => {})
          drawing.push(drawn)
          break
        }
        case 'end': {
          await Promise.all(drawing)
          signal.throwIfAborted()
          const { answer } = event
          say(
            chunkOf(
              head,
              index,
              {},
              {
                logprobs: tokenLogprobs(answer, settings.logprobs === true),
                finish_reason: finishOf(answer),
                ...(answer.notes && { notes: [...answer.notes] }),
              },
            ),
          )
          return answer
        }
      }
    }
    throw new Error('an answer without an end')
  }

  try {
    const answers = await Promise.all(asked.options.map(follow))
    if (settings.stream_options?.include_usage) {
      const usage = usageOf(answers.map((answer) => answer.usage))
      say({ ...head, object: 'chat.completion.chunk', choices: [], usage })
    }
    say('[DONE]')
    controller?.close()
    return answers
  } catch (error) {
    if (controller === undefined) throw error
    // The status is said already: what went wrong is the last event, and there is no [DONE].
    const late = new HttpFault(503, { code: 'busy', message: 'not done within the time of an answer' })
    const fault = signal.aborted ? late : gateway.faultOf(error)
    try {
      controller.enqueue(encoder.encode(`data: ${JSON.stringify({ error: openAiError(fault) })}\n\n`))
      controller.close()
    } catch {
      // The reader left.
    }
    throw error
  }
}
