// One event of a streamed chat completion, or a whole one, from any of the servers: text, tokens with ids and probabilities, the end.
// Definition: OpenAI's chat completions; `token_ids` of vLLM and SGLang; `id` beside log-probabilities of llama-server.

import type { Vocabulary } from '@maskwords/words'
import { wordAt } from '@maskwords/words'
import { objectOr } from '../json.ts'
import { ServerError, saidIn } from './http.ts'

/** A token that could have stood at a place. */
export type ToldToken = {
  /** -1 where the server does not say it. */
  readonly id: number
  /** Undefined where the server does not say it, or says it without its special words. */
  readonly text: string | undefined
  readonly logprob: number | undefined
}

/** A token of the answer, with the most probable ones at its place. */
export type AnsweredToken = ToldToken & { readonly top: readonly ToldToken[] }

export type ChatChunk = {
  readonly text: string
  readonly tokens: readonly AnsweredToken[]
  /** Why the answer ended, in the server's word. */
  readonly finish: string | undefined
  readonly usage: { readonly prompt?: number; readonly answer?: number; readonly cached?: number } | undefined
}

const listOr = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const textOr = (value: unknown): string => (typeof value === 'string' ? value : '')
const countOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined

/**
 * Reads one event.
 * @throws ServerError for an error that came with status 200, and for what is no chat completion.
 */
export function readChunk(value: unknown): ChatChunk {
  const json = objectOr(value)
  const choices = json['choices']
  if (!Array.isArray(choices)) {
    const said = saidIn(value)
    if (said !== undefined) {
      throw new ServerError(`the server answers with an error: ${said.slice(0, 300)}`, {
        status: 200,
        hint: 'its log may say more',
      })
    }
    if (json['usage'] === undefined) {
      throw new ServerError(
        `the server sends what is no chat completion: ${JSON.stringify(value)?.slice(0, 120)}`,
        { hint: 'give the address of its OpenAI-compatible interface, which mostly ends in /v1' },
      )
    }
  }
  // An error inside of a stream may come with choices, too (llama-server, gateways).
  if (json['error'] !== undefined && json['error'] !== null) {
    throw new ServerError(`the server breaks off with an error: ${saidIn(value)?.slice(0, 300)}`, {
      status: 200,
    })
  }
  const choice = objectOr(listOr(choices)[0])
  const message = objectOr(choice['delta'] ?? choice['message'])
  const ids = listOr(choice['token_ids'] ?? message['token_ids'])
  const finish = choice['finish_reason']
  return {
    text: textOr(message['content']),
    tokens: tokensOf(ids, listOr(objectOr(choice['logprobs'])['content'])),
    finish: typeof finish === 'string' && finish !== '' ? finish : undefined,
    usage: usageOf(json['usage']),
  }
}

function usageOf(value: unknown): ChatChunk['usage'] {
  if (typeof value !== 'object' || value === null) return undefined
  const usage = objectOr(value)
  const prompt = countOf(usage['prompt_tokens'])
  const answer = countOf(usage['completion_tokens'])
  const cached = countOf(objectOr(usage['prompt_tokens_details'])['cached_tokens'])
  return {
    ...(prompt !== undefined && { prompt }),
    ...(answer !== undefined && { answer }),
    ...(cached !== undefined && { cached }),
  }
}

/** Ids and log-probabilities belong together where there are as many of each; ids alone else. */
function tokensOf(ids: readonly unknown[], entries: readonly unknown[]): AnsweredToken[] {
  const told = entries.map((entry) => ({
    ...toldToken(entry),
    top: listOr(objectOr(entry)['top_logprobs']).map(toldToken),
  }))
  if (ids.length === 0) return told
  const known = ids.map((id) => countOf(id) ?? -1)
  return known.map((id, i) =>
    told.length === ids.length ? { ...told[i]!, id } : { id, text: undefined, logprob: undefined, top: [] },
  )
}

/** Less is written for "impossible" by some servers: JSON has no infinity. */
const LEAST_LOGPROB = -1e4

function toldToken(value: unknown): ToldToken {
  const { token, id, logprob, bytes } = objectOr(value)
  const spelled = typeof token === 'string' ? /^token_id:(\d{1,9})$/.exec(token)?.[1] : undefined
  // Bytes of a word may be half a character; the token's text has a sign for it then.
  const text = typeof token === 'string' && spelled === undefined ? token : undefined
  return {
    id: countOf(id) ?? (spelled === undefined ? -1 : Number(spelled)),
    text: text === '' && Array.isArray(bytes) && bytes.length === 0 ? undefined : text,
    logprob: typeof logprob === 'number' ? Math.max(LEAST_LOGPROB, Math.min(0, logprob)) : undefined,
  }
}

/** The mask word of a token, by its id where ids are known, else by its text. */
export function maskWordOf(token: ToldToken, vocabulary: Vocabulary, words: ReadonlyMap<string, number>) {
  const byId = token.id >= 0 ? vocabulary.tokenIds?.toWord.get(token.id) : undefined
  const index = byId ?? (token.text === undefined ? undefined : words.get(token.text.trim()))
  return index === undefined ? undefined : { index, text: wordAt(vocabulary, index) }
}
