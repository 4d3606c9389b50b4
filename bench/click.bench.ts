// From clicks to an object, on pictures that nothing was trained on: mean IoU after 1, 3 and 5 clicks of the studio's tool "Object"
// (click head of samtok-nano, then the random walker along edges), of the head alone, and of the magic selection.
//   node --conditions=@maskwords/source --import tsx bench/click.bench.ts [pictures of each set] [masks a picture]
// Clicks as in the literature: each in the middle of what is most wrong, by the distance to its border. Needs ../shared/data.
import { join } from 'node:path'
import { similarRegion } from '../apps/board/src/canvas/flood.ts'
import { choosePictures, planTruth, truthPictures } from '../packages/benchmarks/src/index.ts'
import { openCheckpointFile } from '../packages/checkpoint/src/index.ts'
import { loadCodec } from '../packages/codec-loading/src/index.ts'
import { parametersOf, type SamtokCodec } from '../packages/codecs/src/index.ts'
import { inHoldout } from '../packages/datasets/src/index.ts'
import { buildModel, openSession } from '../packages/graph/src/index.ts'
import {
  emptyMask,
  farthestInsidePoint,
  iou,
  type Mask,
  maskFromRowMajor,
  resizeBilinear,
  subtract,
  union,
} from '../packages/mask/src/index.ts'
import { CLICK_HEAD, clickHead, clickHeadInputs } from '../packages/models/src/index.ts'
import { latticeOf, type PromptPoint, promptMaps, refined } from '../packages/selection/src/index.ts'
import { printMachine } from './harness.ts'

const [pictures = 30, masksEach = 2] = process.argv.slice(2).map(Number)
const DATA = process.env['MASKWORDS_DATA'] ?? join(import.meta.dirname, '../../shared/data')
const WEIGHTS = join(import.meta.dirname, '../packages/maskwords/weights/samtok-nano')
const CLICKS = 5
const MIN_SHARE = 0.01
const MAGIC_TOLERANCE = 24
const SIDE = 4 * CLICK_HEAD.side
const signal = new AbortController().signal

const codec = (await loadCodec(WEIGHTS, { session: { threads: 1 } })) as SamtokCodec
const logits = clickHead(clickHeadInputs(CLICK_HEAD, 1), CLICK_HEAD)
const file = await openCheckpointFile(join(WEIGHTS, 'click.safetensors'))
const weights = new Map<string, Float32Array>()
for (const name of parametersOf([logits]).keys()) weights.set(name, await file.read(name, { as: 'float32' }))
await file.close()
const head = await openSession(buildModel({ outputs: { logits }, weights }), { threads: 1 })

type Way = (points: readonly PromptPoint[]) => Promise<Mask>
type Scene = Awaited<ReturnType<typeof truthPictures>> extends AsyncGenerator<infer One> ? One : never

/** Milliseconds of processor time, which a busy machine does not change. */
const times: number[] = []

/** Ways from points to a mask on one picture; each is started anew for every object. */
async function waysOf(picture: Scene): Promise<Record<string, () => Way>> {
  const { widthPx, heightPx, rgb } = picture
  const image = await codec.encodeImage(picture)
  const lattice = latticeOf(picture)
  const byHead = (exact: boolean) => (): Way => {
    let before: Float32Array | undefined
    return async (points) => {
      const start = process.cpuUsage()
      const { side, width } = CLICK_HEAD
      const answer = await head.run({
        coarse: { data: image.coarse, shape: [1, width, side, side] },
        middle: { data: image.middle, shape: [1, width / 4, 2 * side, 2 * side] },
        fine: { data: image.fine, shape: [1, width / 8, SIDE, SIDE] },
        prompts: {
          data: promptMaps({ points }, picture, { side: SIDE, before }),
          shape: [1, 5, SIDE, SIDE],
        },
      })
      const values = answer['logits']!.data as Float32Array
      before = values.map((x) => 1 / (1 + Math.exp(-x)))
      if (exact) {
        const mask = refined(lattice, { side: SIDE, values }, { points })
        const { user, system } = process.cpuUsage(start)
        times.push((user + system) / 1000)
        return mask
      }
      const large = resizeBilinear({ widthPx: SIDE, heightPx: SIDE, values }, { widthPx, heightPx }).values
      const bytes = Uint8Array.from(large, (value) => (value > 0 ? 1 : 0))
      return maskFromRowMajor({ widthPx, heightPx, bytes })
    }
  }
  const magic = (): Way => {
    let mask = emptyMask(widthPx, heightPx)
    return async (points) => {
      const { xPx, yPx, plus } = points.at(-1)!
      const job = {
        widthPx,
        heightPx,
        rgb,
        x: Math.floor(xPx),
        y: Math.floor(yPx),
        tolerance: MAGIC_TOLERANCE,
      }
      mask = (plus ? union : subtract)(mask, similarRegion(job))
      return mask
    }
  }
  return { 'magic selection': magic, 'head alone': byHead(false), 'head and edges': byHead(true) }
}

/** IoU after each click. */
async function clicked(way: Way, truth: Mask): Promise<number[]> {
  const points: PromptPoint[] = []
  const found: number[] = []
  let mask = emptyMask(truth.widthPx, truth.heightPx)
  for (let click = 0; click < CLICKS; click++) {
    const missing = farthestInsidePoint(subtract(truth, mask))
    const wrong = farthestInsidePoint(subtract(mask, truth))
    const plus = (missing?.distancePx ?? 0) >= (wrong?.distancePx ?? 0)
    const at = plus ? missing : wrong
    if (at !== undefined) {
      points.push({ xPx: at.x + 0.5, yPx: at.y + 0.5, plus })
      mask = await way(points)
    }
    found.push(iou(mask, truth))
  }
  return found
}

printMachine('clicks')
const sets = [
  { name: 'BSDS500 val', truth: join(DATA, 'bsds500/val'), isHeldOut: () => true },
  {
    name: 'COCO pool, held out',
    truth: join(DATA, 'coco-pool/instances.json'),
    isHeldOut: (id: string) => inHoldout(id, 0, 4),
  },
]
for (const { name, truth, isHeldOut } of sets) {
  const plan = await planTruth({ truth, signal, pictures: undefined })
  const chosen = choosePictures(plan.pictures, { holdout: undefined, ids: undefined, limit: undefined })
  const options = {
    minShare: MIN_SHARE,
    skipped: { crowd: 0, small: 0, empty: 0 },
    failures: [],
    maxPixels: undefined,
    signal,
    onPassed: () => {},
  }
  const sums = new Map<string, number[]>()
  let masks = 0
  for await (const picture of truthPictures(
    chosen.filter(({ id }) => isHeldOut(id)).slice(0, pictures),
    options,
  )) {
    const ways = await waysOf(picture)
    // Spread over the list: the first of a label map are of one annotator.
    const step = Math.max(1, Math.floor(picture.masks.length / masksEach))
    for (const { mask } of picture.masks.filter((_, i) => i % step === 0).slice(0, masksEach)) {
      masks++
      for (const [way, start] of Object.entries(ways)) {
        const found = await clicked(start(), mask)
        const sum = sums.get(way) ?? new Array<number>(CLICKS).fill(0)
        sums.set(
          way,
          sum.map((value, click) => value + found[click]!),
        )
      }
    }
  }
  console.log(`${name}, ${masks} masks of at least 1 %: mean IoU after 1, 2, 3, 4 and 5 clicks`)
  for (const [way, sum] of sums) {
    console.log(`  ${way.padEnd(16)} ${sum.map((value) => (value / masks).toFixed(3)).join('  ')}`)
  }
}
times.sort((a, b) => a - b)
console.log(
  `a click, head and edges, processor time: median ${times[times.length >> 1]!.toFixed(0)} ms, worst ${times.at(-1)!.toFixed(0)} ms`,
)
await head.close()
await codec.close()
