// A conversation about a picture as it is kept: rounds, and every mask that was said or given, numbered from 1. Definition: ours
// (docs/ask.md).
import { readFileSync } from 'node:fs'
import { isRecord } from '@maskwords/base'
import { MaskwordsError, parseJson } from '@maskwords/files'
import { cocoRleFromMask, type Mask, maskFromCocoRle } from '@maskwords/mask'
import { z } from 'zod'

/** A mask of the conversation. */
export type ChatMask = {
  /** From 1, over all rounds. */
  readonly number: number
  /** As the model reads it. */
  readonly words: string
  /** Where it comes from: a file, or the answer of a round (from 1). */
  readonly from: string | number
  /** Undefined where its words cannot be read. */
  readonly mask: Mask | undefined
}

export type ChatRound = {
  /** As the user wrote it, and as the model read it. */
  readonly question: string
  readonly asked: string
  readonly answer: string
  readonly finish: string
}

export type Session = {
  /** As the user named it, and SHA-256 of its bytes. */
  readonly picture: { readonly file: string; readonly sha256: string }
  readonly model: string
  readonly codec: string | undefined
  readonly rounds: readonly ChatRound[]
  readonly masks: readonly ChatMask[]
}

const FORMAT = 'maskwords-chat'

const schema = z.object({
  format: z.literal(FORMAT),
  formatVersion: z.literal(1),
  picture: z.object({ file: z.string(), sha256: z.string() }),
  model: z.string(),
  codec: z.string().optional(),
  rounds: z.array(
    z.object({ question: z.string(), asked: z.string(), answer: z.string(), finish: z.string() }),
  ),
  masks: z.array(
    z.object({
      number: z.number().int().positive(),
      words: z.string(),
      from: z.union([z.string(), z.number().int().positive()]),
      size: z.tuple([z.number(), z.number()]).optional(),
      counts: z.string().optional(),
    }),
  ),
})

/** The session as text. */
export function sessionText({ masks, ...session }: Session): string {
  const kept = masks.map(({ mask, ...rest }) => ({ ...rest, ...(mask && cocoRleFromMask(mask)) }))
  return `${JSON.stringify({ format: FORMAT, formatVersion: 1, ...session, masks: kept }, undefined, 2)}\n`
}

/** The session of a file; undefined where there is none. Throws MaskwordsError `malformed`. */
export function readSession(path: string, name: string): Session | undefined {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const value = parseJson(bytes, name)
  const { success, data, error } = schema.safeParse(value)
  if (!success || data.masks.some(({ number }, k) => number !== k + 1)) {
    const isOurs = isRecord(value) && value['format'] === FORMAT
    const [issue] = error?.issues ?? []
    const what =
      issue === undefined
        ? 'its masks are not numbered in order'
        : `${issue.path.join('.')}: ${issue.message}`
    throw new MaskwordsError(
      'malformed',
      isOurs ? `the conversation cannot be read: ${what}` : 'this is no conversation that chat has kept',
      { file: name, hint: 'name another file with --session' },
    )
  }
  return {
    picture: data.picture,
    model: data.model,
    codec: data.codec,
    rounds: data.rounds,
    masks: data.masks.map(({ size, counts, ...mask }) => ({
      ...mask,
      mask: size === undefined || counts === undefined ? undefined : maskFromCocoRle({ size, counts }),
    })),
  }
}

/**
 * A question with words for the masks that it points at: `{2}` and `{mask:2}` are mask 2 of the conversation, `{mask}` is the last one.
 * Throws MaskwordsError `usage` for a mask that there is not.
 */
export function pointed(question: string, masks: readonly ChatMask[]): string {
  return question.replace(/\{(?:mask|(?:mask:)?(\d{1,6}))\}/g, (place, digits: string | undefined) => {
    const number = digits === undefined ? masks.length : Number(digits)
    const found = masks[number - 1]
    if (found !== undefined) return found.words
    const there = masks.length === 0 ? 'there is no mask yet' : `masks are 1 to ${masks.length}`
    throw new MaskwordsError('usage', `${place} is no mask of this conversation: ${there}`, {
      hint: '/masks lists them; /mask file adds one',
    })
  })
}
