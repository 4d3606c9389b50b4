import { area, equalMasks, maskFromRowMajor, transpose } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { similarRegion } from './flood.ts'
import { rowsOf } from './rows.ts'
import { capsule, type Point, Stroke } from './stroke.ts'

function distance(p: Point, a: Point, b: Point): number {
  const square = (b.x - a.x) ** 2 + (b.y - a.y) ** 2
  const t = square === 0 ? 0 : ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / square
  const s = Math.max(0, Math.min(1, t))
  return Math.hypot(p.x - a.x - s * (b.x - a.x), p.y - a.y - s * (b.y - a.y))
}

const quarter = fc.integer({ min: -40, max: 160 }).map((n) => n / 4)

describe('a brush segment', () => {
  it('sets exactly the pixels whose centres are within the radius of the path', () => {
    fc.assert(
      fc.property(
        quarter,
        quarter,
        quarter,
        quarter,
        fc.integer({ min: 3, max: 30 }),
        (ax, ay, bx, by, r) => {
          const [widthPx, heightPx, radiusPx] = [23, 19, r / 3]
          const from = { x: ax, y: ay }
          const to = { x: bx, y: by }
          const rows = rowsOf(transpose(capsule({ widthPx, heightPx, from, to, radiusPx })))
          const wrong: string[] = []
          for (let y = 0; y < heightPx; y++) {
            const set = new Set<number>()
            for (let i = rows.starts[y]!; i < rows.starts[y + 1]!; i++) {
              for (let x = rows.spans[2 * i]!; x < rows.spans[2 * i + 1]!; x++) set.add(x)
            }
            for (let x = 0; x < widthPx; x++) {
              const away = distance({ x: x + 0.5, y: y + 0.5 }, from, to)
              if (Math.abs(away - radiusPx) < 1e-6) continue
              if (set.has(x) !== away < radiusPx) wrong.push(`(${x}, ${y}) at ${away} of ${radiusPx}`)
            }
          }
          expect(wrong).toEqual([])
        },
      ),
    )
  })

  it('sets one pixel with the smallest brush', () => {
    const mask = capsule({
      widthPx: 9,
      heightPx: 9,
      from: { x: 4.5, y: 4.5 },
      to: { x: 4.5, y: 4.5 },
      radiusPx: 0.5,
    })
    expect(area(mask)).toBe(1)
  })

  it('draws on and erases again', () => {
    const none = maskFromRowMajor({ widthPx: 40, heightPx: 30, bytes: new Uint8Array(1200) })
    const drawn = new Stroke({ mask: none, radiusPx: 4, erase: false, at: { x: 10, y: 10 } })
    drawn.moveTo({ x: 30, y: 20 })
    const mask = drawn.mask()
    expect(area(mask)).toBeGreaterThan(200)
    const erased = new Stroke({ mask, radiusPx: 60, erase: true, at: { x: 20, y: 15 } })
    expect(equalMasks(erased.mask(), none)).toBe(true)
  })
})

describe('the magic tool', () => {
  it('takes the connected pixels of similar colour and no others', () => {
    // Two grey fields of 100 and 110, parted by a black column with one gap; a third beyond a closed column.
    const rows = ['aa#bb#aa', 'aa#bb#aa', 'aaabb#aa']
    const rgb = Uint8Array.from(
      rows.flatMap((row) => [...row].flatMap((c) => Array(3).fill({ a: 100, b: 110, '#': 0 }[c]))),
    )
    const size = { widthPx: 8, heightPx: 3, rgb }
    expect(area(similarRegion({ ...size, x: 0, y: 0, tolerance: 5 }))).toBe(7)
    expect(area(similarRegion({ ...size, x: 0, y: 0, tolerance: 10 }))).toBe(13)
    expect(area(similarRegion({ ...size, x: 2, y: 0, tolerance: 0 }))).toBe(2)
    expect(area(similarRegion({ ...size, x: 2, y: 0, tolerance: 255 }))).toBe(24)
  })

  it('agrees with a plain search on made-up pictures', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 63, maxLength: 63, max: 3 }),
        fc.nat(8),
        fc.nat(6),
        (grey, x, y) => {
          const [widthPx, heightPx, tolerance] = [9, 7, 1]
          const rgb = Uint8Array.from(grey, (v) => v).reduce(
            (out, v, i) => out.fill(v, 3 * i, 3 * i + 3),
            new Uint8Array(189),
          )
          const expected = new Uint8Array(63)
          const waiting = [[x, y]]
          while (waiting.length > 0) {
            const [px, py] = waiting.pop()! as [number, number]
            if (px < 0 || py < 0 || px >= widthPx || py >= heightPx || expected[py * widthPx + px]) continue
            if (Math.abs(grey[py * widthPx + px]! - grey[y * widthPx + x]!) > tolerance) continue
            expected[py * widthPx + px] = 1
            waiting.push([px + 1, py], [px - 1, py], [px, py + 1], [px, py - 1])
          }
          const found = similarRegion({ widthPx, heightPx, rgb, x, y, tolerance })
          expect(equalMasks(found, maskFromRowMajor({ widthPx, heightPx, bytes: expected }))).toBe(true)
        },
      ),
    )
  })
})
