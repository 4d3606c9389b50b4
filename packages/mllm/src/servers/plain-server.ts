// A server as somebody who answers in plain text, whatever model it runs: nothing is known of mask words, nothing is imposed. For
// judges of answers. Definition: OpenAI's chat completions.
import { MllmError } from '../error.ts'
import { type Json, objectOr } from '../json.ts'
import type { Conversation } from '../model.ts'
import { readAddress } from './address.ts'
import { readChunk } from './chat-chunk.ts'
import { type HttpOptions, httpClient, ServerError } from './http.ts'
import { chosenModel, modelsOf } from './probe.ts'
import { messagesOf } from './server-model.ts'

export type OpenPlainServerOptions = Omit<HttpOptions, 'timeouts'> & {
  /** Longest wait for a whole answer. Default 120 s. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** A question in plain text, with pictures where there are some. */
export type PlainQuestion = {
  readonly messages: Conversation
  readonly maxTokens: number
  readonly temperature: number
  readonly topP?: number
}

export type PlainAnswer = {
  readonly text: string
  /** Why the answer ended, in the server's word. */
  readonly finish: string | undefined
  /** The words in which the server refused to answer (OpenAI's `refusal`). */
  readonly refusal: string | undefined
}

export type PlainServer = {
  /** Where it is asked. */
  readonly base: string
  /** The server's name of its model. */
  readonly model: string
  /** Throws MllmError `server` for what came instead of an answer, the signal's reason where it was aborted. */
  reply(question: PlainQuestion, signal?: AbortSignal): Promise<PlainAnswer>
}

/**
 * Opens a server as `http://host:port/v1#model`; without a name, its only model. Where one is named nothing is asked yet: some services
 * list no models.
 * @throws MllmError `argument` for an address that is none, or where it has several models; `server` where it cannot be asked.
 */
export async function openPlainServer(
  source: string,
  options: OpenPlainServerOptions = {},
): Promise<PlainServer> {
  const { timeoutMs = 120_000, signal, ...rest } = options
  const address = readAddress(source)
  const http = httpClient({
    ...rest,
    timeouts: { shortMs: timeoutMs, firstByteMs: timeoutMs, silenceMs: timeoutMs },
  })
  const model = address.model ?? chosenModel(await modelsOf(address, http, signal), undefined, address).id
  /** Fields that this server wants to be called otherwise, or not to be sent. */
  const renamed = new Set<string>()

  const fieldsOf = ({ maxTokens, temperature, topP }: PlainQuestion): Json => ({
    model,
    stream: false,
    [renamed.has('max_tokens') ? 'max_completion_tokens' : 'max_tokens']: maxTokens,
    ...(!renamed.has('temperature') && { temperature }),
    ...(topP !== undefined && !renamed.has('top_p') && { top_p: topP }),
  })

  return {
    base: address.base,
    model,
    async reply(question, abort) {
      const messages = await messagesOf(question.messages)
      for (;;) {
        try {
          const body = { ...fieldsOf(question), messages }
          const value = await http.json(`${address.base}/chat/completions`, { body, signal: abort })
          return answerIn(value)
        } catch (error) {
          abort?.throwIfAborted()
          const field = refusedField(error)
          if (field === undefined || renamed.has(field)) throw error
          renamed.add(field)
        }
      }
    },
  }
}

/** Models that think take neither `max_tokens` nor a temperature and say so (OpenAI: `unsupported_parameter`). */
function refusedField(error: unknown): string | undefined {
  if (!(error instanceof ServerError) || error.status !== 400) return undefined
  return ['max_tokens', 'temperature', 'top_p'].find((field) => error.message.includes(`'${field}'`))
}

function answerIn(value: unknown): PlainAnswer {
  const { text, finish } = readChunk(value)
  const choices = objectOr(value)['choices']
  const choice = objectOr(Array.isArray(choices) ? choices[0] : undefined)
  const { refusal } = objectOr(choice['message'])
  if (choice['message'] === undefined) {
    throw new MllmError('server', 'the server answers without a message', {
      hint: 'is this the address of an OpenAI-compatible chat interface?',
    })
  }
  return { text, finish, refusal: typeof refusal === 'string' && refusal !== '' ? refusal : undefined }
}
