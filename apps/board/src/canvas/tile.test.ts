import { emptyMask, maskFromCocoBox, maskFromRowMajor } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowsOf } from './rows.ts'
import { type Paint, paintTile, rgbOf, TILE_SIDE } from './tile.ts'

const out = new Uint8ClampedArray(TILE_SIDE * TILE_SIDE * 4)
const pixel = (x: number, y: number) => [
  ...out.subarray(4 * (y * TILE_SIDE + x), 4 * (y * TILE_SIDE + x) + 4),
]
const plain = (over: Partial<Paint> & Pick<Paint, 'rows'>): Paint => ({
  rgb: [200, 100, 0],
  opacity: 1,
  outline: 'none',
  ...over,
})

describe('a tile of masks', () => {
  it('shows each pixel of a mask at its own scale', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40 * 30, maxLength: 40 * 30, max: 1 }), (bytes) => {
        const mask = maskFromRowMajor({ widthPx: 40, heightPx: 30, bytes })
        paintTile({ level: 0, column: 0, row: 0 }, [plain({ rows: rowsOf(mask) })], out)
        const shown = Uint8Array.from(bytes, (_, i) => pixel(i % 40, Math.floor(i / 40))[3]! / 255)
        expect(shown).toEqual(bytes)
        expect(pixel(41, 5)[3]).toBe(0)
      }),
      { numRuns: 10 },
    )
  })

  it('is four texels a pixel at level -2 and a quarter of a texel at level 2', () => {
    const mask = maskFromCocoBox({
      widthPx: 400,
      heightPx: 300,
      box: { x: 100, y: 80, width: 40, height: 20 },
    })
    // This tile starts at texel (256, 256); the box is texels 400 to 560 and 320 to 400.
    paintTile({ level: -2, column: 1, row: 1 }, [plain({ rows: rowsOf(mask) })], out)
    expect([pixel(143, 64)[3], pixel(144, 64)[3], pixel(255, 143)[3], pixel(255, 144)[3]]).toEqual([
      0, 255, 255, 0,
    ])
    paintTile({ level: 2, column: 0, row: 0 }, [plain({ rows: rowsOf(mask) })], out)
    expect([pixel(24, 20)[3], pixel(25, 20)[3], pixel(34, 24)[3], pixel(35, 24)[3]]).toEqual([0, 255, 255, 0])
  })

  it('says where it is empty, blends overlaps, outlines the selected region inside', () => {
    const rows = rowsOf(
      maskFromCocoBox({ widthPx: 100, heightPx: 100, box: { x: 20, y: 20, width: 40, height: 40 } }),
    )
    expect(paintTile({ level: 0, column: 3, row: 0 }, [plain({ rows })], out)).toBe(false)
    expect(paintTile({ level: 0, column: 0, row: 0 }, [plain({ rows: rowsOf(emptyMask(9, 9)) })], out)).toBe(
      false,
    )
    const half = [plain({ rows, opacity: 0.5 }), plain({ rows, opacity: 0.5, rgb: [0, 100, 200] })]
    paintTile({ level: 0, column: 0, row: 0 }, half, out)
    expect(pixel(30, 30)).toEqual([67, 100, 133, 192])
    paintTile({ level: 0, column: 0, row: 0 }, [plain({ rows, opacity: 0.5, outline: 'selected' })], out)
    expect([pixel(19, 30)[3], pixel(20, 30), pixel(21, 30), pixel(22, 30)]).toEqual([
      0,
      [255, 255, 255, 255],
      [16, 16, 16, 255],
      [200, 100, 0, 128],
    ])
  })

  it('draws no outline where the mask leaves the picture', () => {
    const rows = rowsOf(
      maskFromCocoBox({ widthPx: 50, heightPx: 50, box: { x: 0, y: 0, width: 50, height: 50 } }),
    )
    paintTile({ level: 0, column: 0, row: 0 }, [plain({ rows, opacity: 0.5, outline: 'selected' })], out)
    for (const [x, y] of [
      [0, 0],
      [49, 0],
      [0, 49],
      [49, 49],
      [25, 0],
    ] as const)
      expect(pixel(x, y)[3]).toBe(128)
  })

  it('reads colours', () => {
    expect(rgbOf('#e69f00')).toEqual([230, 159, 0])
    expect(rgbOf('red')).toEqual([128, 128, 128])
  })
})
