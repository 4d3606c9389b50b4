// Regions written by the forms that no codec's encoder writes: boxes in numbers, GETok's points, lines, simulated
// predictions and their refinement (arXiv 2512.10554, sections on geometry and offset data; boxes of HiMTok, 0 to 999).
import {
  boxToCells,
  coverMask,
  deepestCell,
  gridOf,
  offsetExample,
  type PictureSize,
  pointToCell,
  polylineToCells,
  regionToWords,
} from '@maskwords/codecs'
import { DataError } from '@maskwords/datasets'
import { croppedRowMajorBytes, isEmpty, type Mask, tightBox } from '@maskwords/mask'
import {
  boxFromXyxyPx,
  formatGetokInstance,
  formatReference,
  type GetokGeometry,
  getokVocabulary,
} from '@maskwords/words'
import type { RegionForm } from '../conversation.ts'
import type { BoxXywhPx } from './regions.ts'

/** How boxes and points are written as text. */
export type GeometryTextOptions = {
  readonly form: Exclude<RegionForm, { as: 'words' }>
  /** Size of the picture that the text is about. */
  readonly picture: PictureSize
  /** The union of the regions; without one only a box can be written. */
  readonly mask?: Mask | undefined
  /** The regions' box where there is no mask. */
  readonly boxXywhPx?: BoxXywhPx | undefined
  /** GETok writes boxes as grid words, the others in numbers (default). */
  readonly language?: 'samtok' | 'himtok' | 'getok' | undefined
  /** Cells per axis of GETok's grid, 32 by default. */
  readonly cells?: number | undefined
}

/** Rows or columns of a mask through which a line is drawn: enough for 256 cells per axis. */
const LINE_SAMPLES = 512

/**
 * The text of regions in a form. Throws DataError 'bad-file' where there is nothing to write: an empty mask, a form that
 * needs a mask without one, a box without a side.
 */
export function geometryText(options: GeometryTextOptions): string {
  const { form, picture, mask, language, cells } = options
  const vocabulary = getokVocabulary(cells === undefined ? {} : { gridSize: cells })
  const grid = gridOf({ ...picture, ...(cells === undefined ? {} : { cells }) })
  const written = (geometries: readonly GetokGeometry[]) => formatGetokInstance({ geometries }, vocabulary)
  if (form.as === 'box') {
    const box = boxXyxy(options)
    if (language === 'getok') return written([{ kind: 'box', codes: boxToCells(grid, box) }])
    return formatReference({ boxes: [boxFromXyxyPx(box, picture)] })
  }
  if (mask === undefined || isEmpty(mask)) {
    throw new DataError('bad-file', `A region without pixels cannot be written as ${form.as}.`)
  }
  switch (form.as) {
    case 'points': {
      const { count = 1 } = form
      const chosen = count === 1 ? [innermost(grid, mask)] : coverMask(grid, mask).cells.slice(0, count)
      return written(chosen.map((cell) => ({ kind: 'point', codes: [cell] })))
    }
    case 'polyline': {
      const line = polylineToCells(grid, middleLine(mask, form.count ?? LINE_SAMPLES))
      return written([line.length < 2 ? { kind: 'point', codes: line } : { kind: 'pl', codes: line }])
    }
    case 'proposal':
    case 'refinement': {
      const { said, moves } = examplePair(mask, form, cells)
      return form.as === 'proposal' ? said : moves
    }
  }
}

type ExamplePair = { readonly key: string; readonly said: string; readonly moves: string }

/** The last pair of each mask: a conversation asks for it four times, and the field of a mask costs some 50 ms. */
const pairs = new WeakMap<Mask, ExamplePair>()

function examplePair(
  mask: Mask,
  form: { readonly seed: number; readonly count?: number },
  cells: number | undefined,
): ExamplePair {
  const { seed, count } = form
  const key = `${seed} ${count} ${cells}`
  const known = pairs.get(mask)
  if (known?.key === key) return known
  const vocabulary = getokVocabulary(cells === undefined ? {} : { gridSize: cells })
  const { region, offsets } = offsetExample(mask, {
    seed,
    ...(count === undefined ? {} : { count }),
    ...(cells === undefined ? {} : { cells }),
  })
  const said = regionToWords(region, vocabulary).text
  // Words and refinement stand on lines of their own, the refinement last.
  const moves = regionToWords(region, vocabulary, offsets).text.slice(said.length + 1)
  const pair = { key, said, moves }
  pairs.set(mask, pair)
  return pair
}

function boxXyxy({ mask, boxXywhPx, picture }: GeometryTextOptions): [number, number, number, number] {
  const tight = mask === undefined ? undefined : tightBox(mask)
  const [x, y, width, height] =
    tight === undefined ? (boxXywhPx ?? [0, 0, 0, 0]) : [tight.x, tight.y, tight.width, tight.height]
  const box: [number, number, number, number] = [
    Math.max(0, x),
    Math.max(0, y),
    Math.min(picture.widthPx, x + width),
    Math.min(picture.heightPx, y + height),
  ]
  if (box[2] > box[0] && box[3] > box[1]) return box
  throw new DataError(
    'bad-file',
    `A region without pixels has no box (x ${x}, y ${y}, ${width} x ${height}).`,
  )
}

/** The cell that points at a mask best: the deepest centre inside it, or the cell of its middle where no centre is. */
function innermost(grid: ReturnType<typeof gridOf>, mask: Mask): number {
  const deepest = deepestCell(grid, mask)
  if (deepest !== undefined) return deepest
  const box = tightBox(mask)
  return pointToCell(grid, box.x + box.width / 2, box.y + box.height / 2)
}

/**
 * The line through the middle of a mask along its longer side, x, y, x, y, ...: from the lower end upwards (near to far, as
 * lanes are drawn) or from left to right. `samples` rows or columns at most; the middle of a row is the mean of its pixels.
 */
export function middleLine(mask: Mask, samples: number): Float64Array {
  const { box, bytes } = croppedRowMajorBytes(mask)
  const isTall = box.height >= box.width
  const length = isTall ? box.height : box.width
  const across = isTall ? box.width : box.height
  const wanted = Math.max(2, Math.min(samples, length))
  const points: number[] = []
  for (let k = 0; k < wanted; k++) {
    const along = wanted > length ? 0 : Math.round((k * (length - 1)) / (wanted - 1))
    let sum = 0
    let count = 0
    for (let a = 0; a < across; a++) {
      const at = isTall ? along * box.width + a : a * box.width + along
      if (bytes[at] === 0) continue
      sum += a + 0.5
      count++
    }
    if (count === 0) continue
    const middle = sum / count
    if (isTall) points.push(box.x + middle, box.y + along + 0.5)
    else points.push(box.x + along + 0.5, box.y + middle)
  }
  if (!isTall) return Float64Array.from(points)
  const upwards = new Float64Array(points.length)
  for (let k = 0; k < points.length; k += 2) {
    upwards[points.length - 2 - k] = points[k]!
    upwards[points.length - 1 - k] = points[k + 1]!
  }
  return upwards
}
