// The quantisers of SAMTok's ablation at the scale of samtok-nano (arXiv 2601.16093, section 4.4): each gets the shipped
// networks, codes of its own that start from nothing, and the same steps on the same batches at 128 pixels; then the mean IoU
// of masks of held-out pictures (BSDS500 val, whole pictures at 256 pixels, squares of 64 x 64).
//   node --conditions=@maskwords/source --import tsx bench/quantisers.ts [--steps N] [--only NAME,...] [--json]
// Needs ../shared/data (see training/samtok-nano.json).
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openCheckpointFile } from '@maskwords/checkpoint'
import { samtokBatches, samtokLoss } from '@maskwords/codec-training'
import { initialWeights, randomFrom, type SamtokConfig } from '@maskwords/codecs'
import {
  add,
  argMax,
  buildModel,
  input,
  openSession,
  parameter,
  randomSource,
  repeatInterleave,
  type Tensor,
} from '@maskwords/graph'
import {
  normalisedPixels,
  promptSide,
  type Quantised,
  residualQuantiser,
  sam2ImageEncoder,
  scalarCodes,
  scalarQuantiser,
} from '@maskwords/models'
import { adamW, buildTrainStep, cosineSchedule, openTrainer, weightsOf, withWarmUp } from '@maskwords/train'
import { readTrainConfig, type SamtokTrainConfig } from '../packages/codec-training/src/config.ts'
import { movingCodebooks } from '../packages/codec-training/src/samtok/moving-codebooks.ts'
import { hardIou } from '../packages/codec-training/src/sets/measures.ts'
import { openTrainingSets } from '../packages/codec-training/src/sets.ts'
import { SAMTOK_PREFIX } from '../packages/codecs/src/samtok/config.ts'
import { printMachine } from './harness.ts'

type Variant =
  | { readonly name: string; readonly codes: number; readonly levels: number }
  | { readonly name: string; readonly steps: readonly number[] }

const VARIANTS: readonly Variant[] = [
  { name: 'none', steps: [] },
  { name: 'VQ 1024', codes: 1024, levels: 1 },
  { name: 'VQ 65536', codes: 65_536, levels: 1 },
  { name: 'FSQ 8 5 5 5', steps: [8, 5, 5, 5] },
  { name: 'FSQ 8 8 8 8 4 4', steps: [8, 8, 8, 8, 4, 4] },
  { name: 'RQ 256 x 2', codes: 256, levels: 2 },
  { name: 'RQ 512 x 2', codes: 512, levels: 2 },
  { name: 'RQ 1024 x 2', codes: 1024, levels: 2 },
  { name: 'RQ 256 x 4', codes: 256, levels: 4 },
  { name: 'RQ 1024 x 4', codes: 1024, levels: 4 },
]

const { values: args } = parseArgs({
  options: {
    steps: { type: 'string', default: '300' },
    only: { type: 'string' },
    threads: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const steps = Number(args.steps)
const threads = Number(args.threads)
const root = join(import.meta.dirname, '..')
const signal = new AbortController().signal
const config = (await readTrainConfig(join(root, 'training/samtok-nano.json'), signal)) as SamtokTrainConfig
const EVALUATION = { pictures: 4, masksPerPicture: 12, batches: 40 }
/** Batches whose vectors the projections of FSQ start from. */
const PROJECTION_BATCHES = 4

const networkAt = (imagePx: number): SamtokConfig => ({
  ...config.network,
  sam2: { ...config.network.sam2, imagePx },
})

async function shippedWeights(): Promise<Map<string, Float32Array>> {
  const file = await openCheckpointFile(
    join(root, 'packages/maskwords/weights/samtok-nano/weights.safetensors'),
  )
  const weights = new Map<string, Float32Array>()
  for (const name of file.tensors.keys()) {
    if (!name.startsWith('quantizer.')) weights.set(name, await file.read(name, { as: 'float32' }))
  }
  await file.close()
  return weights
}

const width = config.network.sam2.width
const residualOf = (variant: { codes: number; levels: number }) => ({
  codes: variant.codes,
  levels: variant.levels,
  width,
  paddingRows: 1,
})

/** The variant's quantiser as a graph; without steps, none. */
function quantiserOf(variant: Variant): (vectors: Tensor) => Quantised {
  if ('codes' in variant) return (vectors) => residualQuantiser(vectors, residualOf(variant))
  return (vectors) => {
    const nothing = vectors.mul(0).mean()
    const { steps: counts } = variant
    const common = { commitment: nothing, residuals: [vectors], codes: argMax(vectors, 1).unsqueeze(1) }
    if (counts.length === 0) return { ...common, vectors, mixed: () => vectors }
    const numbers = counts.length
    const inward = vectors
      .sub(parameter('quantizer.centre', [width]))
      .matmul(parameter('quantizer.in', [width, numbers]))
    const scalars = scalarQuantiser(inward, counts)
    const out = add(
      scalars.vectors.matmul(parameter('quantizer.out', [numbers, width])),
      parameter('quantizer.centre', [width]),
    )
    return {
      ...common,
      codes: scalars.codes.unsqueeze(1),
      vectors: out,
      mixed: (share) => add(vectors, out.sub(vectors).mul(share)),
    }
  }
}

/** Features of the pictures of a batch, one for each of its masks. */
function features(network: SamtokConfig, pictures: number, masksPerPicture: number) {
  const { sam2, prefix = SAMTOK_PREFIX } = network
  const pixels = input('pixels', 'uint8', [pictures, sam2.imagePx, sam2.imagePx, 3])
  const maps = sam2ImageEncoder(normalisedPixels(pixels), sam2, prefix, { differentiable: true })
  const each = (map: Tensor) => repeatInterleave(map, 0, masksPerPicture)
  return { coarse: each(maps.coarse), middle: each(maps.middle), fine: each(maps.fine) }
}

function lossOf(
  network: SamtokConfig,
  variant: Variant,
  batch: { pictures: number; masksPerPicture: number },
) {
  const count = batch.pictures * batch.masksPerPicture
  const { points: _, ...weights } = config.loss
  const loss = samtokLoss({
    config: network,
    features: features(network, batch.pictures, batch.masksPerPicture),
    count,
    quantiser: quantiserOf(variant),
    quantisedShare: input('quantisedShare', 'float32', []),
    alternative: config.alternative,
    evenLogit: config.evenLogit,
    weights,
  })
  const side = 4 * promptSide(network.sam2)
  const targets = input('targets', 'float32', [count, side, side])
  return { loss, iou: hardIou(loss.logits.sub(config.evenLogit), targets) }
}

/** The first `numbers` principal axes of vectors, scaled so that tanh uses its range, and the way back. */
function projections(vectors: Float32Array, numbers: number): Map<string, Float32Array> {
  const count = vectors.length / width
  const centre = new Float32Array(width)
  for (let i = 0; i < vectors.length; i++) centre[i % width]! += vectors[i]! / count
  const rows = vectors.map((value, i) => value - centre[i % width]!)
  const inward = new Float32Array(width * numbers)
  const outward = new Float32Array(numbers * width)
  const random = randomFrom(1)
  for (let axis = 0; axis < numbers; axis++) {
    let direction = Float64Array.from({ length: width }, () => random() - 0.5)
    let variance = 0
    for (let round = 0; round < 50; round++) {
      const next = new Float64Array(width)
      variance = 0
      for (let item = 0; item < count; item++) {
        let dot = 0
        for (let i = 0; i < width; i++) dot += rows[item * width + i]! * direction[i]!
        variance += dot * dot
        for (let i = 0; i < width; i++) next[i]! += dot * rows[item * width + i]!
      }
      const norm = Math.hypot(...next)
      direction = next.map((value) => value / norm)
    }
    const deviation = Math.sqrt(variance / count)
    for (let i = 0; i < width; i++) {
      inward[i * numbers + axis] = direction[i]! / deviation
      outward[axis * width + i] = direction[i]! * deviation * 1.5
    }
    for (let item = 0; item < count; item++) {
      let dot = 0
      for (let i = 0; i < width; i++) dot += rows[item * width + i]! * direction[i]!
      for (let i = 0; i < width; i++) rows[item * width + i]! -= dot * direction[i]!
    }
  }
  return new Map([
    ['quantizer.centre', centre],
    ['quantizer.in', inward],
    ['quantizer.out', outward],
  ])
}

async function main(): Promise<void> {
  const shipped = await shippedWeights()
  const read = (data: typeof config.data) =>
    openTrainingSets({ data, pixels: true, signal, onFailure: () => {} })
  const training = samtokBatches({
    sets: await read(config.data),
    seed: config.seed,
    augmentation: config.augmentation,
    scenes: config.data.scenes,
    leastShare: config.data.leastShare,
    quantiseAfter: { start: 0, full: steps / 3 },
    ...config.batch,
    imagePx: 128,
  })
  const heldOut = samtokBatches({
    sets: await read({ ...config.data, sets: [{ truth: config.evaluation!.truth, weight: 1 }] }),
    seed: 0,
    augmentation: {
      ...config.augmentation,
      whole: 1,
      mirror: [0, 0],
      colour: 0,
      morphology: 0,
      copyPaste: 0,
    },
    scenes: 0,
    leastShare: 0.01,
    quantiseAfter: { start: 0, full: 0 },
    ...EVALUATION,
    imagePx: 256,
  })
  if (!args.json) printMachine('quantisers of SAMTok')
  const wanted = args.only?.split(',')
  for (const variant of VARIANTS.filter(({ name }) => wanted?.includes(name) ?? true)) {
    const started = performance.now()
    const trained = await fineTuned(variant, shipped, training)
    const iou = await measured(variant, trained, heldOut)
    const codes = 'codes' in variant ? variant.codes ** variant.levels : scalarCodes(variant.steps)
    const bits = codes === 1 ? undefined : Math.log2(codes)
    const seconds = (performance.now() - started) / 1000
    if (args.json) console.log(JSON.stringify({ ...variant, bits, iou, steps, seconds }))
    else
      console.log(
        `${variant.name.padEnd(18)} ${(bits?.toFixed(1) ?? '-').padStart(5)} bits  mean IoU ${iou.toFixed(3)}  ${seconds.toFixed(0)} s`,
      )
  }
}

type Weights = (name: string, shape: readonly number[]) => Float32Array
type Source = ReturnType<typeof samtokBatches>

async function startOf(
  variant: Variant,
  shipped: Map<string, Float32Array>,
  source: Source,
): Promise<Weights> {
  const fresh = initialWeights(config.seed)
  const own =
    'codes' in variant || variant.steps.length === 0
      ? new Map<string, Float32Array>()
      : projections(await vectorsOf(shipped, source), variant.steps.length)
  return (name, shape) => own.get(name) ?? shipped.get(name) ?? fresh(name, shape)
}

async function vectorsOf(shipped: Map<string, Float32Array>, source: Source): Promise<Float32Array> {
  const { loss } = lossOf(networkAt(128), VARIANTS[0]!, config.batch)
  const model = buildModel({
    outputs: { vectors: loss.quantised.vectors },
    weights: (name) => shipped.get(name)!,
  })
  const session = await openSession(model, { threads })
  const parts: number[] = []
  for (let i = 0; i < PROJECTION_BATCHES; i++) {
    const { pixels, masks, boxes } = await source.batch(i)
    const { vectors } = await session.run({ pixels: pixels!, masks: masks!, boxes: boxes! })
    parts.push(...(vectors!.data as Float32Array))
  }
  await session.close()
  return Float32Array.from(parts)
}

async function fineTuned(
  variant: Variant,
  shipped: Map<string, Float32Array>,
  source: Source,
): Promise<Map<string, Float32Array>> {
  const { loss, iou } = lossOf(networkAt(128), variant, config.batch)
  const seed = input('seed', 'int64', [])
  const moving =
    'codes' in variant
      ? movingCodebooks(loss.quantised, residualOf(variant), {
          ...config.codebooks,
          random: randomSource(seed),
        })
      : undefined
  const peak = 5e-4
  const weights = await startOf(variant, shipped, source)
  const step = buildTrainStep({
    loss: loss.total,
    metrics: { iou: iou.mean() },
    optimiser: adamW({
      learningRate: withWarmUp(20, cosineSchedule({ peak, steps: Math.max(1, steps - 20), end: peak / 20 })),
      beta1: config.optimiser.beta1,
      beta2: config.optimiser.beta2,
      weightDecay: config.optimiser.weightDecay,
    }),
    ...(moving === undefined
      ? {}
      : { followed: moving.followed, random: { input: seed, seed: config.seed } }),
    frozen: [/positional_encoding_gaussian_matrix$/],
    weights,
    clipNorm: config.optimiser.clipNorm,
    averageDecay: 0.98,
    averageWarmUp: true,
  })
  const trainer = await openTrainer({ step, from: { weights }, threads })
  for (let i = 0; i < steps; i++) {
    const metrics = await trainer.update(await source.batch(i))
    if (i % 25 === 24)
      process.stderr.write(`${variant.name}: step ${i + 1}, IoU ${metrics.iou!.toFixed(3)}\n`)
  }
  const state = await trainer.state()
  await trainer.close()
  return new Map([...shipped, ...weightsOf(state, { average: true })])
}

async function measured(
  variant: Variant,
  weights: Map<string, Float32Array>,
  source: Source,
): Promise<number> {
  const { iou } = lossOf(networkAt(256), variant, EVALUATION)
  const fresh = initialWeights(config.seed)
  const model = buildModel({
    outputs: { iou },
    weights: (name, shape) => weights.get(name) ?? fresh(name, shape),
  })
  const session = await openSession(model, { threads })
  let total = 0
  let count = 0
  for (let i = 0; i < EVALUATION.batches; i++) {
    const batch = await source.batch(i)
    const result = await session.run(Object.fromEntries(model.inputs.map(({ name }) => [name, batch[name]!])))
    for (const one of result.iou!.data as Float32Array) {
      total += one
      count++
    }
  }
  await session.close()
  return total / count
}

await main()
