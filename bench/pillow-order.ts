// What the order of Pillow's passes does to the codes of samtok-nano: pictures of a COCO folder whose sides make the orders differ,
// every mask of them encoded once as with Pillow 12.1 and once as with Pillow 13.
//
//   node --conditions=@maskwords/source --import tsx bench/pillow-order.ts ../shared/data/coco-pool [pictures]
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MaskCodec } from '@maskwords/codecs'
import { type DataRecord, readerByName, regionMask } from '@maskwords/datasets'
import { decodePicture, describePicture, loadCodec } from '@maskwords/files'
import { area, iou, isColumnsFirst, type Mask, resizeBicubicPillow } from '@maskwords/mask'

/** The side that samtok-nano sees. */
const SIDE = { widthPx: 256, heightPx: 256 }
const [root = '../shared/data/coco-pool', limit = '1000000'] = process.argv.slice(2)
const codecs = [await loadCodec('samtok-nano'), await loadCodec('samtok-nano', { pillow: '13' })] as const
const sum = {
  pictures: 0,
  differ: 0,
  masks: 0,
  changedMasks: 0,
  codes: 0,
  changedCodes: 0,
  levels: 0,
  bytes: 0,
}
const ious = [0, 0]
let worst = 0

async function picture(record: DataRecord): Promise<void> {
  const { file } = record.picture
  const bytes = readFileSync(join(root, file))
  const info = await describePicture(bytes, { name: file })
  const signal = new AbortController().signal
  const options = { name: file, exif: 'ignore', alpha: 'drop', icc: 'ignore', signal } as const
  const { widthPx, heightPx, rgb } = await decodePicture(bytes, info, options)
  const pixels = { widthPx, heightPx, channels: 3 as const, bytes: rgb }
  const [rows, columns] = (['pillow-12.1', 'pillow-13'] as const).map(
    (as) => resizeBicubicPillow(pixels, SIDE, { as }).bytes,
  ) as [Uint8Array, Uint8Array]
  rows.forEach((byte, i) => {
    const off = Math.abs(byte - columns[i]!)
    worst = Math.max(worst, off)
    if (off > 0) sum.levels++
  })
  sum.bytes += rows.length
  const masks = record.regions
    .map((region): Mask | undefined => {
      try {
        return regionMask(record, region, { root })
      } catch {
        return undefined
      }
    })
    .filter((mask) => mask !== undefined && area(mask) > 0) as Mask[]
  const said: (readonly number[])[][] = []
  for (const [k, codec] of codecs.entries()) {
    const image = await codec.encodeImage({ widthPx, heightPx, rgb })
    const words = await codec.encode(image, masks)
    said.push(words.map(({ codes }) => [...codes]))
    const decoded = await codec.decode(
      image,
      words.map(({ codes }) => codes) as Parameters<MaskCodec['decode']>[1],
    )
    decoded.forEach(({ mask }, i) => {
      ious[k]! += iou(mask, masks[i]!)
    })
  }
  masks.forEach((_, i) => {
    const [old, now] = [said[0]![i]!, said[1]![i]!]
    const changed = old.filter((code, level) => code !== now[level]).length
    sum.masks++
    sum.codes += old.length
    sum.changedCodes += changed
    if (changed > 0) sum.changedMasks++
  })
}

const onProblem = () => undefined
for await (const record of readerByName('coco')!.read({ root, onProblem })) {
  sum.pictures++
  if (!isColumnsFirst('pillow-13', record.picture, SIDE)) continue
  if (sum.differ >= Number(limit)) continue
  sum.differ++
  await picture(record)
}
for (const codec of codecs) await codec.close()
const share = (part: number, all: number) => `${((100 * part) / all).toFixed(1)} %`
console.log(
  [
    `pictures whose order differs: ${sum.differ} of ${sum.pictures}`,
    `bytes of the resized pictures that differ: ${share(sum.levels, sum.bytes)}, by up to ${worst} levels`,
    `masks with another code: ${sum.changedMasks} of ${sum.masks} (${share(sum.changedMasks, sum.masks)})`,
    `codes that differ: ${sum.changedCodes} of ${sum.codes} (${share(sum.changedCodes, sum.codes)})`,
    `mean IoU of what the codes draw: ${ious.map((one) => (one / sum.masks).toFixed(4)).join(' and ')}`,
  ].join('\n'),
)
