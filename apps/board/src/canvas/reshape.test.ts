import {
  area,
  equalMasks,
  intersect,
  type Mask,
  maskFromRings,
  maskFromRowMajor,
  subtract,
  xor,
} from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  boxOf,
  cornerNear,
  HANDLES,
  handleAt,
  movedBox,
  placedMask,
  pulledBox,
  reshaped,
  ringsOf,
  sideNear,
  withCornerAfter,
  withCornerAt,
  withoutCorner,
} from './reshape.ts'

const size = { widthPx: 60, heightPx: 40 }
const box = (left: number, top: number, right: number, foot: number): Mask =>
  maskFromRings({ ...size, rings: [[left, top, right, top, right, foot, left, foot]] })
const masks = fc
  .array(fc.boolean(), { minLength: 2400, maxLength: 2400 })
  .map((bits) => maskFromRowMajor({ ...size, bytes: Uint8Array.from(bits, Number) }))

describe('a region that is moved or resized', () => {
  it('comes back from a move within the picture to the pixel', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 20 }), fc.integer({ min: -10, max: 10 }), (x, y) => {
        const mask = box(12, 12, 20, 25)
        const from = boxOf(mask)
        const to = movedBox(from, { x: 0, y: 0 }, { x, y })
        const moved = placedMask(mask, from, to)
        expect(area(moved)).toBe(area(mask))
        expect(equalMasks(placedMask(moved, to, from), mask)).toBe(true)
      }),
    )
  })

  it('loses what falls out of the picture', () => {
    const mask = box(0, 0, 10, 10)
    expect(area(placedMask(mask, boxOf(mask), [-5, -5, 5, 5]))).toBe(25)
  })

  it('fills the box that its handle was pulled to, and never turns inside out', () => {
    const mask = box(10, 10, 20, 30)
    for (const handle of HANDLES) {
      expect(pulledBox(boxOf(mask), handle, handleAt(boxOf(mask), handle))).toEqual([10, 10, 20, 30])
      const [left, top, right, foot] = pulledBox(boxOf(mask), handle, {
        x: handle.includes('w') ? 50 : 0,
        y: 35,
      })
      expect(right - left).toBeGreaterThanOrEqual(1)
      expect(foot - top).toBeGreaterThanOrEqual(1)
    }
    const to = pulledBox(boxOf(mask), 'se', { x: 40.4, y: 20 })
    expect(to).toEqual([10, 10, 40, 20])
    expect(equalMasks(placedMask(mask, boxOf(mask), to), box(10, 10, 40, 20))).toBe(true)
  })
})

describe('a region that is edited by its corners', () => {
  it('has the four of a box; one that is pulled takes the mask with it', () => {
    const mask = box(10, 10, 20, 30)
    const rings = ringsOf(mask)
    expect(rings.map((ring) => ring.length)).toEqual([8])
    const corner = cornerNear(rings, { x: 19, y: 29 }, 3)!
    const after = withCornerAt(rings, corner, { x: 40, y: 30 })
    const made = reshaped(mask, rings, after)
    expect(equalMasks(made, maskFromRings({ ...size, rings: [[10, 10, 20, 10, 40, 30, 10, 30]] }))).toBe(true)
    expect(ringsOf(made)).toEqual(after)
  })

  it('gets a corner on a side, and loses one', () => {
    const mask = box(10, 10, 30, 30)
    const rings = ringsOf(mask)
    const side = sideNear(rings, { x: 20, y: 11 }, 3)!
    const more = withCornerAfter(rings, side, { x: 20, y: 0 })
    const peak = reshaped(mask, rings, more)
    const drawn = maskFromRings({ ...size, rings: [[10, 10, 20, 0, 30, 10, 30, 30, 10, 30]] })
    expect(equalMasks(peak, drawn)).toBe(true)
    const back = reshaped(peak, more, withoutCorner(more, cornerNear(more, { x: 20, y: 0 }, 1)!))
    expect(equalMasks(back, mask)).toBe(true)
    expect(sideNear(rings, { x: 20, y: 20 }, 3)).toBeUndefined()
  })

  it('is gone with its third corner', () => {
    const mask = maskFromRings({ ...size, rings: [[10, 10, 30, 10, 10, 30]] })
    const rings = [[10, 10, 30, 10, 10, 30]]
    expect(area(reshaped(mask, rings, withoutCorner(rings, { ring: 0, corner: 1 })))).toBe(0)
  })

  it('keeps every pixel that the outline neither gains nor loses, however fine it was drawn', () => {
    fc.assert(
      fc.property(masks, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 40 }), (mask, x, y) => {
        const rings = ringsOf(mask)
        expect(rings.reduce((sum, ring) => sum + ring.length / 2, 0)).toBeLessThanOrEqual(200)
        expect(equalMasks(reshaped(mask, rings, rings), mask)).toBe(true)
        if (rings.length === 0) return
        const after = withCornerAt(rings, { ring: 0, corner: 0 }, { x, y })
        const made = reshaped(mask, rings, after)
        const [was, is] = [rings, after].map((list) =>
          maskFromRings({ ...size, rings: list as number[][] }),
        ) as [Mask, Mask]
        expect(area(subtract(xor(mask, made), xor(was, is)))).toBe(0)
        expect(area(intersect(made, subtract(was, is)))).toBe(0)
      }),
      { numRuns: 40 },
    )
  })
})
