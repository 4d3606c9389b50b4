import { emptyMask, maskFromCocoBox, maskFromRings, union } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import type { RegionForm } from '../conversation.ts'
import { geometryText, middleLine } from './geometry-text.ts'
import { cropOfPicture } from './zoom.ts'

const picture = { widthPx: 320, heightPx: 320 }
const mask = maskFromCocoBox({ ...picture, box: { x: 100, y: 40, width: 50, height: 80 } })
const text = (form: Exclude<RegionForm, { as: 'words' }>, more = {}) =>
  geometryText({ form, picture, mask, ...more })

describe('geometry in words', () => {
  it('writes boxes in thousandths of the picture, and as corner cells for GETok', () => {
    // 100 / 320 * 999 = 312.2, 150 / 320 * 999 = 468.3; cells of 10 pixels.
    expect(text({ as: 'box' })).toBe('<box>[[312, 125, 468, 375]]</box>')
    expect(text({ as: 'box' }, { language: 'getok' })).toBe('<box><grid_10_4><grid_14_11></box>')
    expect(text({ as: 'box' }, { mask: undefined, boxXywhPx: [-20, 0, 340, 320] })).toBe(
      '<box>[[0, 0, 999, 999]]</box>',
    )
  })

  it('points into the region, and draws its middle from the near end to the far one', () => {
    expect(text({ as: 'points' })).toBe('<grid_12_6>')
    expect(text({ as: 'points', count: 3 })).toMatch(/^<grid_\d+_\d+>, <grid_\d+_\d+>, <grid_\d+_\d+>$/)
    expect(text({ as: 'polyline' })).toBe('<pl><grid_12_11><grid_12_4></pl>')
    // A lane that leans to the right: the line ends further right than it begins.
    const lane = maskFromRings({ ...picture, rings: [[20, 310, 60, 310, 300, 20, 280, 20]] })
    expect(text({ as: 'polyline' }, { mask: lane })).toMatch(/^<pl><grid_[34]_30>.*<grid_2[89]_2><\/pl>$/)
    const wide = maskFromCocoBox({ ...picture, box: { x: 10, y: 100, width: 200, height: 4 } })
    expect([...middleLine(wide, 2)]).toEqual([10.5, 102, 209.5, 102])
    // A dot has no line: it is said as a point.
    const dot = maskFromCocoBox({ ...picture, box: { x: 12, y: 12, width: 2, height: 2 } })
    expect(text({ as: 'polyline' }, { mask: dot })).toBe('<grid_1_1>')
  })

  it('gives a prediction and its refinement of one seed in the same containers', () => {
    const said = text({ as: 'proposal', seed: 5, count: 4 })
    const moves = text({ as: 'refinement', seed: 5, count: 4 })
    expect(said).toMatch(/^<box>(<grid_\d+_\d+>){2}<\/box><seg>(<grid_\d+_\d+>){4}<\/seg>$/)
    expect(moves).toMatch(
      /^<offset><box>(\[OFF_\S+?\]|<DELETE>){2}<\/box>\n<seg>(\[OFF_\S+?\]|<DELETE>){4}<\/seg><\/offset>$/,
    )
    expect(text({ as: 'proposal', seed: 6, count: 4 })).not.toBe(said)
  })

  it('refuses regions without pixels', () => {
    const nothing = { mask: emptyMask(320, 320) }
    for (const form of [
      { as: 'box' },
      { as: 'points' },
      { as: 'polyline' },
      { as: 'proposal', seed: 1 },
    ] as const) {
      expect(() => text(form, nothing)).toThrow(/without pixels/)
      expect(() => text(form, { mask: undefined })).toThrow(/without pixels/)
    }
  })

  it('takes the middle of a row over all of its parts', () => {
    const two = union(
      maskFromCocoBox({ ...picture, box: { x: 0, y: 0, width: 10, height: 100 } }),
      maskFromCocoBox({ ...picture, box: { x: 20, y: 0, width: 10, height: 100 } }),
    )
    expect([...middleLine(two, 2)]).toEqual([15, 99.5, 15, 0.5])
  })
})

describe('the zoom', () => {
  const zoom = { margin: 0, leastSidePx: 140, growToPx: 280 }

  it('pads short sides about the middle, cuts at the picture and enlarges', () => {
    expect(cropOfPicture(zoom, [100, 100, 40, 200], { widthPx: 640, heightPx: 480 })).toEqual({
      xPx: 50,
      yPx: 100,
      widthPx: 140,
      heightPx: 200,
      scaledWidthPx: 280,
      scaledHeightPx: 400,
    })
    expect(cropOfPicture(zoom, [0, 470, 40, 40], { widthPx: 640, heightPx: 480 })).toMatchObject({
      xPx: 0,
      yPx: 420,
      widthPx: 90,
      heightPx: 60,
      scaledWidthPx: 420,
      scaledHeightPx: 280,
    })
  })

  it('leaves large boxes as they are, grows by the margin, and never below a whole pixel', () => {
    const size = { widthPx: 1000, heightPx: 1000 }
    expect(cropOfPicture(zoom, [100, 100, 400, 300], size)).toMatchObject({
      widthPx: 400,
      scaledWidthPx: 400,
    })
    expect(cropOfPicture({ margin: 0.5 }, [100, 100, 200, 100], size)).toMatchObject({
      xPx: 0,
      yPx: 50,
      widthPx: 400,
      heightPx: 200,
    })
    expect(cropOfPicture({ margin: 0 }, [10.6, 10.6, 0.2, 0.2], size)).toMatchObject({ xPx: 10, widthPx: 1 })
    expect(() => cropOfPicture({ margin: 0 }, [2000, 0, 10, 10], size)).toThrow(/outside a picture/)
  })
})
