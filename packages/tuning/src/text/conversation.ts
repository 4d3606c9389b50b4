// A conversation to learn from: turns of text in which <image> stands for each picture, and pictures that are read when they are needed.
import type { Pixels } from '@maskwords/codecs'
import type { FilledConversation } from '@maskwords/data'
import { PICTURE_PLACE } from '@maskwords/data'
import type { Conversation, Part } from '@maskwords/mllm'

/** A picture by its size; its pixels are read with the batch that has it. */
export type TrainingPicture = {
  /** Pictures of one key have the same pixels: they go through the eyes once. */
  readonly key: string
  readonly widthPx: number
  readonly heightPx: number
  readonly read: () => Promise<Pixels>
}

/** As `prepare` fills it, without what the pictures' files are. */
export type TrainingConversation = Pick<FilledConversation, 'id' | 'turns' | 'truth'> & {
  /** In the order of their places in the turns. */
  readonly pictures: readonly TrainingPicture[]
  /** Where it comes from, for messages: "train-00001.jsonl, line 12". */
  readonly at: string
}

const NO_PIXELS = new Uint8Array(0)

/** Turns as a prompt takes them. Pictures have their size and no pixels: a prompt asks for no more. */
export function promptConversation(
  turns: TrainingConversation['turns'],
  pictures: readonly TrainingPicture[],
): Conversation {
  let next = 0
  return turns.map(({ role, text }) => {
    const stretches = text.split(PICTURE_PLACE)
    if (stretches.length === 1) return { role, content: text }
    const parts: Part[] = []
    stretches.forEach((stretch, i) => {
      if (i > 0) {
        const { widthPx, heightPx } = pictures[next++]!
        parts.push({ type: 'picture', picture: { widthPx, heightPx, rgb: NO_PIXELS } })
      }
      if (stretch !== '') parts.push({ type: 'text', text: stretch })
    })
    return { role, content: parts }
  })
}

/** How many places for pictures the turns have. */
export const picturePlaces = (turns: TrainingConversation['turns']): number =>
  turns.reduce((sum, { text }) => sum + text.split(PICTURE_PLACE).length - 1, 0)
