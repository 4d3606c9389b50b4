// Claims about the map of codes: every code has one cell, near vectors lie together, tiles and counts say what they say.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomFrom } from '@maskwords/codecs'
import { describe, expect, it } from 'vitest'
import { codeWord } from './CodeDetails.tsx'
import { formatChoice, parseChoice, useChoice } from './choice.ts'
import { layoutOf, mainCoordinates, roughness, stepFrom } from './layout.ts'
import { withCode } from './put-code.ts'
import { sheetDraft, tileAt } from './sheet.ts'
import { changeTile, maskTile, NO_CHANGE, TILE_PX, tileOf, tileRgba } from './tiles.ts'
import { drawingOrder, mostUsed, readCounts, usageOf } from './usage.ts'
import { codeVectors, nearestCodes, projected } from './vectors.ts'

/** Codes on a wavy sheet in eight dimensions, in a shuffled order. */
function sheet(codes: number) {
  const random = randomFrom(3)
  const data = new Float32Array(codes * 8)
  for (let code = 0; code < codes; code++) {
    const [u, v] = [random(), random()]
    for (let i = 0; i < 8; i++)
      data[code * 8 + i] = Math.sin((i + 1) * u + v * (8 - i) * 0.5) + 0.02 * random()
  }
  return codeVectors(data, 8, false)
}

describe('vectors', () => {
  it('lengths are of the vectors as they are; unit vectors are compared by direction', () => {
    const vectors = codeVectors(Float32Array.of(3, 4, 0, 0, 6, 8), 2, true)
    expect([...vectors.norms]).toEqual([5, 0, 10])
    expect([...vectors.data].map((value) => value.toFixed(1))).toEqual([
      '0.6',
      '0.8',
      '0.0',
      '0.0',
      '0.6',
      '0.8',
    ])
    expect(nearestCodes(vectors, 0, 2).map(({ code }) => code)).toEqual([2, 1])
  })

  it('of equally near codes the lower number comes first', () => {
    const vectors = codeVectors(Float32Array.of(0, 1, -1, 1), 1, false)
    expect(nearestCodes(vectors, 0, 3)).toEqual([
      { code: 1, distance: 1 },
      { code: 2, distance: 1 },
      { code: 3, distance: 1 },
    ])
  })

  it("HiMTok's codebook is its embedding times the transposed projection", () => {
    expect([...projected(Float32Array.of(1, 2), Float32Array.of(1, 10, 100, 1000), 2)]).toEqual([21, 2100])
  })
})

describe('the map', () => {
  it('gives every code one cell, and codes in neighbouring cells are alike', () => {
    const vectors = sheet(256)
    const layout = layoutOf(vectors)
    expect(layout.side).toBe(16)
    expect([...layout.codeAt].sort((a, b) => a - b)).toEqual(Array.from({ length: 256 }, (_, code) => code))
    for (let code = 0; code < 256; code++) expect(layout.codeAt[layout.cellOf[code]!]).toBe(code)
    const asNumbered = {
      side: 16,
      cellOf: layout.cellOf,
      codeAt: Int32Array.from({ length: 256 }, (_, i) => i),
    }
    expect(roughness(vectors, layout)).toBeLessThan(0.35 * roughness(vectors, asNumbered))
  })

  it('is the same for the same vectors', () => {
    expect([...layoutOf(sheet(100)).codeAt]).toEqual([...layoutOf(sheet(100)).codeAt])
  })

  it('leaves cells empty where codes do not fill a square', () => {
    const { codeAt } = layoutOf(sheet(7))
    expect(codeAt).toHaveLength(9)
    expect([...codeAt].filter((code) => code < 0)).toHaveLength(2)
  })

  it('codes that are all alike have a map, too', () => {
    expect(layoutOf(codeVectors(new Float32Array(64), 4, false)).codeAt).toHaveLength(16)
  })

  it('the first coordinate is the direction in which vectors differ most', () => {
    const [first] = mainCoordinates(codeVectors(Float32Array.of(0, 0, 10, 1, 20, 0, 30, 1), 2, false))
    expect([...first].map((value) => Math.round(Math.abs(value)))).toEqual([15, 5, 5, 15])
  })

  it('arrow keys go to the cell beside, and stop at the border and at empty cells', () => {
    const layout = { side: 2, cellOf: Int32Array.of(0, 1, 2), codeAt: Int32Array.of(0, 1, 2, -1) }
    expect(stepFrom(layout, 0, 'ArrowRight')).toBe(1)
    expect(stepFrom(layout, 0, 'ArrowDown')).toBe(2)
    expect(stepFrom(layout, 0, 'ArrowLeft')).toBe(0)
    expect(stepFrom(layout, 1, 'ArrowDown')).toBe(1)
    expect(stepFrom(layout, 1, 'Home')).toBe(0)
    expect(stepFrom(layout, 0, 'a')).toBe(0)
  })
})

describe('tiles', () => {
  it('a pixel of a tile is the mean probability of its pixels', () => {
    const side = 2 * TILE_PX
    const logits = new Float32Array(side * side).fill(-100)
    logits[0] = 100
    logits[1] = 100
    const tile = tileOf(logits, side, 0)
    expect(tile[0]).toBeCloseTo(0.5)
    expect(tile[1]).toBeCloseTo(0)
    expect(tileOf(new Float32Array(side * side).fill(0.5), side, 0.5)[7]).toBeCloseTo(0.5)
  })

  it('masks are light on dark; what is added and taken away has another colour, no change none', () => {
    const [dark, light] = [0, 255].map((value) => [...tileRgba(Uint8Array.of(value), 'mask')])
    expect(light![0]!).toBeGreaterThan(dark![0]! + 150)
    const change = changeTile(Float32Array.of(0, 1, -1))
    expect([...change]).toEqual([NO_CHANGE, 255, 1])
    const [none, added, taken] = [0, 4, 8].map((at) => [...tileRgba(change, 'change')].slice(at, at + 3))
    expect(none).toEqual(dark!.slice(0, 3))
    expect(added![2]!).toBeGreaterThan(added![0]!)
    expect(taken![0]!).toBeGreaterThan(taken![2]!)
    expect([...maskTile(Float32Array.of(0, 0.5, 1))]).toEqual([0, 128, 255])
  })
})

describe('sheets', () => {
  it('tiles come in batches; in the order of the job; a sheet that was left goes on where it was', () => {
    const vectors = sheet(4)
    const tiles = (value: number) => new Uint8Array(2 * TILE_PX * TILE_PX).fill(value)
    const order = [3, 1, 0, 2]
    const first = sheetDraft(order)
    first.take({ kind: 'map', vectors, layout: layoutOf(vectors) })
    const left = first.take({ kind: 'tiles', tileKind: 'change', from: 0, tiles: tiles(7) })!
    expect(left.drawn).toBe(2)
    expect([3, 1].every((code) => tileAt(left, code) !== undefined)).toBe(true)
    expect(tileAt(left, 2)).toBeUndefined()
    const whole = sheetDraft(order, left).take({
      kind: 'tiles',
      tileKind: 'change',
      from: 2,
      tiles: tiles(9),
    })!
    expect(whole.drawn).toBe(4)
    expect([tileAt(whole, 1)![0], tileAt(whole, 2)![0]]).toEqual([7, 9])
  })
})

describe('the address', () => {
  it('says codec, word and code; what makes no sense is not read', () => {
    const start = useChoice.getState()
    expect(formatChoice(start)).toBeUndefined()
    const chosen = { ...start, codec: 'himtok', place: 2, code: 27 } as const
    expect(formatChoice(chosen)).toBe('himtok:3:27')
    expect(parseChoice('himtok:3:27')).toEqual({ codec: 'himtok', place: 2, code: 27 })
    expect(parseChoice('samtok:2')).toEqual({ codec: 'samtok', place: 1, code: undefined })
    for (const bad of ['samtok:3', 'samtok:0', 'samtok:1:256', 'getok:1', '<b>', 'himtok:33']) {
      expect(parseChoice(bad)).toBeUndefined()
    }
  })
})

describe('words', () => {
  it('a code takes the place of one word, and no other changes', () => {
    expect(withCode([5, 6, 7], 1, 99)).toEqual([5, 99, 7])
    expect(codeWord('samtok', 0, 11)).toBe('<|mt_0011|>')
    expect(codeWord('samtok', 1, 91)).toBe('<|mt_0347|>')
    expect(codeWord('himtok', 3, 7)).toBe('<|mt_7|>')
  })
})

describe('usage', () => {
  it('counts are read by code; the most used come first', () => {
    const counts = readCounts('3:7 0:7 2:1', 4)
    expect([...counts]).toEqual([7, 0, 1, 7])
    expect(mostUsed(counts, 2)).toEqual([0, 3])
    expect(drawingOrder(counts)).toEqual([0, 3, 2, 1])
    expect([...readCounts('', 2)]).toEqual([0, 0])
  })

  it('the counts that ship are of the weights that ship: else run scripts/codebook-usage.ts again', () => {
    for (const codec of ['samtok', 'himtok'] as const) {
      const file = join(
        import.meta.dirname,
        `../../../../packages/maskwords/weights/${codec}-nano/weights.safetensors`,
      )
      expect(usageOf(codec, 0, 1).weights).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'))
    }
  })

  it('the counts that ship are of as many masks as they say, at every place', () => {
    for (const [codec, places, codes] of [
      ['samtok', 2, 256],
      ['himtok', 32, 1024],
    ] as const) {
      for (let place = 0; place < places; place++) {
        const { counts, masks } = usageOf(codec, place, codes)
        expect(counts.reduce((a, b) => a + b, 0)).toBe(masks)
      }
    }
  })
})
