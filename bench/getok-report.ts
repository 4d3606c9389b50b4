// GETok on real masks: words a mask, points inside, how well discs cover, and what comes back without a segmenter.
//   node --conditions=@maskwords/source --import tsx bench/getok-report.ts [--json] [--limit PICTURES]
// COCO pictures of odd number and BSDS500 val: none of them fitted the coarse decoder. Masks of at least 1 % of the
// picture count (the paper's objects are larger still); the last table has all sizes.

import { cpus } from 'node:os'
import { type GetokImage, getokCodec, hitShare } from '@maskwords/codecs'
import { area, iou, type Mask, maskFromRings } from '@maskwords/mask'
import { coverMask } from '../packages/codecs/src/getok/cover.ts'
import { cellsToPoints, gridOf } from '../packages/codecs/src/getok/grid.ts'
import { regionPrompt } from '../packages/codecs/src/getok/offset.ts'
import { readRegions } from '../packages/codecs/src/getok/words.ts'
import { bsdsSamples, cocoSamples, haveData, readPicture, type Sample } from './getok-data.ts'

const GRIDS = [16, 32, 64] as const
/** Mean points a mask, table of grid sizes of arXiv 2512.10554. */
const PAPER_TOKENS = { 16: 5.2, 32: 8.7, 64: 14.6 }

type Row = {
  set: string
  least: string
  cells: number
  masks: number
  /** Points a mask, the box's two words not counted. */
  points: number
  paper: number
  bits: number
  hits: number
  cover: number
  box: number
  boxRefined: number
  plain: number
  refined: number
  picture: number
  pictureRefined: number
  encodeMs: number
  decodeMs: number
  decodePictureMs: number
}

const NUMBERS = [
  'points',
  'bits',
  'hits',
  'cover',
  'box',
  'boxRefined',
  'plain',
  'refined',
  'picture',
  'pictureRefined',
  'encodeMs',
  'decodeMs',
  'decodePictureMs',
] as const

function boxIou(mask: Mask, codes: readonly number[], cells: number): number {
  const { vocabulary } = getokCodec({ cells })
  const [region] = readRegions(codes, vocabulary)
  const grid = gridOf({ widthPx: mask.widthPx, heightPx: mask.heightPx, cells })
  const [left, top, right, bottom] = regionPrompt(grid, region!, region!.offsets).boxXyxyPx!
  const ring = [left, top, right, top, right, bottom, left, bottom]
  return iou(mask, maskFromRings({ widthPx: mask.widthPx, heightPx: mask.heightPx, rings: [ring] }))
}

async function measure(set: string, samples: readonly Sample[], cells: number, least: number): Promise<Row> {
  const codec = getokCodec({ cells })
  const sums = Object.fromEntries(NUMBERS.map((name) => [name, 0])) as Record<
    (typeof NUMBERS)[number],
    number
  >
  let count = 0
  for (const { picture, masks } of samples) {
    const wanted = masks.filter((mask) => area(mask) >= least * mask.widthPx * mask.heightPx)
    if (wanted.length === 0) continue
    const pixels = await readPicture(picture)
    const size = { widthPx: pixels.widthPx, heightPx: pixels.heightPx }
    const blind = await codec.encodeImage(size)
    const seen = await codec.encodeImage(pixels)
    const clock = async <T>(name: 'encodeMs' | 'decodeMs' | 'decodePictureMs', job: () => Promise<T>) => {
      // Processor time: the report may share its machine.
      const start = process.cpuUsage()
      const result = await job()
      sums[name] += process.cpuUsage(start).user / 1000
      return result
    }
    const words = await clock('encodeMs', () => codec.encode(blind, wanted))
    const refined = await codec.encode(blind, wanted, { refine: true })
    const decode = (image: GetokImage, list: typeof words) => codec.decode(image, list)
    const plain = await clock('decodeMs', () => decode(blind, words))
    const plainRefined = await decode(blind, refined)
    const coloured = await clock('decodePictureMs', () => decode(seen, words))
    const colouredRefined = await decode(seen, refined)
    const grid = gridOf({ ...size, cells })
    for (let k = 0; k < wanted.length; k++) {
      const mask = wanted[k]!
      const cover = coverMask(grid, mask)
      count++
      sums.points += words[k]!.tokens - 2
      sums.bits += words[k]!.bits
      sums.hits += hitShare(cellsToPoints(grid, cover.cells), mask)
      sums.cover += cover.ious[cover.ious.length - 1]!
      sums.box += boxIou(mask, words[k]!.codes, cells)
      sums.boxRefined += boxIou(mask, refined[k]!.codes, cells)
      sums.plain += iou(mask, plain[k]!.mask)
      sums.refined += iou(mask, plainRefined[k]!.mask)
      sums.picture += iou(mask, coloured[k]!.mask)
      sums.pictureRefined += iou(mask, colouredRefined[k]!.mask)
    }
  }
  const means = Object.fromEntries(NUMBERS.map((name) => [name, sums[name] / count])) as typeof sums
  const paper = PAPER_TOKENS[cells as keyof typeof PAPER_TOKENS]
  return { set, least: `${least * 100} %`, cells, masks: count, paper, ...means }
}

if (haveData()) {
  const at = process.argv.indexOf('--limit')
  const limit = at < 0 ? Number.POSITIVE_INFINITY : Number(process.argv[at + 1])
  const coco = cocoSamples()
    .filter((sample) => sample.held)
    .slice(0, limit)
  const bsds = (await bsdsSamples('val')).slice(0, limit)
  const rows: Row[] = []
  for (const cells of GRIDS) rows.push(await measure('coco', coco, cells, 0.01))
  for (const cells of GRIDS) rows.push(await measure('bsds500', bsds, cells, 0.01))
  rows.push(await measure('coco', coco, 32, 0))
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ machine: cpus()[0]?.model, node: process.version, rows }, undefined, 2))
  } else {
    console.log(`${cpus()[0]?.model} x ${cpus().length}, node ${process.version}`)
    const heads = [
      'set',
      'least',
      'cells',
      'masks',
      'points',
      'paper',
      'bits',
      'hits',
      'cover',
      'box',
      '+off',
      'coarse',
      '+off',
      '+pic',
      '+both',
      'enc ms',
      'dec ms',
      '+pic ms',
    ]
    console.log(heads.map((head) => head.padStart(8)).join(''))
    for (const row of rows) {
      const shares = [
        row.hits,
        row.cover,
        row.box,
        row.boxRefined,
        row.plain,
        row.refined,
        row.picture,
        row.pictureRefined,
      ]
      const cells = [
        row.set,
        row.least,
        row.cells,
        row.masks,
        row.points.toFixed(2),
        row.paper,
        row.bits.toFixed(1),
        ...shares.map((share) => share.toFixed(3)),
        row.encodeMs.toFixed(2),
        row.decodeMs.toFixed(2),
        row.decodePictureMs.toFixed(2),
      ]
      console.log(cells.map((cell) => String(cell).padStart(8)).join(''))
    }
  }
}
