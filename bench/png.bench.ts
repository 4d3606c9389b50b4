// PNG reading and writing against node:zlib doing the compression (the same filters, chunks and checks of this house around
// it), and label maps to masks against one search a label.

import { deflateSync, inflateSync } from 'node:zlib'
import {
  labelMapToPng,
  maskFromPng,
  maskFromRowMajor,
  masksFromLabelMap,
  maskToPng,
  pictureToPng,
  readPng,
} from '@maskwords/mask'
import { applyFilters, undoFilters } from '../packages/mask/src/png/filter.ts'
import { bestNs, printMachine, printRows, type Row } from './harness.ts'

const widthPx = 1024
const heightPx = 1024
const pixels = widthPx * heightPx

function at(i: number): [x: number, y: number] {
  return [i % widthPx, Math.floor(i / widthPx)]
}

const circle = maskFromRowMajor({
  widthPx,
  heightPx,
  bytes: new Uint8Array(pixels).map((_, i) => {
    const [x, y] = at(i)
    return (x - 500) ** 2 + (y - 400) ** 2 < 90000 + 9000 * Math.sin(x / 9) ? 1 : 0
  }),
})
const labels = {
  widthPx,
  heightPx,
  values: new Uint8Array(pixels).map((_, i) => {
    const [x, y] = at(i)
    return 1 + ((((x + 20 * Math.sin(y / 30)) >> 6) + 16 * ((y + 20 * Math.sin(x / 40)) >> 6)) % 200)
  }),
}
const photo = {
  widthPx,
  heightPx,
  channels: 3 as const,
  bytes: new Uint8Array(pixels * 3).map((_, i) => {
    const [x, y] = at(Math.floor(i / 3))
    return (
      128 +
      60 * Math.sin(x / 50 + (i % 3)) +
      50 * Math.cos(y / 70) +
      ((Math.imul(i, 0x9e3779b1) >>> 28) - 8) / 2
    )
  }),
}

/** The compressed data of a file of this house: its one IDAT chunk. */
function dataOf(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset)
  let start = 8
  while (view.getUint32(start + 4) !== 0x49444154) start += 12 + view.getUint32(start)
  return file.subarray(start + 8, start + 8 + view.getUint32(start))
}

printMachine('PNG')
const rows: Row[] = []
for (const { what, file, rowBytes, pixelBytes } of [
  { what: 'read 1024 x 1024 label map', file: labelMapToPng(labels), rowBytes: 1024, pixelBytes: 1 },
  { what: 'read 1024 x 1024 RGB', file: pictureToPng(photo), rowBytes: 3072, pixelBytes: 3 },
]) {
  const data = dataOf(file)
  const theirs = () => {
    const raw = new Uint8Array(inflateSync(data))
    undoFilters(raw, 0, heightPx, rowBytes, pixelBytes, 0)
    return raw
  }
  rows.push({ what, oursNs: bestNs(() => readPng(file)), baselineNs: bestNs(theirs) })
}
const maskFile = maskToPng(circle)
rows.push({ what: 'read 1024 x 1024 mask, 1 bit', oursNs: bestNs(() => maskFromPng(maskFile)) })
const raw = inflateSync(dataOf(maskFile))
rows.push({
  what: 'write 1024 x 1024 mask, 1 bit',
  oursNs: bestNs(() => maskToPng(circle)),
  baselineNs: bestNs(() => deflateSync(raw)),
})
rows.push({
  what: 'write 1024 x 1024 label map',
  oursNs: bestNs(() => labelMapToPng(labels)),
  baselineNs: bestNs(() => deflateSync(applyFilters(labels.values, heightPx, widthPx, 1, 'none'))),
})
rows.push({
  what: 'write 1024 x 1024 RGB',
  oursNs: bestNs(() => pictureToPng(photo)),
  baselineNs: bestNs(() => deflateSync(applyFilters(photo.bytes, heightPx, widthPx * 3, 3, 'adaptive'))),
})
rows.push({
  what: '200 labels to masks',
  oursNs: bestNs(() => masksFromLabelMap(labels)),
  baselineNs: bestNs(() => {
    const bytes = new Uint8Array(pixels)
    const masks = []
    for (let label = 1; label <= 200; label++) {
      for (let i = 0; i < pixels; i++) bytes[i] = labels.values[i] === label ? 1 : 0
      masks.push(maskFromRowMajor({ widthPx, heightPx, bytes }))
    }
    return masks
  }),
})
printRows({ rows, baseline: 'node:zlib / naive' })
