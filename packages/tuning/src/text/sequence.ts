// A conversation as token ids, with positions, pictures, and which of them are learned: the answers and the words that end them.

import { promptTurns } from '@maskwords/data'
import { MaskwordsError } from '@maskwords/files'
import type { Prompt } from '@maskwords/mllm'
import { buildPrompt, renderChat } from '@maskwords/mllm'
import { promptRow } from '@maskwords/mllm/engine'
import type { PatchGrid } from '@maskwords/models'
import type { BaseModel } from '../model/base.ts'
import type { TrainingConversation, TrainingPicture } from './conversation.ts'
import { promptConversation } from './conversation.ts'

export type PlacedPicture = { readonly picture: TrainingPicture; readonly grid: PatchGrid }

export type Sequence = {
  readonly id: string
  readonly ids: Int32Array
  /** Time, height, width of each token. */
  readonly axes: readonly [Int32Array, Int32Array, Int32Array]
  readonly pictures: readonly PlacedPicture[]
  /** Of each token: the picture that it belongs to, -1 for text; and which of that picture's vectors it is. */
  readonly pictureOf: Int32Array
  readonly vectorOf: Int32Array
  /** 1 for tokens that are learned. */
  readonly labelled: Uint8Array
  /** Position of a token that would follow. */
  readonly next: number
}

/** What of a model turns text into sequences. */
export type TextModel = Pick<BaseModel, 'config' | 'tokenizer' | 'template' | 'pictures' | 'ends'>

/**
 * A whole conversation; the answers and the word that ends each are learned, what the template writes around them is not.
 * @throws MaskwordsError `malformed` for a conversation without an answer, `unsupported` for a template that writes an answer
 * otherwise than the model would be asked for it; MllmError.
 */
export function sequenceOf(conversation: TrainingConversation, model: TextModel): Sequence {
  const { turns, pictures } = conversation
  if (!turns.some(({ role }) => role === 'assistant')) {
    throw new MaskwordsError('malformed', `"${conversation.id}" has no answer to learn`, {
      file: conversation.at,
    })
  }
  const messages = promptConversation(turns, pictures)
  const prompt = buildPrompt(messages, model, {
    answerFollows: false,
    cuts: (text) => answerPlaces(text, conversation, model),
  })
  const labelled = new Uint8Array(prompt.ids.length)
  for (let i = 0; i < prompt.cutIds.length; i += 2) {
    labelled.fill(1, prompt.cutIds[i]!, prompt.cutIds[i + 1]!)
  }
  return fromPrompt(conversation, prompt, model, labelled)
}

/** The turns up to the last question, as the model is asked to answer them. Nothing is learned of them. */
export function promptSequence(conversation: TrainingConversation, model: TextModel): Sequence {
  const { turns, pictures } = conversation
  const asked = promptTurns({ turns })
  if (asked.length === 0) {
    throw new MaskwordsError('malformed', `"${conversation.id}" has no question`, { file: conversation.at })
  }
  const prompt = buildPrompt(promptConversation(asked, pictures), model)
  return fromPrompt(conversation, prompt, model, new Uint8Array(prompt.ids.length))
}

/** Beginning and end of each answer in the rendered text. */
function answerPlaces(text: string, conversation: TrainingConversation, model: TextModel): number[] {
  const { turns, pictures, id } = conversation
  const unfit = (what: string) =>
    new MaskwordsError('unsupported', `"${id}": the model's chat template ${what}`, {
      file: conversation.at,
      hint: 'what is learned must be what the model is asked for: use a template without other forms for past answers',
    })
  const ends = [...model.ends].map((end) => model.tokenizer.wordOf(end)).filter((word) => word !== undefined)
  return turns.flatMap(({ role }, k) => {
    if (role !== 'assistant') return []
    const before = renderChat(promptConversation(turns.slice(0, k), pictures), model.template)
    if (!text.startsWith(before)) throw unfit(`writes turn ${k} otherwise where an answer follows it`)
    const found = ends
      .map((word) => ({ at: text.indexOf(word, before.length), word }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at)
    const end = found[0]
    if (end === undefined)
      throw unfit(`ends answer ${k} with none of the words that end one (${ends.join(', ')})`)
    return [before.length, end.at + end.word.length]
  })
}

function fromPrompt(
  { id, pictures, at }: TrainingConversation,
  prompt: Prompt,
  model: TextModel,
  labelled: Uint8Array,
): Sequence {
  const pictureOf = new Int32Array(prompt.ids.length).fill(-1)
  const vectorOf = new Int32Array(prompt.ids.length)
  promptRow(prompt, model).seen.forEach(({ places }, which) => {
    places.forEach((place, i) => {
      if (labelled[place] === 1) {
        throw new MaskwordsError('malformed', `"${id}" has a picture inside an answer`, { file: at })
      }
      pictureOf[place] = which
      vectorOf[place] = i
    })
  })
  return {
    id,
    ids: Int32Array.from(prompt.ids),
    axes: prompt.positions.axes,
    next: prompt.positions.next,
    pictures: prompt.seen.map(({ grid }, i) => ({ picture: pictures[i]!, grid })),
    pictureOf,
    vectorOf,
    labelled,
  }
}
