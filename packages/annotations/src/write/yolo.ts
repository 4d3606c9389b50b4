// YOLO segmentation (Ultralytics, "Instance segmentation datasets overview"): a text file of outlines beside each picture, a line
// `class x1 y1 x2 y2 ...` a region in parts of the picture's sides, and data.yaml with the names of the classes.
import { cocoPolygonsFromMask, type Mask } from '@maskwords/mask'
import { AnnotationError } from '../error.ts'
import { type AnnotatedPicture, categoriesOf, leftPhrases, type Written, withPixels } from './picture.ts'

export type WriteYoloOptions = {
  /** How far corners of outlines may move, in pixels. Default 0: filling them gives each mask back to the pixel. */
  readonly tolerancePx?: number
  /** The folder of a part of the set, as in `images/train`; without it pictures lie in `images` and labels in `labels`. */
  readonly split?: string
}

/** Parts of a side are written with so many digits: a hundredth of a pixel of the largest picture, where COCO's rule rounds to fifths. */
const DIGITS = 7

/**
 * The text files of a set by their paths, sorted: `labels/<name>.txt` for each picture, an empty one where it shows nothing, and
 * `data.yaml`. The pictures themselves belong into `images/`, named as their `file` says. Each region is one line: its parts and
 * holes are joined by ways there and back, which parity does not see. Phrases, and regions without a pixel, are left out and counted.
 * Throws AnnotationError `malformed` where two pictures would have the same label file.
 */
export function writeYolo(
  pictures: readonly AnnotatedPicture[],
  options: WriteYoloOptions = {},
): Written<ReadonlyMap<string, string>> {
  const { tolerancePx = 0, split } = options
  const { value: sound, left } = withPixels(pictures)
  const categories = categoriesOf(sound)
  const numbers = new Map(categories.map((name, i) => [name, i]))
  const under = split === undefined ? '' : `/${split}`
  const files = new Map<string, string>()
  let vanished = 0
  for (const { file, widthPx, heightPx, regions } of sound) {
    const path = `labels${under}/${file.replace(/\.[^./]*$/, '')}.txt`
    if (files.has(path)) {
      throw new AnnotationError('malformed', `two pictures would have their labels in ${path}`, {
        hint: 'give pictures names that differ by more than their ending',
      })
    }
    const lines = regions.flatMap(({ mask, category }) => {
      const outline = outlineOf(mask, tolerancePx)
      if (outline.length < 6) {
        vanished++
        return []
      }
      const parts = outline.map((at, i) => partOf(at, i % 2 === 0 ? widthPx : heightPx))
      return [`${numbers.get(category)} ${parts.join(' ')}\n`]
    })
    files.set(path, lines.join(''))
  }
  files.set('data.yaml', dataYaml(categories, under))
  return {
    value: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))),
    left: [
      ...left,
      ...leftPhrases(sound),
      ...(vanished === 0 ? [] : [`${vanished} too small for outlines that may move ${tolerancePx} px`]),
    ],
  }
}

/** All outlines of a mask as one: the others hang on the first corner of the first, by a way there and back. */
function outlineOf(mask: Mask, tolerancePx: number): number[] {
  const [first, ...others] = cocoPolygonsFromMask(mask, { tolerancePx })
  if (first === undefined) return []
  const [x, y] = first as [number, number]
  return [...first, ...others.flatMap((ring) => [x, y, ...ring, ring[0]!, ring[1]!])]
}

/** A whole number where it is one, else as many digits as count. */
function partOf(at: number, side: number): string {
  return String(Number((at / side).toFixed(DIGITS)))
}

/** Names in JSON's quotes, which are YAML's. Relative folders are those beside the file. */
function dataYaml(categories: readonly string[], under: string): string {
  const names = categories.map((name, i) => `  ${i}: ${JSON.stringify(name)}\n`).join('')
  return [
    `train: images${under}\n`,
    '# The same pictures, for the loader asks for some. Set others aside before you measure anything.\n',
    `val: images${under}\n`,
    categories.length === 0 ? 'names: {}\n' : `names:\n${names}`,
  ].join('')
}
