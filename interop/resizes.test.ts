// Resizes against the libraries themselves: Pillow 13's order of passes, torchvision on bytes, PyTorch's interpolate.
import {
  isColumnsFirst,
  resizeBicubic,
  resizeBicubicPillow,
  resizeBicubicTorchvision,
  resizeBilinear,
} from '@maskwords/mask'
import { beforeAll, expect, it } from 'vitest'
import { runPython } from './python.ts'

type Case = { readonly from: readonly [number, number]; readonly to: readonly [number, number] }
type Kind = 'pillow' | 'torchvision' | 'bilinear' | 'antialias' | 'bicubic'

/** Sides of 2 to 401 by a seeded draw (at 1 torchvision may end in an assertion of its own), sides of the codecs, and a few of 1000: [height, width]. */
const cases: Case[] = [
  { from: [640, 427], to: [256, 256] },
  { from: [480, 640], to: [1024, 1024] },
  { from: [256, 256], to: [480, 720] },
  { from: [1000, 1003], to: [777, 333] },
  { from: [64, 64], to: [1000, 900] },
  { from: [301, 2], to: [20, 2] },
]
let seed = 1
const side = () => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
  return 2 + Math.floor((seed / 2 ** 32) ** 2 * 400)
}
for (let i = 0; i < 60; i++) cases.push({ from: [side(), side()], to: [side(), side()] })

let made: Record<Kind, string>[]
beforeAll(async () => {
  made = await runPython('resizes.py', { cases })
})

const sizeOf = ([heightPx, widthPx]: readonly [number, number]) => ({ heightPx, widthPx })
const floats = (text: string) => {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'))
  return new Float32Array(bytes.buffer)
}
const worst = (ours: Float32Array, theirs: Float32Array) => {
  expect(ours.length).toBe(theirs.length)
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]!)), 0)
}

it('bytes are Pillow 13’s and torchvision’s, at sizes of both orders', () => {
  const orders = new Set<boolean>()
  for (const [k, { from, to }] of cases.entries()) {
    const size = sizeOf(from)
    const bytes = Uint8Array.from({ length: 3 * size.heightPx * size.widthPx }, (_, i) => (i * 7919) % 251)
    const picture = { ...size, channels: 3 as const, bytes }
    orders.add(isColumnsFirst('pillow-13', size, sizeOf(to)))
    const pillow = resizeBicubicPillow(picture, sizeOf(to), { as: 'pillow-13' }).bytes
    expect([from, to, Buffer.from(pillow).toString('base64') === made[k]!.pillow]).toEqual([from, to, true])
    const vision = resizeBicubicTorchvision(picture, sizeOf(to)).bytes
    expect([from, to, Buffer.from(vision).toString('base64') === made[k]!.torchvision]).toEqual([
      from,
      to,
      true,
    ])
  }
  expect(orders.size).toBe(2)
})

it.each<[Kind, number]>([
  ['bilinear', 2e-7],
  ['antialias', 2e-6],
  ['bicubic', 6e-7],
])('%s is PyTorch’s within %d', (kind, bound) => {
  let most = 0
  for (const [k, { from, to }] of cases.entries()) {
    const size = sizeOf(from)
    const values = Float32Array.from(
      { length: size.heightPx * size.widthPx },
      (_, i) => ((i * 7919) % 1009) / 1009,
    )
    const plane = { ...size, values }
    const ours =
      kind === 'bicubic'
        ? resizeBicubic(plane, sizeOf(to))
        : resizeBilinear(plane, sizeOf(to), { antialias: kind === 'antialias' })
    const off = worst(ours.values, floats(made[k]![kind]))
    most = Math.max(most, off)
  }
  expect(most).toBeLessThanOrEqual(bound)
})
