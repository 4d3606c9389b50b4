// Small random data sets in LVIS's file format, as JSON values: the same for the recorded numbers and for the check against lvis-api.
import { cocoRleFromMask, maskFromRowMajor } from '@maskwords/mask'
import { randomOf } from '../src/statistics/random.ts'

/** A truth, results for it, and what is compared, as `LVISEval` takes them. */
export type LvisSet = {
  readonly truth: {
    readonly images: readonly unknown[]
    readonly categories: readonly unknown[]
    readonly annotations: readonly unknown[]
  }
  readonly results: readonly unknown[]
  readonly kind: 'bbox' | 'segm'
}

/** Wide enough for each of the three area ranges. */
const SIDE = 110
/** Of small, medium and large regions. */
const SIDES: readonly (readonly [least: number, beyond: number])[] = [
  [1, 13],
  [30, 70],
  [97, SIDE],
]
const FREQUENCIES = ['r', 'c', 'f']

/** One data set of a seed: ties of scores, ignored truths, categories that are absent, open, or that nobody looked for. */
export function lvisSet(seed: number): LvisSet {
  const random = randomOf(seed)
  const kind = random.below(2) === 0 ? 'bbox' : 'segm'
  const categoryIds = Array.from({ length: 1 + random.below(4) }, (_, i) => 3 + 2 * i)
  const some = () => categoryIds.filter(() => random.below(3) === 0)
  const images = Array.from({ length: 1 + random.below(4) }, (_, i) => ({
    id: 10 + i,
    width: SIDE,
    height: SIDE,
    neg_category_ids: some(),
    not_exhaustive_category_ids: some(),
  }))
  const anyOf = <T>(list: readonly T[]): T => list[random.below(list.length)]!
  const box = (): Box => {
    const [least, most] = anyOf(SIDES)
    const [w, h] = [least + random.below(most - least), least + random.below(most - least)]
    return [random.below(SIDE - w), random.below(SIDE - h), w, h]
  }
  const near = ([x, y, w, h]: Box): Box => {
    const moved = (value: number, least: number, most: number) =>
      Math.max(least, Math.min(most, value + random.below(5) - 2))
    const [left, top] = [moved(x, 0, SIDE - 1), moved(y, 0, SIDE - 1)]
    return [left, top, moved(w, 1, SIDE - left), moved(h, 1, SIDE - top)]
  }
  const annotations = Array.from({ length: 1 + random.below(8) }, (_, i) => {
    const bbox = box()
    return {
      id: i + 1,
      image_id: anyOf(images).id,
      category_id: anyOf(categoryIds),
      bbox,
      area: bbox[2] * bbox[3],
      segmentation: rleOf(bbox),
      ...(random.below(6) === 0 ? { ignore: 1 } : {}),
    }
  })
  // Every seventh set has more detections of a picture than count.
  const count = seed % 7 === 0 ? 400 : 1 + random.below(14)
  const results = Array.from({ length: count }, () => {
    const like = anyOf(annotations)
    const bbox = random.below(4) === 0 ? box() : near(like.bbox)
    return {
      image_id: seed % 7 === 0 || random.below(4) > 0 ? like.image_id : anyOf(images).id,
      category_id: random.below(5) === 0 ? anyOf(categoryIds) : like.category_id,
      score: (1 + random.below(count > 100 ? 250 : 9)) / 256,
      ...(kind === 'bbox' ? { bbox } : { segmentation: rleOf(bbox) }),
    }
  })
  const categories = categoryIds.map((id) => ({ id, name: `thing ${id}`, frequency: anyOf(FREQUENCIES) }))
  return { truth: { images, categories, annotations }, results, kind }
}

type Box = [x: number, y: number, width: number, height: number]

function rleOf([x, y, width, height]: Box) {
  const bytes = new Uint8Array(SIDE * SIDE)
  for (let j = y; j < y + height; j++) bytes.fill(1, j * SIDE + x, j * SIDE + x + width)
  return cocoRleFromMask(maskFromRowMajor({ widthPx: SIDE, heightPx: SIDE, bytes }))
}
