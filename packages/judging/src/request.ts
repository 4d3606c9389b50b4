// What a judge is asked, and the name that a question has by its content. Definition: ours.
import { createHash } from 'node:crypto'
import type { Pixels } from '@maskwords/codecs'

export type JudgeMessage = {
  readonly role: 'system' | 'user'
  readonly text: string
  /** Stands behind the text. */
  readonly picture?: Pixels
}

export type JudgeSampling = {
  readonly temperature: number
  readonly topP?: number
  readonly maxTokens: number
}

export type JudgeRequest = { readonly messages: readonly JudgeMessage[]; readonly sampling: JudgeSampling }

const hashOf = (...pieces: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

/** SHA-256 of a picture's size and pixels. */
export const pictureHash = ({ widthPx, heightPx, rgb }: Pixels): string =>
  hashOf(`${widthPx} ${heightPx} `, rgb)

/** The messages as a row keeps them: a picture is named by its hash. */
export const keptMessages = ({ messages }: JudgeRequest) =>
  messages.map(({ role, text, picture }) => ({
    role,
    text,
    ...(picture !== undefined && { picture: pictureHash(picture) }),
  }))

/** SHA-256 of all that a verdict depends on beside the judge: every word, every pixel, the sampling. */
export function requestKey(request: JudgeRequest): string {
  const { temperature, topP, maxTokens } = request.sampling
  return hashOf(JSON.stringify([keptMessages(request), temperature, topP ?? null, maxTokens]))
}
