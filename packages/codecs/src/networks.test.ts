// What 8-bit weights cost, on the small networks of the recorded numbers.
import { iou, maskFromRowMajor } from '@maskwords/mask'
import { expect, it } from 'vitest'
import { himtokThere, type RoundTrip, samtokThere } from '../test/round-trip.ts'
import { createHiMTok } from './himtok/codec.ts'
import { createSamTok } from './samtok/codec.ts'

const session = { worker: false, threads: 1 } as const
const masksOf = (one: RoundTrip) =>
  one.masks.map((bits) => maskFromRowMajor({ widthPx: 96, heightPx: 72, bytes: Uint8Array.from(bits) }))

it('SAMTok with an int8 trunk gives the same codes, and masks of IoU above 0.98', async () => {
  const exact = await samtokThere(createSamTok, { session })
  const rounded = await samtokThere(createSamTok, { session, precision: 'int8' })
  expect(rounded.codes).toEqual(exact.codes)
  const others = masksOf(rounded)
  for (const [i, mask] of masksOf(exact).entries()) expect(iou(mask, others[i]!)).toBeGreaterThan(0.98)
  expect(rounded.masks).not.toEqual(exact.masks)
})

it('HiMTok with int8 transformers keeps at least 90 of 96 codes', async () => {
  const exact = await himtokThere(createHiMTok, { session })
  const rounded = await himtokThere(createHiMTok, { session, precision: 'int8' })
  const codes = rounded.codes.flat()
  const same = exact.codes.flat().filter((code, i) => code === codes[i]).length
  expect(same).toBeGreaterThanOrEqual(90)
  expect(codes.length).toBe(96)
})
