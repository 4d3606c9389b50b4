// Batches to train mask tokenizers with: windows of pictures and their masks, made-up scenes among them. A batch is a
// function of its number and the seed, so that a resumed run meets what the interrupted one would have met.

import type { Pixels } from '@maskwords/codecs'
import {
  blurTarget,
  CodecError,
  levelProbabilities,
  levelSigmaPx,
  type Random,
  randomFrom,
  randomInt,
  sampleLevels,
} from '@maskwords/codecs'
import type { Feeds } from '@maskwords/graph'
import { closing, dilate, erode, type Mask, maskFromRowMajor, opening, rowMajorBytes } from '@maskwords/mask'
import type { BatchSource } from '@maskwords/train'
import { drawWindow, maskThrough, pixelsThrough, reduced, type WindowOptions } from './crop.ts'
import { drawRegions, drawScene, regionRasters, type Scene } from './scene.ts'

/** Pictures with masks to learn from; `picture` may be asked for any of them at any time. */
export type TrainingSet = {
  readonly name: string
  /** How often a picture of this set is drawn, against the other sets. */
  readonly weight: number
  readonly count: number
  readonly picture: (index: number) => Promise<TrainingPicture>
}

export type TrainingPicture = {
  readonly masks: readonly Mask[]
  /** Absent where a set has masks alone; such serve tokenizers that see no picture. */
  readonly pixels?: Pixels
}

export type Augmentation = WindowOptions & {
  /** Largest change of brightness, contrast and colour, as a share. 0 = none. */
  readonly colour: number
  /** How often a mask is eroded, dilated, opened or closed. */
  readonly morphology: number
  /** How often a region of another picture is put in front of this one. */
  readonly copyPaste: number
}

type CommonOptions = {
  readonly sets: readonly TrainingSet[]
  readonly seed: number
  readonly augmentation: Augmentation
  /** Share of pictures that are made-up scenes. */
  readonly scenes: number
  /** Smallest share of the window that a mask must cover to be learned from. */
  readonly leastShare: number
  /** Batches over which the decoder goes from unquantised to quantised vectors. */
  readonly quantiseAfter: { readonly start: number; readonly full: number }
}

/** Sides of rasters over sides of mask prompts and targets. */
const RASTER_FACTOR = 4
const SCENE_SHAPES = [4, 14] as const
/** Masks of one picture that are tried before made-up ones fill the batch. */
const MAX_TRIES_PER_MASK = 4

const batchSeed = (seed: number, index: number): number =>
  (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) | 0

function quantisedShare(index: number, { start, full }: CommonOptions['quantiseAfter']): Float32Array {
  return Float32Array.of(
    full <= start ? (index >= start ? 1 : 0) : Math.min(1, Math.max(0, (index - start) / (full - start))),
  )
}

function chooseSet(sets: readonly TrainingSet[], random: Random): TrainingSet {
  let rest = random() * sets.reduce((total, { weight }) => total + weight, 0)
  for (const set of sets) {
    rest -= set.weight
    if (rest < 0) return set
  }
  return sets.at(-1)!
}

/** Draws in a row without a single mask: then there is nothing to learn from, and the run should say so. */
const MAX_EMPTY_DRAWS = 1000

/** A sample with at least one mask. Throws CodecError `missing-input` where many draws in a row have none. */
async function drawUseful(options: Parameters<typeof drawSample>[0], random: Random): Promise<Sample> {
  for (let i = 0; i < MAX_EMPTY_DRAWS; i++) {
    const sample = await drawSample(options, random)
    if (sample.rasters.length > 0) return sample
  }
  throw new CodecError(
    'missing-input',
    `${MAX_EMPTY_DRAWS} windows in a row had no mask of at least ${options.leastShare * 100} % of the window`,
    { hint: 'are the masks large enough, and do their files open? lower leastShare, or check the sets' },
  )
}

type Sample = { readonly rgb: Uint8Array | undefined; readonly rasters: readonly Uint8Array[] }

/** A window of a drawn picture, or a scene, with up to `most` of its masks. */
async function drawSample(
  options: CommonOptions & { readonly side: number; readonly most: number; readonly pixels: boolean },
  random: Random,
): Promise<Sample> {
  const { side, most, augmentation, sets, leastShare } = options
  const leastPixels = Math.max(1, leastShare * side * side)
  if (sets.length === 0 || random() < options.scenes) {
    const scene: Pick<Scene, 'labels' | 'regions'> & Partial<Scene> = options.pixels
      ? drawScene(random, { side, shapes: SCENE_SHAPES })
      : drawRegions(random, { side, shapes: SCENE_SHAPES })
    const rasters = shuffled(regionRasters(scene.labels, scene.regions, leastPixels), random).slice(0, most)
    return { rgb: scene.rgb, rasters }
  }
  const set = chooseSet(sets, random)
  const { masks, pixels } = await set.picture(Math.floor(random() * set.count))
  const size = pixels ?? masks[0]
  if (size === undefined || (options.pixels && pixels === undefined)) return { rgb: undefined, rasters: [] }
  const window = drawWindow(size, side, augmentation, random)
  const ground = [random() * 255, random() * 255, random() * 255] as const
  const rgb = options.pixels ? pixelsThrough(pixels!, window, side, ground) : undefined
  const rasters: Uint8Array[] = []
  for (const mask of shuffled(masks, random).slice(0, MAX_TRIES_PER_MASK * most)) {
    if (rasters.length === most) break
    const raster = maskThrough(mask, window, side)
    if (count(raster) >= leastPixels) rasters.push(raster)
  }
  return { rgb, rasters }
}

function count(raster: Uint8Array): number {
  let total = 0
  for (let i = 0; i < raster.length; i++) total += raster[i]!
  return total
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = out[i]!
    out[i] = out[j]!
    out[j] = kept
  }
  return out
}

/** Parts and unions of masks that are there, for pictures with fewer masks than a batch takes. */
function moreRaster(rasters: readonly Uint8Array[], side: number, random: Random): Uint8Array {
  if (rasters.length === 0 || random() < 0.3) {
    const { labels, regions } = drawRegions(random, { side, shapes: SCENE_SHAPES })
    return shuffled(regionRasters(labels, regions, 1), random)[0]!
  }
  const first = rasters[Math.floor(random() * rasters.length)]!
  const second = rasters[Math.floor(random() * rasters.length)]!
  if (first !== second && random() < 0.5) return first.map((bit, i) => bit | second[i]!)
  // A half of a mask, cut by a line through its middle.
  const angle = random() * 2 * Math.PI
  const [nx, ny] = [Math.cos(angle), Math.sin(angle)]
  const { x, y } = middle(first, side)
  return first.map((bit, i) => (((i % side) - x) * nx + (Math.floor(i / side) - y) * ny > 0 ? bit : 0))
}

function middle(raster: Uint8Array, side: number): { x: number; y: number } {
  let [x, y, total] = [0, 0, 0]
  for (let i = 0; i < raster.length; i++) {
    if (raster[i] === 0) continue
    x += i % side
    y += Math.floor(i / side)
    total++
  }
  return { x: x / total, y: y / total }
}

/** Brightness, contrast, colour and grey of a raster, changed in place. */
function recolour(rgb: Uint8Array, strength: number, random: Random): void {
  if (strength === 0) return
  const around = () => 1 + (random() * 2 - 1) * strength
  const gains = [around(), around(), around()]
  const contrast = around()
  const shift = (random() * 2 - 1) * strength * 60
  const saturation = random() < 0.1 ? 0 : around()
  for (let i = 0; i < rgb.length; i += 3) {
    const grey = (rgb[i]! + rgb[i + 1]! + rgb[i + 2]!) / 3
    for (let c = 0; c < 3; c++) {
      const colour = (grey + (rgb[i + c]! - grey) * saturation) * gains[c]!
      rgb[i + c] = Math.min(255, Math.max(0, (colour - 128) * contrast + 128 + shift))
    }
  }
}

function morphed(raster: Uint8Array, side: number, random: Random): Uint8Array {
  const mask = maskFromRowMajor({ widthPx: side, heightPx: side, bytes: raster })
  const change = [erode, dilate, opening, closing][randomInt(random, 0, 3)]!
  const changed = rowMajorBytes(change(mask, { sizePx: randomInt(random, 2, 9) }))
  return count(changed) > 0 ? changed : raster
}

/** Puts a region of another sample in front of this one: pixels are copied, masks behind it lose what it hides. */
function pasteOver(sample: Sample, other: Sample, random: Random): Sample {
  const front = other.rasters[Math.floor(random() * other.rasters.length)]
  if (front === undefined || sample.rgb === undefined || other.rgb === undefined) return sample
  const rgb = sample.rgb.slice()
  for (let i = 0; i < front.length; i++) {
    if (front[i] === 1) for (let c = 0; c < 3; c++) rgb[i * 3 + c] = other.rgb[i * 3 + c]!
  }
  const rasters = sample.rasters.map((raster) => raster.map((bit, i) => (front[i] === 1 ? 0 : bit)))
  return { rgb, rasters: [...rasters.slice(0, -1), front] }
}

export type SamtokBatchOptions = CommonOptions & {
  /** Side of the picture that the trunk sees; prompts and targets have a quarter of it. */
  readonly imagePx: number
  readonly pictures: number
  readonly masksPerPicture: number
}

/**
 * Batches with the inputs of a SAMTok's training step: `pixels` uint8 [pictures, imagePx, imagePx, 3], and for each mask,
 * picture by picture, `masks` (prompts) and `targets` [masks, imagePx / 4, imagePx / 4] with values 0 to 1, `boxes`
 * [masks, 4] in pixels of the frame; `quantisedShare`, a scalar.
 */
export function samtokBatches(options: SamtokBatchOptions): BatchSource {
  const { imagePx: side, pictures, masksPerPicture, augmentation } = options
  const cells = side / RASTER_FACTOR
  const draw = { ...options, side, most: masksPerPicture, pixels: true }
  return {
    async batch(index): Promise<Feeds> {
      const random = randomFrom(batchSeed(options.seed, index))
      const pixels = new Uint8Array(pictures * side * side * 3)
      const total = pictures * masksPerPicture
      const masks = new Float32Array(total * cells * cells)
      const targets = new Float32Array(total * cells * cells)
      const boxes = new Float32Array(total * 4)
      for (let p = 0; p < pictures; p++) {
        let sample = await drawUseful(draw, random)
        if (random() < augmentation.copyPaste)
          sample = pasteOver(sample, await drawSample(draw, random), random)
        recolour(sample.rgb!, augmentation.colour, random)
        pixels.set(sample.rgb!, p * side * side * 3)
        const rasters = sample.rasters.filter((raster) => count(raster) > 0)
        while (rasters.length < masksPerPicture) {
          const more = moreRaster(rasters, side, random)
          if (count(more) >= options.leastShare * side * side) rasters.push(more)
        }
        rasters.forEach((raster, m) => {
          const changed = random() < augmentation.morphology ? morphed(raster, side, random) : raster
          const at = (p * masksPerPicture + m) * cells * cells
          reduced(changed, side, RASTER_FACTOR, 'triangle', masks, at)
          reduced(changed, side, RASTER_FACTOR, 'box', targets, at)
          boxes.set(rasterBox(changed, side), (p * masksPerPicture + m) * 4)
        })
      }
      return {
        pixels: { data: pixels, shape: [pictures, side, side, 3] },
        masks: { data: masks, shape: [total, cells, cells] },
        targets: { data: targets, shape: [total, cells, cells] },
        boxes: { data: boxes, shape: [total, 4] },
        quantisedShare: { data: quantisedShare(index, options.quantiseAfter), shape: [] },
      }
    },
  }
}

/**
 * First column and row of a raster's foreground, and half a pixel past the last ones' start: where the inclusive last
 * column of the picture itself, some two times as fine, lies on average.
 */
function rasterBox(raster: Uint8Array, side: number): [number, number, number, number] {
  let [left, top, right, bottom] = [side, side, -1, -1]
  for (let i = 0; i < raster.length; i++) {
    if (raster[i] === 0) continue
    const x = i % side
    const y = (i - x) / side
    if (x < left) left = x
    if (x > right) right = x
    if (y < top) top = y
    bottom = y
  }
  return [left, top, right + 0.5, bottom + 0.5]
}

export type HimtokBatchOptions = CommonOptions & {
  readonly sizePx: number
  readonly latents: number
  readonly masks: number
  /** `paper`: all tokens and `partial` drawn prefixes for every mask. `each`: one length a mask, all tokens for `whole` of them. */
  readonly levels:
    | { readonly kind: 'paper' | 'released'; readonly partial: number }
    | { readonly kind: 'each'; readonly whole: number }
  /** Factor on the paper's blur of targets of short prefixes; 0 aims at sharp masks at every length. */
  readonly blur: number
}

/**
 * Batches with the inputs of a HiMTok's training step: `masks` [masks, sizePx, sizePx], `targets` [levels, masks, sizePx,
 * sizePx], `present` [levels, masks, latents], and `quantisedShare`, a scalar.
 */
export function himtokBatches(options: HimtokBatchOptions): BatchSource {
  const { sizePx, latents, masks: total, augmentation, levels, blur } = options
  const side = sizePx * RASTER_FACTOR
  const draw = { ...options, side, most: 4, pixels: false }
  const shares = levelProbabilities(latents)
  return {
    async batch(index): Promise<Feeds> {
      const random = randomFrom(batchSeed(options.seed, index))
      const pixels = sizePx * sizePx
      const masks = new Float32Array(total * pixels)
      let filled = 0
      while (filled < total) {
        const { rasters } = await drawUseful(draw, random)
        for (const raster of rasters.slice(0, total - filled)) {
          const changed = random() < augmentation.morphology ? morphed(raster, side, random) : raster
          reduced(changed, side, RASTER_FACTOR, 'box', masks, filled * pixels)
          filled++
        }
      }
      const plan =
        levels.kind === 'each'
          ? [Array.from({ length: total }, () => drawLength(random, latents, levels.whole, shares))]
          : sampleLevels({ latents, sizePx, partial: levels.partial, variant: levels.kind, random }).map(
              (level) => Array.from({ length: total }, () => level),
            )
      const targets = new Float32Array(plan.length * masks.length)
      const present = new Float32Array(plan.length * total * latents)
      plan.forEach((row, level) => {
        row.forEach(({ tokens, sigmaPx }, m) => {
          const square = masks.subarray(m * pixels, (m + 1) * pixels)
          targets.set(blurTarget(square, sizePx, sigmaPx * blur), (level * total + m) * pixels)
          const at = (level * total + m) * latents
          present.fill(1, at, at + tokens)
        })
      })
      return {
        masks: { data: masks, shape: [total, sizePx, sizePx] },
        targets: { data: targets, shape: [plan.length, total, sizePx, sizePx] },
        present: { data: present, shape: [plan.length, total, latents] },
        quantisedShare: { data: quantisedShare(index, options.quantiseAfter), shape: [] },
      }
    },
  }

  function drawLength(random: Random, most: number, whole: number, weights: Float64Array) {
    if (random() < whole) return { tokens: most, sigmaPx: 0 }
    let rest = random()
    let at = 0
    while (at < weights.length - 1 && (rest -= weights[at]!) >= 0) at++
    return { tokens: at + 1, sigmaPx: levelSigmaPx(at + 1, sizePx) }
  }
}
