import { area, iou, maskFromCocoBox } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { latticeOf } from './lattice.ts'
import { PROMPT_MAPS, promptMaps } from './prompt.ts'
import { refined } from './refine.ts'

const size = { widthPx: 120, heightPx: 80 }
/** A light rectangle from (30, 20) to (80, 60) on dark ground, both a little uneven. */
const truth = maskFromCocoBox({ ...size, box: { x: 30, y: 20, width: 50, height: 40 } })
function scene(): { widthPx: number; heightPx: number; rgb: Uint8Array } {
  const rgb = new Uint8Array(size.widthPx * size.heightPx * 3)
  for (let y = 0; y < size.heightPx; y++) {
    for (let x = 0; x < size.widthPx; x++) {
      const isOn = x >= 30 && x < 80 && y >= 20 && y < 60
      for (let c = 0; c < 3; c++) rgb[3 * (y * size.widthPx + x) + c] = (isOn ? 170 : 60) + ((x + y) % 2)
    }
  }
  return { ...size, rgb }
}
/** A blob in the right place, on 16 x 16 cells. */
const blob = (x0: number, y0: number, reach: number) => ({
  side: 16,
  values: Float32Array.from({ length: 256 }, (_, i) => {
    const [x, y] = [((i % 16) + 0.5) / 16, (Math.floor(i / 16) + 0.5) / 16]
    return 3 - (6 * Math.hypot(x - x0, y - y0)) / reach
  }),
})

describe('a rough answer', () => {
  it('follows the edges of the picture afterwards', () => {
    const lattice = latticeOf(scene())
    const rough = blob(55 / 120, 40 / 80, 0.5)
    const plain = refined(lattice, rough, { points: [] }, { priorWeight: 1000, colourWeight: 0 })
    const found = refined(lattice, rough, { points: [{ xPx: 55, yPx: 40, plus: true }] })
    expect(iou(plain, truth)).toBeLessThan(0.85)
    expect(iou(found, truth)).toBeGreaterThan(0.95)
  })

  it('gives way to clicks: a minus takes what is like it away, a plus brings it', () => {
    const lattice = latticeOf(scene())
    const nothing = { side: 16, values: new Float32Array(256).fill(-2) }
    const none = refined(lattice, nothing, { points: [] })
    expect(area(none)).toBe(0)
    const found = refined(lattice, nothing, { points: [{ xPx: 55, yPx: 40, plus: true }] })
    expect(area(found)).toBeGreaterThan(0)
    const all = { side: 16, values: new Float32Array(256).fill(2) }
    const left = refined(lattice, all, { points: [{ xPx: 10.5, yPx: 10.5, plus: false }] })
    expect(area(left)).toBeLessThan(size.widthPx * size.heightPx)
  })

  it('is the same for a picture of one cell a pixel and for one that is larger', () => {
    const large = latticeOf({ widthPx: 640, heightPx: 2, rgb: new Uint8Array(640 * 2 * 3) })
    expect([large.widthCells, large.heightCells]).toEqual([160, 1])
    const tiny = latticeOf({ widthPx: 1, heightPx: 1, rgb: new Uint8Array(3) })
    expect(area(refined(tiny, { side: 1, values: Float32Array.of(2) }, { points: [] }))).toBe(1)
  })
})

describe('prompts as maps', () => {
  it('say points, a box and the answer before, each in a map of its own', () => {
    const before = new Float32Array(64).fill(0.25)
    const maps = promptMaps(
      {
        points: [
          { xPx: 15, yPx: 5, plus: true },
          { xPx: 105, yPx: 75, plus: false },
        ],
        box: [0, 0, 60, 45],
      },
      size,
      { side: 8, before },
    )
    expect(maps.length).toBe(PROMPT_MAPS * 64)
    const at = (map: number, x: number, y: number) => maps[map * 64 + y * 8 + x]!
    expect(at(0, 0, 0)).toBeCloseTo(Math.exp(-0.25 / 4.5), 5)
    expect(at(0, 7, 7)).toBeLessThan(0.001)
    expect(at(1, 6, 7)).toBeGreaterThan(0.8)
    expect([at(2, 3, 3), at(2, 3, 4), at(2, 4, 0)]).toEqual([1, 0.5, 0])
    expect([at(3, 7, 7), at(4, 5, 5)]).toEqual([1, 0.25])
    expect(promptMaps({ points: [] }, size, { side: 8 }).every((value) => value === 0)).toBe(true)
  })
})
