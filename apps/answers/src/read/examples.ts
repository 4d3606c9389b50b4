// Answers to try "read" with, one of each form, made from what the codecs say of the open picture's own regions.
import { centroid, type Mask, tightBox } from '@maskwords/mask'
import {
  boxFromXyxyPx,
  formatGetokAnswer,
  formatGroundedCaption,
  formatJsonAnswer,
  formatMaskWords,
  formatReference,
  formatSceneGraph,
  formatThinkAnswer,
  getokVocabulary,
  himtokVocabulary,
  type LabelledMask,
  MASK_END,
  OBJECT_REF_END,
  parseGetok,
  type SpanVocabulary,
  samtokVocabulary,
} from '@maskwords/words'

export const EXAMPLES = [
  ['caption', 'Caption'],
  ['json', 'JSON answer'],
  ['scene', 'Scene graph'],
  ['thought', 'Thought and answer'],
  ['boxes', 'Boxes'],
  ['malformed', 'Malformed'],
  ['getok', 'GETok answer'],
] as const
export type ExampleKind = (typeof EXAMPLES)[number][0]

/** A region, and what a codec says of it: codes of SAMTok or HiMTok, or GETok's text. */
export type SpokenRegion = {
  readonly name: string
  readonly mask: Mask
  readonly codes: readonly number[]
  readonly text: string
}

/** Regions that an example speaks of: more would not fit on a screen. */
export const MAX_EXAMPLE_REGIONS = 4

/** The answer of a form. `codec` is not used for GETok's own form and for boxes. Regions: at least one. */
export function exampleAnswer(
  kind: ExampleKind,
  codec: 'samtok' | 'himtok',
  regions: readonly SpokenRegion[],
): string {
  const vocabulary = codec === 'samtok' ? samtokVocabulary() : himtokVocabulary()
  const labelled = regions.map(({ name, codes }): LabelledMask => ({ label: speakable(name), codes }))
  switch (kind) {
    case 'caption':
      return caption(labelled, vocabulary)
    case 'json':
      return `These are the regions that I see:\n${formatJsonAnswer(labelled, vocabulary)}`
    case 'scene':
      return formatSceneGraph(triples(regions, labelled), vocabulary)
    case 'thought': {
      const { codes, label } = labelled[labelled.length - 1]!
      return formatThinkAnswer({
        think: `The question is about ${label}. There are ${regions.length} regions, and only one fits.`,
        answer: `It is here: ${formatMaskWords(codes, vocabulary)}.`,
      })
    }
    case 'boxes':
      return `${regions.map(boxed).join(', ')}.`
    case 'malformed':
      return malformed(labelled, vocabulary)
    case 'getok': {
      const grid = getokVocabulary()
      const instances = regions.flatMap(({ name, text }) =>
        parseGetok(text, grid).instances.map(({ geometries }) => ({ label: speakable(name), geometries })),
      )
      return formatGetokAnswer({ think: 'One line for each region.', instances }, grid)
    }
  }
}

/** A name as it may stand between words: readers of captions strip what is between < and >. */
export function speakable(name: string): string {
  return (
    name
      .replaceAll(/[<>[\]:\s]+/g, ' ')
      .trim()
      .slice(0, 60) || 'region'
  )
}

function boxed({ name, mask }: SpokenRegion): string {
  const { x, y, width, height } = tightBox(mask)
  return formatReference({
    phrase: speakable(name),
    boxes: [boxFromXyxyPx([x, y, x + width, y + height], mask)],
  })
}

function caption(regions: readonly LabelledMask[], vocabulary: SpanVocabulary): string {
  const pieces = regions.flatMap(({ label, codes }, i) => [
    i === 0 ? 'The picture shows ' : i === regions.length - 1 ? ' and ' : ', ',
    { phrase: label, masks: [codes] },
  ])
  return formatGroundedCaption([...pieces, '.'], vocabulary)
}

/** Each region and the next, told by where their centres are. */
function triples(regions: readonly SpokenRegion[], labelled: readonly LabelledMask[]) {
  const last = Math.max(1, regions.length - 1)
  return Array.from({ length: last }, (_, i) => {
    const j = (i + 1) % regions.length
    return {
      subject: labelled[i]!,
      predicate: relation(regions[i]!.mask, regions[j]!.mask),
      object: labelled[j]!,
    }
  })
}

/** How the first mask lies to the second, by their centres. */
export function relation(subject: Mask, object: Mask): string {
  const a = centroid(subject)
  const b = centroid(object)
  if (a === undefined || b === undefined) return 'with'
  const dx = a.x - b.x
  const dy = a.y - b.y
  if (dx === 0 && dy === 0) return 'in the place of'
  if (Math.abs(dx) > Math.abs(dy)) return dx < 0 ? 'left of' : 'right of'
  return dy < 0 ? 'above' : 'below'
}

/** What goes wrong with models: an end word forgotten, codes in another order, blanks, an unclosed phrase, markup. */
function malformed(regions: readonly LabelledMask[], vocabulary: SpanVocabulary): string {
  const words = (i: number) => formatMaskWords(regions[i % regions.length]!.codes, vocabulary)
  const label = (i: number) => regions[i % regions.length]!.label
  const whole = formatGroundedCaption([{ phrase: label(0), masks: [regions[0]!.codes] }], vocabulary)
  const withoutEnd = words(1).slice(0, -MASK_END.length)
  const swapped = words(2).replace(/^(<\|mt_start\|>)(<\|mt_\d+\|>)(<\|mt_\d+\|>)/, '$1$3$2')
  const spaced = words(0).replaceAll('|><|', '|> <|')
  const unclosed = formatGroundedCaption(
    [{ phrase: label(1), masks: [regions[1 % regions.length]!.codes] }],
    vocabulary,
  ).replace(OBJECT_REF_END, '')
  return [
    `${whole} is whole.`,
    `This mask has no end word: ${withoutEnd} and the sentence goes on.`,
    `These codes came in another order: ${swapped}.`,
    `Blanks between words: ${spaced}.`,
    `A phrase that is not closed: ${unclosed}.`,
    'A start word alone: <|mt_start|><|mt_end|>, and <b onclick="alert(1)">markup</b> that is only text.',
  ].join('\n')
}
