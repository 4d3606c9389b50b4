// Conversations of JSON lines, as `maskwords prepare --to jsonl` writes them: {id, images: [{file, width, height}], messages:
// [{role, content}], truth?}. Definition: packages/data/src/writers/jsonl.ts.
import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { jsonLines } from '@maskwords/datasets'
import { MaskwordsError, readPicture } from '@maskwords/files'
import { z } from 'zod'
import type { TrainingConversation, TrainingPicture } from './conversation.ts'
import { picturePlaces } from './conversation.ts'

const side = z.number().int().min(1)
const row = z.object({
  id: z.string(),
  images: z.array(z.object({ file: z.string(), width: side, height: side })).default([]),
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1),
  truth: z
    .looseObject({
      kind: z.string().default('text'),
      text: z.string(),
      previous: z.string().optional(),
      masks: z.array(z.object({ size: z.tuple([z.number(), z.number()]), counts: z.string() })).optional(),
    })
    .optional(),
})

export type ReadConversationsOptions = {
  /** The folder that pictures' paths are relative to. Default: that of the file. */
  readonly pictures?: string | undefined
  /** At most so many conversations, from the beginning of the first file. */
  readonly limit?: number | undefined
  readonly signal: AbortSignal
}

/**
 * All conversations of some files, in their order. No picture is opened.
 * @throws MaskwordsError `malformed` for a line that is no conversation, `ambiguous` for two of one id, `not-found`.
 */
export async function readConversations(
  files: readonly string[],
  options: ReadConversationsOptions,
): Promise<TrainingConversation[]> {
  const { limit = Number.POSITIVE_INFINITY, signal } = options
  const found: TrainingConversation[] = []
  const places = new Map<string, string>()
  for (const file of files) {
    const onProblem = ({ message }: { message: string }) => {
      throw new MaskwordsError('malformed', message, { file })
    }
    for await (const { value, line } of jsonLines(file, { file, onProblem, signal })) {
      if (found.length >= limit) return found
      const at = `${file}, line ${line}`
      const conversation = conversationOf(value, { file, line, at, root: options.pictures ?? dirname(file) })
      const before = places.get(conversation.id)
      if (before !== undefined) {
        throw new MaskwordsError('ambiguous', `the id "${conversation.id}" is in ${before}, too`, {
          file,
          at: `line ${line}`,
          hint: 'every conversation has an id of its own; was one file given twice?',
        })
      }
      places.set(conversation.id, at)
      found.push(conversation)
    }
  }
  return found
}

function conversationOf(
  value: unknown,
  from: { file: string; line: number; at: string; root: string },
): TrainingConversation {
  const wrong = (message: string, hint: string) =>
    new MaskwordsError('malformed', message, { file: from.file, at: `line ${from.line}`, hint })
  const parsed = row.safeParse(value)
  if (!parsed.success) {
    throw wrong(
      `no conversation:\n${z.prettifyError(parsed.error)}`,
      'maskwords prepare --to jsonl writes such lines',
    )
  }
  const { id, images, messages, truth } = parsed.data
  const turns = messages.map(({ role, content }) => ({ role, text: content }))
  const places = picturePlaces(turns)
  if (places !== images.length) {
    throw wrong(
      `${places} places for pictures in the turns of "${id}", and ${images.length} pictures`,
      '<image> in a text stands for each picture, in order',
    )
  }
  const pictures = images.map(({ file, width, height }) => pictureOf(file, from.root, width, height))
  return {
    id,
    turns,
    pictures,
    at: from.at,
    ...(truth && { truth: truth as NonNullable<TrainingConversation['truth']> }),
  }
}

/** A file, or the picture itself as a data URL (`prepare --pictures bytes`). */
function pictureOf(file: string, root: string, widthPx: number, heightPx: number): TrainingPicture {
  const [, inside] = /^data:[^,]*;base64,(.*)$/s.exec(file) ?? []
  // A record that states another size of the same file means another picture: it is refused where it is read, whichever comes first.
  const picture = (name: string, read: TrainingPicture['read']): TrainingPicture => ({
    key: `${widthPx} x ${heightPx} pixels of ${name}`,
    widthPx,
    heightPx,
    read,
  })
  if (inside === undefined) {
    const path = resolve(root, file)
    return picture(path, () => readPicture(path))
  }
  const name = `picture ${createHash('sha256').update(inside).digest('hex').slice(0, 16)}`
  return picture(name, () => readPicture(Buffer.from(inside, 'base64'), { name }))
}
