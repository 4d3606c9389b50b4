// Trains the click head of samtok-nano (packages/models/src/click/head.ts): its picture encoder stays as it is.
//   node --conditions=@maskwords/source --import tsx training/click-nano.ts OUT.safetensors [steps] [seed] [peak rate] [FROM.safetensors]
// Pictures: BSDS500 train and the COCO pool without its held-out quarter, whole and mirrored, and one crop of each. Clicks are
// made as a person makes them: somewhere deep in what is most wrong; the answer before goes in with the next click.
import { join } from 'node:path'
import { choosePictures, planTruth, truthPictures } from '@maskwords/benchmarks'
import { openCheckpointFile, writeSafetensorsFile } from '@maskwords/checkpoint'
import { loadCodec } from '@maskwords/codec-loading'
import type { SamtokCodec } from '@maskwords/codecs'
import { inHoldout } from '@maskwords/datasets'
import { bceWithLogits, buildModel, diceLoss, input, openSession, sigmoid } from '@maskwords/graph'
import {
  area,
  crop,
  flipHorizontal,
  type Mask,
  maskFromRowMajor,
  resizeBilinear,
  rowMajorBytes,
  squaredDistances,
  tightBox,
} from '@maskwords/mask'
import { CLICK_HEAD, clickHead, clickHeadInputs } from '@maskwords/models'
import {
  adamW,
  buildTrainStep,
  cosineSchedule,
  openTrainer,
  parametersOf,
  weightsOf,
  withWarmUp,
} from '@maskwords/train'
import { type Prompt, type PromptPoint, promptMaps } from '../packages/selection/src/prompt.ts'

const [out = 'click-nano.safetensors', stepText = '2400', seedText = '1', peakText = '0.003', from] =
  process.argv.slice(2)
const STEPS = Number(stepText)
const BATCH = 16
const PEAK = Number(peakText)
const MOST_ROUNDS = 5
/** Shares of a picture below which a region is no object to click on. */
const LEAST_SHARE = 0.006
const BOXED = 0.25
const DATA = process.env['MASKWORDS_DATA'] ?? join(import.meta.dirname, '../../shared/data')
const SIDE = 4 * CLICK_HEAD.side
const CELLS = SIDE * SIDE

let state = Number(seedText) * 2654435761
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}
const below = (n: number): number => Math.floor(random() * n)

type View = {
  readonly coarse: Float32Array
  readonly middle: Float32Array
  readonly fine: Float32Array
  /** Shares of the object in each cell, a byte each: [masks][side x side]. */
  readonly masks: readonly Uint8Array[]
}

const cellsOf = (mask: Mask): Uint8Array => {
  const { widthPx, heightPx } = mask
  const values = Float32Array.from(rowMajorBytes(mask))
  const small = resizeBilinear(
    { widthPx, heightPx, values },
    { widthPx: SIDE, heightPx: SIDE },
    { antialias: true },
  )
  return Uint8Array.from(small.values, (value) => Math.round(255 * value))
}

async function viewsOf(
  truth: string,
  isTraining: (id: string) => boolean,
  codec: SamtokCodec,
): Promise<View[]> {
  const signal = new AbortController().signal
  const plan = await planTruth({ truth, signal, pictures: undefined })
  const chosen = choosePictures(plan.pictures, { holdout: undefined, ids: undefined, limit: undefined })
  const views: View[] = []
  const options = {
    minShare: LEAST_SHARE,
    skipped: { crowd: 0, small: 0, empty: 0 },
    failures: [],
    maxPixels: undefined,
    signal,
    onPassed: () => {},
  }
  for await (const picture of truthPictures(
    chosen.filter(({ id }) => isTraining(id)),
    options,
  )) {
    const { widthPx, heightPx, rgb } = picture
    const masks = picture.masks.map(({ mask }) => mask)
    const add = async (
      pixels: { widthPx: number; heightPx: number; rgb: Uint8Array },
      of: readonly Mask[],
    ) => {
      const share = LEAST_SHARE * pixels.widthPx * pixels.heightPx
      const kept = of.filter((mask) => area(mask) >= share)
      if (kept.length === 0) return
      const { coarse, middle, fine } = await codec.encodeImage(pixels)
      views.push({ coarse, middle, fine, masks: kept.map(cellsOf) })
    }
    const pixels = { widthPx, heightPx, rgb }
    await add(pixels, masks)
    await add(
      mirrored(pixels),
      masks.map((mask) => flipHorizontal(mask)),
    )
    const scale = 0.5 + 0.35 * random()
    const [width, height] = [Math.floor(widthPx * scale), Math.floor(heightPx * scale)]
    const box = { x: below(widthPx - width), y: below(heightPx - height), width, height }
    const part = cropped(pixels, box)
    const isMirrored = random() < 0.5
    const parts = masks.map((mask) => crop(mask, box))
    await add(
      isMirrored ? mirrored(part) : part,
      isMirrored ? parts.map((mask) => flipHorizontal(mask)) : parts,
    )
    if (views.length % 150 < 3) console.log(`${views.length} views`)
  }
  return views
}

type Pixels = { readonly widthPx: number; readonly heightPx: number; readonly rgb: Uint8Array }

function cropped(
  { widthPx, rgb }: Pixels,
  box: { x: number; y: number; width: number; height: number },
): Pixels {
  const bytes = new Uint8Array(box.width * box.height * 3)
  for (let y = 0; y < box.height; y++) {
    const from = 3 * ((box.y + y) * widthPx + box.x)
    bytes.set(rgb.subarray(from, from + 3 * box.width), 3 * y * box.width)
  }
  return { widthPx: box.width, heightPx: box.height, rgb: bytes }
}

function mirrored({ widthPx, heightPx, rgb }: Pixels): Pixels {
  const bytes = new Uint8Array(rgb.length)
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const [from, to] = [3 * (y * widthPx + x), 3 * (y * widthPx + widthPx - 1 - x)]
      for (let channel = 0; channel < 3; channel++) bytes[to + channel] = rgb[from + channel]!
    }
  }
  return { widthPx, heightPx, rgb: bytes }
}

/** One object that is being clicked on. */
type Slot = {
  view: View
  truth: Uint8Array
  points: PromptPoint[]
  box: Prompt['box']
  before: Float32Array | undefined
  rounds: number
}

const square = { widthPx: SIDE, heightPx: SIDE }
const maskOf = (bytes: Uint8Array): Mask => maskFromRowMajor({ ...square, bytes })

/** A point deep in one of two masks, the one that is deeper; undefined where both are empty. */
function nextPoint(missing: Uint8Array, wrong: Uint8Array): PromptPoint | undefined {
  const maps = [missing, wrong].map((bytes) => squaredDistances(maskOf(bytes)).squaredPx)
  const deepest = maps.map((map) => map.reduce((a, b) => Math.max(a, b), 0))
  const plus = deepest[0]! >= deepest[1]!
  const map = maps[plus ? 0 : 1]!
  const most = deepest[plus ? 0 : 1]!
  if (most === 0) return undefined
  // People do not find the very middle.
  const least = most * (0.2 + 0.8 * random()) ** 2
  const good: number[] = []
  for (let i = 0; i < CELLS; i++) if (map[i]! >= least && map[i]! > 0) good.push(i)
  const at = good[below(good.length)]!
  return { xPx: (at % SIDE) + random(), yPx: Math.floor(at / SIDE) + random(), plus }
}

function startSlot(sets: readonly (readonly View[])[]): Slot {
  for (;;) {
    const views = sets[below(sets.length)]!
    const view = views[below(views.length)]!
    const truth = view.masks[below(view.masks.length)]!
    const inside = truth.map((value) => (value > 127 ? 1 : 0))
    const { x, y, width, height } = tightBox(maskOf(inside))
    if (width * height === 0) continue
    const jitter = (size: number): number => (random() - 0.5) * 0.16 * size
    const isBoxed = random() < BOXED
    const box = isBoxed
      ? ([
          x + jitter(width),
          y + jitter(height),
          x + width + jitter(width),
          y + height + jitter(height),
        ] as const)
      : undefined
    const first = nextPoint(inside, new Uint8Array(CELLS))!
    const rounds = 1 + below(MOST_ROUNDS)
    return { view, truth, points: isBoxed ? [] : [first], box, before: undefined, rounds }
  }
}

const codec = (await loadCodec(join(import.meta.dirname, '../packages/maskwords/weights/samtok-nano'), {
  session: { threads: 1 },
})) as SamtokCodec
const sets = [
  await viewsOf(join(DATA, 'bsds500/train'), () => true, codec),
  await viewsOf(join(DATA, 'coco-pool/instances.json'), (id) => !inHoldout(id, 0, 4), codec),
]
await codec.close()
console.log(`${sets.map((views) => views.length).join(' + ')} views`)

const inputs = clickHeadInputs(CLICK_HEAD, 'objects')
const logits = clickHead(inputs, CLICK_HEAD)
const truth = input('truth', 'float32', ['objects', SIDE, SIDE])
const parameters = parametersOf(logits)
const weights: Record<string, Float32Array> = {}
for (const parameter of parameters) {
  const name = (parameter.node.leaf as { name: string }).name
  const shape = parameter.shape as readonly number[]
  const count = shape.reduce((a, b) => a * b, 1)
  const isNorm = shape.length === 1 && name.endsWith('.weight')
  const spread = Math.sqrt(2 / Math.max(1, count / shape[0]!)) * (name.includes('blocks') ? 0.5 : 1)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  weights[name] = Float32Array.from({ length: count }, () =>
    isNorm ? 1 : name.endsWith('.bias') ? 0 : spread * normal(),
  )
}
if (from !== undefined) {
  const file = await openCheckpointFile(from)
  for (const name of Object.keys(weights)) weights[name] = await file.read(name, { as: 'float32' })
  await file.close()
}
console.log(`${Object.values(weights).reduce((sum, { length }) => sum + length, 0)} numbers`)
const step = buildTrainStep({
  loss: bceWithLogits(logits, truth).add(
    diceLoss(sigmoid(logits), truth, { axes: [1, 2], smooth: 1 }).mean(),
  ),
  optimiser: adamW({
    learningRate: withWarmUp(50, cosineSchedule({ peak: PEAK, steps: STEPS })),
    weightDecay: 0.01,
  }),
  clipNorm: 1,
  averageDecay: 0.99,
  averageWarmUp: true,
})
const trainer = await openTrainer({ step, from: { weights }, worker: false, threads: 1 })
const forward = await openSession(
  buildModel({
    outputs: { share: sigmoid(logits) },
    weights: Object.fromEntries(Object.keys(weights).map((name) => [name, 'input'])),
  }),
  { threads: 1 },
)
const slots = Array.from({ length: BATCH }, () => startSlot(sets))
const started = performance.now()
let [loss, ious, seen] = [0, 0, 0]
for (let at = 0; at < STEPS; at++) {
  const stacked = (key: 'coarse' | 'middle' | 'fine'): Float32Array => {
    const size = slots[0]!.view[key].length
    const all = new Float32Array(BATCH * size)
    slots.forEach(({ view }, slot) => {
      all.set(view[key], slot * size)
    })
    return all
  }
  const prompts = new Float32Array(BATCH * 5 * CELLS)
  slots.forEach(({ points, box, before }, slot) => {
    prompts.set(promptMaps({ points, box }, square, { side: SIDE, before }), slot * 5 * CELLS)
  })
  const { width, side } = CLICK_HEAD
  const feeds = {
    coarse: { data: stacked('coarse'), shape: [BATCH, width, side, side] },
    middle: { data: stacked('middle'), shape: [BATCH, width / 4, 2 * side, 2 * side] },
    fine: { data: stacked('fine'), shape: [BATCH, width / 8, SIDE, SIDE] },
    prompts: { data: prompts, shape: [BATCH, 5, SIDE, SIDE] },
  }
  const wanted = new Float32Array(BATCH * CELLS)
  slots.forEach(({ truth: cells }, slot) => {
    for (let i = 0; i < CELLS; i++) wanted[slot * CELLS + i] = cells[i]! / 255
  })
  loss += (await trainer.update({ ...feeds, truth: { data: wanted, shape: [BATCH, SIDE, SIDE] } }))['loss']!
  const now = await trainer.weights()
  const shares = (
    await forward.run({
      ...feeds,
      ...Object.fromEntries(
        Object.entries(now).map(([name, data]) => [name, { data, shape: shapeOf(name) }]),
      ),
    })
  )['share']!.data as Float32Array
  slots.forEach((slot, i) => {
    const share = shares.slice(i * CELLS, (i + 1) * CELLS)
    const missing = new Uint8Array(CELLS)
    const wrong = new Uint8Array(CELLS)
    let [both, either] = [0, 0]
    for (let k = 0; k < CELLS; k++) {
      const [is, says] = [slot.truth[k]! > 127, share[k]! > 0.5]
      if (is && !says) missing[k] = 1
      if (says && !is) wrong[k] = 1
      if (is && says) both++
      if (is || says) either++
    }
    ious += both / Math.max(1, either)
    seen++
    const point = nextPoint(missing, wrong)
    slot.rounds--
    if (slot.rounds === 0 || point === undefined) slots[i] = startSlot(sets)
    else {
      slot.points.push(point)
      // What was there before is not always there: a person may have undone it.
      slot.before = random() < 0.85 ? share : undefined
    }
  })
  if ((at + 1) % 100 === 0) {
    const perStep = (performance.now() - started) / (at + 1)
    console.log(
      `step ${at + 1}: loss ${(loss / 100).toFixed(3)}, IoU of 64 x 64 ${(ious / seen).toFixed(3)}, ${perStep.toFixed(0)} ms a step`,
    )
    ;[loss, ious, seen] = [0, 0, 0]
    await save()
  }
}
await save()

function shapeOf(name: string): number[] {
  return [...parameters.find((one) => (one.node.leaf as { name: string }).name === name)!.shape] as number[]
}

async function save(): Promise<void> {
  const averages = weightsOf(await trainer.state(), { average: true })
  await writeSafetensorsFile(out, {
    tensors: [...averages].map(([name, data]) => ({
      name,
      dtype: 'float32' as const,
      shape: shapeOf(name),
      data,
    })),
    storeFloatsAs: 'float16',
  })
}
