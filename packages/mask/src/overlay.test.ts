// Drawing: every test reads pixels back.

import { describe, expect, it } from 'vitest'
import { maskFromRowMajor } from './dense.ts'
import { MaskError } from './error.ts'
import { GLYPH_WIDTH_PX, glyph, glyphCharacters } from './font.ts'
import { emptyMask, fullMask } from './mask.ts'
import {
  cutOut,
  drawDifference,
  drawMasks,
  drawText,
  flattenAlpha,
  maskColour,
  plainPicture,
  sideBySide,
  textSize,
} from './overlay.ts'
import type { Picture, Rgb } from './picture.ts'

function pixel(picture: Picture, x: number, y: number): number[] {
  const at = (y * picture.widthPx + x) * picture.channels
  return [...picture.bytes.subarray(at, at + picture.channels)]
}

const black: Rgb = [0, 0, 0]
const red: Rgb = [255, 0, 0]
// A 6 x 6 picture with the 4 x 4 block in its middle.
const block = maskFromRowMajor({
  widthPx: 6,
  heightPx: 6,
  bytes: new Uint8Array(36).map((_, i) => {
    const x = i % 6
    const y = Math.floor(i / 6)
    return x > 0 && x < 5 && y > 0 && y < 5 ? 1 : 0
  }),
})

describe('drawing', () => {
  it('fills translucently, draws the contour solid inside the mask, and leaves the rest and the input alone', () => {
    const ground = plainPicture(6, 6, [100, 100, 100])
    const out = drawMasks(ground, [{ mask: block, colour: red, opacity: 0.5, contourPx: 1 }])
    expect(pixel(out, 0, 0)).toEqual([100, 100, 100])
    expect(pixel(out, 1, 1)).toEqual([255, 0, 0])
    expect(pixel(out, 2, 2)).toEqual([178, 50, 50])
    expect(pixel(ground, 2, 2)).toEqual([100, 100, 100])
  })

  it('full opacity is the colour itself, none the picture itself', () => {
    const ground = plainPicture(6, 6, [7, 8, 9])
    expect(
      pixel(drawMasks(ground, [{ mask: block, colour: [1, 2, 3], opacity: 1, contourPx: 0 }]), 3, 3),
    ).toEqual([1, 2, 3])
    expect(drawMasks(ground, [{ mask: block, colour: red, opacity: 0, contourPx: 0 }]).bytes).toEqual(
      ground.bytes,
    )
  })

  it('a difference has three colours and the background', () => {
    const left = maskFromRowMajor({ widthPx: 4, heightPx: 1, bytes: Uint8Array.of(1, 1, 0, 0) })
    const middle = maskFromRowMajor({ widthPx: 4, heightPx: 1, bytes: Uint8Array.of(0, 1, 1, 0) })
    const colours = { truePositive: [1, 1, 1], falsePositive: [2, 2, 2], falseNegative: [3, 3, 3] } as const
    const out = drawDifference(
      plainPicture(4, 1, black),
      { truth: left, prediction: middle },
      { ...colours, opacity: 1 },
    )
    expect([0, 1, 2, 3].map((x) => pixel(out, x, 0)[0])).toEqual([3, 1, 2, 0])
  })

  it('a cut-out over a checkerboard shows the mask, and white and grey squares around it', () => {
    const out = flattenAlpha(cutOut(plainPicture(6, 6, red), block), { squarePx: 1 })
    expect([pixel(out, 2, 2), pixel(out, 0, 0), pixel(out, 1, 0)]).toEqual([
      [255, 0, 0],
      [255, 255, 255],
      [204, 204, 204],
    ])
    expect(pixel(flattenAlpha(cutOut(plainPicture(6, 6, red), block), { over: [9, 9, 9] }), 0, 0)).toEqual([
      9, 9, 9,
    ])
  })

  it('text puts the glyph of T where it was asked to, scaled, and cuts off what leaves the picture', () => {
    const out = drawText(plainPicture(14, 16, black), 'T', { x: 2, y: 1, scale: 2, colour: red })
    const ink = (x: number, y: number) => pixel(out, x, y)[0] === 255
    // The bar of the T is five font pixels wide, its stem stands in the middle.
    expect([ink(1, 1), ink(2, 1), ink(11, 2), ink(12, 1)]).toEqual([false, true, true, false])
    expect([ink(6, 14), ink(7, 14), ink(8, 14), ink(6, 15)]).toEqual([true, true, false, false])
    expect(textSize('ab', 2)).toEqual({ widthPx: 22, heightPx: 14 })
    expect(() => drawText(plainPicture(3, 3, black), 'far off', { x: -40, y: -3 })).not.toThrow()
  })

  it('every printable ASCII character has a glyph of its own, with ink unless it is the space', () => {
    const shapes = new Set<string>()
    for (let code = 32; code < 127; code++) {
      const character = String.fromCharCode(code)
      expect(glyphCharacters()).toContain(character)
      expect(glyph(character).includes(1)).toBe(character !== ' ')
      shapes.add(glyph(character).join(''))
    }
    expect(shapes.size).toBe(95)
    expect(glyph('é')).toBe(glyph('?'))
    expect(glyph('I').filter((_, i) => i % GLYPH_WIDTH_PX === 2)).toEqual(new Uint8Array(7).fill(1))
  })

  it('pictures stand side by side with gaps and titles', () => {
    const out = sideBySide([plainPicture(10, 4, red), plainPicture(20, 6, black)], {
      gapPx: 3,
      titles: ['A'],
      scale: 1,
    })
    expect([out.widthPx, out.heightPx]).toEqual([39, 22])
    expect([pixel(out, 3, 13), pixel(out, 16, 13), pixel(out, 14, 13), pixel(out, 3, 18)]).toEqual([
      [255, 0, 0],
      [0, 0, 0],
      [255, 255, 255],
      [255, 255, 255],
    ])
    // The foot of the A: ink at both ends.
    expect([3, 4, 7].map((x) => pixel(out, x, 9)[0])).toEqual([0, 255, 0])
  })

  it('neighbouring mask colours differ by at least 90 in one channel', () => {
    for (let i = 0; i < 50; i++) {
      const [a, b] = [maskColour(i), maskColour(i + 1)]
      expect(Math.max(...a.map((value, c) => Math.abs(value - b[c]!)))).toBeGreaterThan(90)
    }
  })

  it('refuses masks of another size, opacity 2, half pixels and no pictures', () => {
    const ground = plainPicture(6, 6, black)
    expect(() => drawMasks(ground, [{ mask: emptyMask(6, 7), colour: red }])).toThrow(MaskError)
    expect(() => drawMasks(ground, [{ mask: fullMask(6, 6), colour: red, opacity: 2 }])).toThrow(MaskError)
    expect(() => drawMasks(ground, [{ mask: fullMask(6, 6), colour: red, contourPx: 0.5 }])).toThrow(
      MaskError,
    )
    expect(() => drawText(ground, 'x', { x: 0.5, y: 0 })).toThrow(MaskError)
    expect(() => sideBySide([])).toThrow(MaskError)
    expect(() => flattenAlpha({ ...ground, bytes: new Uint8Array(5) })).toThrow(MaskError)
  })
})
