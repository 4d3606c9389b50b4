import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { centred, centreOf, fitted, panned, toPicture, toScreen, zoomedAt } from './viewport.ts'

const screen = { widthPx: 851, heightPx: 603 }
const picture = { widthPx: 4000, heightPx: 3000 }

describe('the view', () => {
  it('shows the whole picture in the middle', () => {
    const view = fitted(picture, screen)
    const from = toScreen(view, { x: 0, y: 0 })
    const to = toScreen(view, { x: 4000, y: 3000 })
    expect([from.x + to.x, from.y + to.y]).toEqual([expect.closeTo(851, 0), expect.closeTo(603, 0)])
    expect(from.y).toBe(16)
  })

  it('keeps what is under the pointer while zooming, and undoes it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 150, max: 700 }),
        fc.integer({ min: 100, max: 500 }),
        fc.double({ min: 1, max: 40, noNaN: true }),
        (x, y, factor) => {
          const before = fitted(picture, screen)
          const after = zoomedAt(picture, screen, before, factor, { x, y })
          const there = toScreen(after, toPicture(before, { x, y }))
          expect(Math.abs(there.x - x)).toBeLessThanOrEqual(0.51)
          expect(Math.abs(there.y - y)).toBeLessThanOrEqual(0.51)
          expect(zoomedAt(picture, screen, after, 1 / factor, { x, y }).scale).toBeCloseTo(before.scale, 9)
        },
      ),
    )
  })

  it('never loses the picture, however far it is pushed', () => {
    const far = panned(picture, screen, fitted(picture, screen), 1e6, -1e6)
    expect(far.xPx).toBe(851 - 48)
    expect(toScreen(far, { x: 0, y: 3000 }).y).toBeCloseTo(48, 0)
  })

  it('comes back to a place that was kept', () => {
    const view = centred(picture, screen, 2, { x: 1234, y: 567 })
    expect(centreOf(screen, view).x).toBeCloseTo(1234, 0)
    expect(centreOf(screen, view).y).toBeCloseTo(567, 0)
  })
})
