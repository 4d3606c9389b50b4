// From a sample to what the model is asked: a prompt's places filled, the turns before it, masks as words.
import { namesHint } from '@maskwords/base'
import type { EncodedImage, MaskCodec, Pixels } from '@maskwords/codecs'
import { MaskwordsError } from '@maskwords/files'
import type { Mask } from '@maskwords/mask'
import { maskPlaces } from '@maskwords/mllm'
import type { MaskedText, TruthSample } from '../truth.ts'
import { PLACES } from './asking.ts'
import { zoomed } from './zoom.ts'

/** A text, a mask as words, the picture around a mask (enlarged), or the mask on that. */
export type QuestionPiece = MaskedText[number] | { readonly zoom: Mask } | { readonly zoomMask: Mask }

/** Turns in their order, the user's question last; the picture stands before the first. */
export type Question = readonly {
  readonly role: 'user' | 'assistant'
  readonly pieces: readonly QuestionPiece[]
}[]

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
    throw new MaskwordsError('usage', `nothing stands for ${place} in a prompt`, {
      hint: namesHint(name!, known, (near) => `{${near}}`),
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
  const pieces = filled(sample, options).flatMap((piece): readonly QuestionPiece[] => {
    if (typeof piece !== 'string') return [piece]
    return place(piece).map((part) => (typeof part === 'number' ? { mask: options.pointsAt[part]! } : part))
  })
  return [...history, { role: 'user', pieces }]
}

/** The prompt with what the sample says; places of masks that the prompt itself has are still places. */
function filled(sample: TruthSample, options: QuestionOptions): readonly QuestionPiece[] {
  const { prompt } = options
  const pieces: QuestionPiece[] = []
  let from = 0
  for (const { 0: place, 1: name, index } of prompt.matchAll(PLACE)) {
    if (!Object.hasOwn(PLACES, name!)) continue
    pieces.push(prompt.slice(from, index), ...said(name as keyof typeof PLACES, sample, options))
    from = index + place.length
  }
  pieces.push(prompt.slice(from))
  return pieces.filter((piece) => piece !== '')
}

function said(
  name: keyof typeof PLACES,
  sample: TruthSample,
  { lists, lowerCase, pointsAt }: QuestionOptions,
): readonly QuestionPiece[] {
  switch (name) {
    case 'masks':
      return pointsAt.flatMap((mask, k): readonly QuestionPiece[] =>
        k === 0 ? [{ mask }] : [', ', { mask }],
      )
    case 'zoom':
    case 'zoommask': {
      const [mask] = pointsAt
      if (mask === undefined) {
        throw new MaskwordsError('malformed', 'the truth of this sample has no mask to zoom in on', {
          at: sample.id,
        })
      }
      return [name === 'zoom' ? { zoom: mask } : { zoomMask: mask }]
    }
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

/** Turns as a model takes them: masks are words of the codec, pictures beside the sample's own stand where they stand. */
export type WrittenTurns = readonly {
  readonly role: 'user' | 'assistant'
  readonly content: readonly (string | Pixels)[]
}[]

/** The text of a lone question without pictures of its own; undefined for any other. */
export function textAlone(turns: WrittenTurns): string | undefined {
  const [turn] = turns
  const [text] = turn?.content ?? []
  return turns.length === 1 && turn!.content.length === 1 && typeof text === 'string' ? text : undefined
}

/** What writing the masks of a question needs. */
export type QuestionWriter = {
  readonly codec: MaskCodec | undefined
  readonly picture: Pixels
  /** The picture as the codec has it; asked for where a mask stands in the question. */
  readonly image: () => Promise<EncodedImage>
  readonly signal: AbortSignal
}

/** Writes the masks of a question as words. */
export async function written(question: Question, writer: QuestionWriter): Promise<WrittenTurns> {
  const { picture, image, signal } = writer
  const pieces = question.flatMap((turn) => turn.pieces)
  const masks = [
    ...new Set(pieces.flatMap((piece) => (typeof piece !== 'string' && 'mask' in piece ? [piece.mask] : []))),
  ]
  const words = new Map<Mask, string>()
  if (masks.length > 0) {
    const texts = await codecOf(writer).encode(await image(), masks, { signal })
    for (const [k, mask] of masks.entries()) words.set(mask, texts[k]!.text)
  }
  const turns: WrittenTurns[number][] = []
  for (const { role, pieces: said } of question) {
    const content: (string | Pixels)[] = []
    let text = ''
    for (const piece of said) {
      if (typeof piece === 'string') text += piece
      else if ('mask' in piece) text += words.get(piece.mask)!
      else if ('zoomMask' in piece) text += await wordsOnZoom(piece.zoomMask, writer)
      else {
        content.push(...(text === '' ? [] : [text]), zoomed(picture, piece.zoom).picture)
        text = ''
      }
    }
    turns.push({ role, content: text === '' && content.length > 0 ? content : [...content, text] })
  }
  return turns
}

async function wordsOnZoom(mask: Mask, writer: QuestionWriter): Promise<string> {
  const { signal, picture } = writer
  const codec = codecOf(writer)
  const close = zoomed(picture, mask)
  const [words] = await codec.encode(await codec.encodeImage(close.picture, { signal }), [close.mask], {
    signal,
  })
  return words!.text
}

function codecOf({ codec }: QuestionWriter): MaskCodec {
  if (codec !== undefined) return codec
  throw new MaskwordsError('unsupported', 'the question points at masks, and the model has no mask words')
}
