// The bit-exact resizes against sharp (libvips, native code, other rounding) where sharp has the same kernel.

import { resizeBicubicPillow, resizeBilinear, resizeNearest } from '@maskwords/mask'
import sharp from 'sharp'
import { bestNs, printMachine, printRows, type Row } from './harness.ts'

type Resize = { readonly widthPx: number; readonly heightPx: number; readonly side: number }

function picture({ widthPx, heightPx }: Resize, channels: 1 | 3) {
  const bytes = new Uint8Array(widthPx * heightPx * channels)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i, 0x9e3779b1) >>> 24
  return { widthPx, heightPx, channels, bytes }
}

/** Best of some runs of sharp on one thread: it answers through a promise, which the harness does not time. */
async function sharpNs(size: Resize, channels: 1 | 3, kernel: 'cubic' | 'nearest'): Promise<number> {
  const { widthPx: width, heightPx: height, bytes } = picture(size, channels)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 12; round++) {
    const start = process.cpuUsage()
    await sharp(bytes, { raw: { width, height, channels } })
      .resize(size.side, size.side, { fit: 'fill', kernel })
      .raw()
      .toBuffer()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, (user + system) * 1000)
  }
  return best
}

sharp.concurrency(1)
sharp.cache(false)
const photo = { widthPx: 640, heightPx: 480, side: 1024 }
const large = { widthPx: 4000, heightPx: 3000, side: 1024 }
const small = { widthPx: 640, heightPx: 480, side: 256 }
printMachine('resize')
const rows: Row[] = []
for (const [what, size] of [
  ['Pillow bicubic, RGB 640 x 480 to 1024 x 1024', photo],
  ['Pillow bicubic, RGB 4000 x 3000 to 1024 x 1024', large],
] as const) {
  const input = picture(size, 3)
  const to = { widthPx: size.side, heightPx: size.side }
  const baselineNs = await sharpNs(size, 3, 'cubic')
  rows.push({ what, oursNs: bestNs(() => resizeBicubicPillow(input, to)), baselineNs })
}
const grey = picture(small, 1)
const to = { widthPx: 256, heightPx: 256 }
rows.push({
  what: 'nearest, 640 x 480 to 256 x 256',
  oursNs: bestNs(() => resizeNearest({ ...grey, values: grey.bytes }, to)),
  baselineNs: await sharpNs(small, 1, 'nearest'),
})
const plane = { widthPx: 640, heightPx: 480, values: Float32Array.from(grey.bytes) }
for (const antialias of [true, false]) {
  const what = `torch bilinear${antialias ? ' with antialias' : ''}, 640 x 480 to 256 x 256`
  rows.push({ what, oursNs: bestNs(() => resizeBilinear(plane, to, { antialias })) })
}
const logits = { widthPx: 256, heightPx: 256, values: new Float32Array(65536).fill(0.5) }
rows.push({
  what: 'torch bilinear, 256 x 256 logits to 1920 x 1080',
  oursNs: bestNs(() => resizeBilinear(logits, { widthPx: 1920, heightPx: 1080 })),
})
printRows({ rows, baseline: 'sharp, one thread' })
