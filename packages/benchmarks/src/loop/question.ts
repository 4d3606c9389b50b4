// From a sample to what the model is asked: a prompt's places filled, the turns before it, masks as words.
import type { EncodedImage, MaskCodec } from '@maskwords/codecs'
import { MaskwordsError, nearest } from '@maskwords/files'
import type { Mask } from '@maskwords/mask'
import { maskPlaces } from '@maskwords/mllm'
import type { MaskedText, TruthSample } from '../truth.ts'
import { PLACES } from './asking.ts'

/** Turns in their order, the user's question last; the picture stands before the first. */
export type Question = readonly { readonly role: 'user' | 'assistant'; readonly pieces: MaskedText }[]

/** What all samples of a truth have in common and prompts may name. */
export type PromptLists = { readonly labels: readonly string[]; readonly predicates: readonly string[] }

export type QuestionOptions = {
  readonly prompt: string
  readonly lists: PromptLists
  readonly lowerCase: boolean
  /** What {mask} means where the sample does not say it. */
  readonly pointsAt: readonly Mask[]
}

const PLACE = /\{([a-z]+)\}/g
const MASK_PLACES = /^mask$/

/** Throws MaskwordsError `usage` for a place of a prompt that nothing fills. */
export function checkPrompt(prompt: string): void {
  for (const [place, name] of prompt.matchAll(PLACE)) {
    if (Object.hasOwn(PLACES, name!) || MASK_PLACES.test(name!)) continue
    const known = [...Object.keys(PLACES), 'mask']
    const near = nearest(name!, known)
    throw new MaskwordsError('usage', `nothing stands for ${place} in a prompt`, {
      hint: near === undefined ? `there is ${known.map((one) => `{${one}}`).join(', ')}` : `{${near}}`,
    })
  }
}

/**
 * The question of a sample.
 * @throws MaskwordsError `malformed` where the sample lacks what the prompt names, MllmError `argument` for masks that it has not.
 */
export function questionOfSample(sample: TruthSample, options: QuestionOptions): Question {
  const { history = [] } = sample
  const place = maskPlaces(options.pointsAt.length)
  const pieces = filled(sample, options).flatMap((piece): MaskedText => {
    if (typeof piece !== 'string') return [piece]
    return place(piece).map((part) => (typeof part === 'number' ? { mask: options.pointsAt[part]! } : part))
  })
  return [...history, { role: 'user', pieces }]
}

/** The prompt with what the sample says; places of masks that the prompt itself has are still places. */
function filled(sample: TruthSample, { prompt, lists, lowerCase }: QuestionOptions): MaskedText {
  const pieces: (string | { readonly mask: Mask })[] = []
  let from = 0
  for (const { 0: place, 1: name, index } of prompt.matchAll(PLACE)) {
    if (!Object.hasOwn(PLACES, name!)) continue
    pieces.push(prompt.slice(from, index), ...said(name as keyof typeof PLACES, sample, lists, lowerCase))
    from = index + place.length
  }
  pieces.push(prompt.slice(from))
  return pieces.filter((piece) => piece !== '')
}

function said(
  name: keyof typeof PLACES,
  sample: TruthSample,
  lists: PromptLists,
  lowerCase: boolean,
): MaskedText {
  switch (name) {
    case 'phrase': {
      const pieces = sample.question ?? (sample.phrase === undefined ? undefined : [sample.phrase])
      if (pieces === undefined) {
        throw new MaskwordsError('malformed', 'the truth of this sample does not say what is asked', {
          at: sample.id,
          hint: 'add "phrase" to the truth, or a --prompt without {phrase}',
        })
      }
      return lowerCase && sample.question === undefined ? [sample.phrase!.trim().toLowerCase()] : pieces
    }
    case 'options':
      if (sample.options === undefined) {
        throw new MaskwordsError('malformed', 'the truth of this sample has no options', { at: sample.id })
      }
      return [sample.options.map((option, k) => `${String.fromCharCode(65 + k)}. ${option}`).join('\n')]
    case 'labels':
    case 'predicates':
      return [lists[name].map((one) => JSON.stringify(one)).join(', ')]
  }
}

/** Turns as text alone: masks become words of the codec. */
export type WrittenTurns = readonly { readonly role: 'user' | 'assistant'; readonly text: string }[]

/** Whether masks stand in a question. */
export const pointsAtMasks = (question: Question): boolean =>
  question.some(({ pieces }) => pieces.some((piece) => typeof piece !== 'string'))

/** Writes the masks of a question as words. `image` is asked for where there are any. */
export async function written(
  question: Question,
  codec: MaskCodec | undefined,
  image: () => Promise<EncodedImage>,
  signal: AbortSignal,
): Promise<WrittenTurns> {
  const masks = new Map<Mask, string>()
  for (const { pieces } of question) {
    for (const piece of pieces) if (typeof piece !== 'string') masks.set(piece.mask, '')
  }
  if (masks.size > 0) {
    if (codec === undefined) {
      throw new MaskwordsError('unsupported', 'the question points at masks, and the model has no mask words')
    }
    const words = await codec.encode(await image(), [...masks.keys()], { signal })
    for (const [k, mask] of [...masks.keys()].entries()) masks.set(mask, words[k]!.text)
  }
  return question.map(({ role, pieces }) => ({
    role,
    text: pieces.map((piece) => (typeof piece === 'string' ? piece : masks.get(piece.mask)!)).join(''),
  }))
}
