// PNG against zlib as an independent oracle, against files put together by hand, and against damage. One file of over 500 lines,
// because round trips, hostile cases and the 100,000 mutants share one second encoder and its seeded pictures.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { constants, deflateSync, inflateSync, crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskFromRowMajor } from '../dense.ts'
import { MaskError } from '../error.ts'
import { labelMapFromMasks, masksFromLabelMap } from '../label-map.ts'
import { equalMasks, fullMask } from '../mask.ts'
import { area } from '../measure.ts'
import { adler32, crc32 } from './checksum.ts'
import { writeChunks } from './chunks.ts'
import { deflateZlib } from './deflate.ts'
import { ADAM7, PNG_COLOURS, type PngBitDepth, type PngColour, type PngImage, pngChannels } from './format.ts'
import { inflateZlib, STREAM_PADDING_BYTES } from './inflate.ts'
import {
  labelMapFromPng,
  labelMapToPng,
  maskFromPng,
  maskToPng,
  type PngForeground,
  pictureFromPng,
  vocPaletteRgba,
} from './mask-png.ts'
import { readPng, readPngHeader } from './read.ts'
import { pictureToPng, writePng } from './write.ts'

/** Seeded numbers in [0, 1): enough for test data. */
function noise(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) / 2 ** 24
  }
}

/** Bytes with runs, repeats and noise in random shares. */
function someBytes(random: () => number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const change = random() ** 3
  const alphabet = 1 + Math.floor(random() * 256)
  let value = 0
  for (let i = 0; i < length; i++) {
    if (random() < change) value = Math.floor(random() * alphabet)
    bytes[i] = value
    if (i > 300 && random() < 0.002) {
      const copied = Math.min(length - i, Math.floor(random() * 700))
      bytes.copyWithin(i, i - 300, i - 300 + copied)
      i += copied
    }
  }
  return bytes
}

function padded(stream: Uint8Array): Uint8Array {
  const out = new Uint8Array(stream.length + STREAM_PADDING_BYTES).fill(0xa5)
  out.set(stream)
  return out
}

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof MaskError) return error.code
    throw error
  }
  return 'none'
}

describe('checksums and DEFLATE', () => {
  it('the checksums of "123456789" are the published ones', () => {
    const digits = new TextEncoder().encode('123456789')
    expect(crc32(digits)).toBe(0xcbf43926)
    expect(adler32(digits)).toBe(0x091e01de)
    // The largest sums there are: zlib writes its own at the end of a stream.
    const white = new Uint8Array(20000).fill(255)
    expect(adler32(white)).toBe(deflateSync(white).readUInt32BE(deflateSync(white).length - 4))
  })

  it('streams of zlib at every level and strategy inflate, and our streams inflate in zlib', () => {
    const random = noise(1)
    for (let round = 0; round < 250; round++) {
      const bytes = someBytes(random, Math.floor(random() ** 3 * 60000))
      const level = round % 10
      const strategy = [
        constants.Z_DEFAULT_STRATEGY,
        constants.Z_HUFFMAN_ONLY,
        constants.Z_RLE,
        constants.Z_FIXED,
      ][round % 4]!
      const theirs = deflateSync(bytes, { level, strategy })
      expect(Buffer.compare(inflateZlib(padded(theirs), bytes.length), bytes)).toBe(0)
      const ours = deflateZlib(bytes)
      expect(Buffer.compare(inflateSync(ours), bytes)).toBe(0)
      expect(Buffer.compare(inflateZlib(padded(ours), bytes.length), bytes)).toBe(0)
    }
  })

  it('compresses within 15 % of zlib, and takes 15-bit codes apart', () => {
    const random = noise(2)
    const bytes = someBytes(random, 300000)
    expect(deflateZlib(bytes).length).toBeLessThan(deflateSync(bytes).length * 1.15)
    // Fibonacci counts give the longest Huffman codes there are: beyond the limit of 15 bits.
    const counts = [1, 1]
    while (counts.length < 24) counts.push(counts.at(-1)! + counts.at(-2)!)
    const skewed = Uint8Array.from(counts.flatMap((count, value) => new Array<number>(count).fill(value)))
    for (let i = skewed.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1))
      const kept = skewed[i]!
      skewed[i] = skewed[j]!
      skewed[j] = kept
    }
    expect(Buffer.compare(inflateSync(deflateZlib(skewed)), skewed)).toBe(0)
    const theirs = deflateSync(skewed, { strategy: constants.Z_HUFFMAN_ONLY })
    expect(Buffer.compare(inflateZlib(padded(theirs), skewed.length), skewed)).toBe(0)
  })

  it('refuses output that is one byte longer or shorter than promised', () => {
    const stream = padded(deflateSync(new Uint8Array(5000)))
    expect(() => inflateZlib(stream, 4999)).toThrow(/goes on after the 4999 bytes/)
    expect(() => inflateZlib(stream, 5001)).toThrow(/ends after 5000 bytes/)
  })
})

const KINDS = (Object.keys(PNG_COLOURS) as PngColour[]).flatMap((colour) =>
  PNG_COLOURS[colour].bitDepths.map((bitDepth) => ({ colour, bitDepth: bitDepth as PngBitDepth })),
)

function someImage(random: () => number, colour: PngColour, bitDepth: PngBitDepth): PngImage {
  const widthPx = 1 + Math.floor(random() * 20)
  const heightPx = 1 + Math.floor(random() * 20)
  const length = widthPx * heightPx * pngChannels(colour)
  const entries = 1 + Math.floor(random() * 2 ** Math.min(bitDepth, 8))
  const limit = colour === 'palette' ? entries : 2 ** bitDepth
  const samples = bitDepth === 16 ? new Uint16Array(length) : new Uint8Array(length)
  for (let i = 0; i < length; i++)
    samples[i] = random() < 0.5 && i > 0 ? samples[i - 1]! : Math.floor(random() * limit)
  const image = { widthPx, heightPx, colour, bitDepth, samples }
  if (colour === 'palette') {
    return {
      ...image,
      paletteRgba: Uint8Array.from({ length: 4 * entries }, () => Math.floor(random() * 256)),
    }
  }
  if (colour === 'grey' && random() < 0.5) return { ...image, transparentSample: [samples[0]!] }
  return image
}

/** A second, plain encoder: any filter for each row, interlaced or not, zlib's compression, the data cut into several chunks. */
function encodedByHand(image: PngImage, random: () => number, interlaced: boolean): Uint8Array {
  const { widthPx, heightPx, colour, bitDepth, samples, paletteRgba } = image
  const channels = pngChannels(colour)
  const pixelBytes = Math.max(1, (channels * bitDepth) / 8)
  const raw: number[] = []
  for (const { x, y, dx, dy } of interlaced ? ADAM7 : [{ x: 0, y: 0, dx: 1, dy: 1 }]) {
    let above: number[] = []
    for (let v = y; v < heightPx && x < widthPx; v += dy) {
      let bits = ''
      for (let u = x; u < widthPx; u += dx) {
        for (let c = 0; c < channels; c++) {
          bits += samples[(v * widthPx + u) * channels + c]!.toString(2).padStart(bitDepth, '0')
        }
      }
      const line = (bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? []).map((b) =>
        Number.parseInt(b, 2),
      )
      const filter = Math.floor(random() * 5)
      raw.push(filter)
      for (const [i, byte] of line.entries()) {
        const a = line[i - pixelBytes] ?? 0
        const b = above[i] ?? 0
        const c = above[i - pixelBytes] ?? 0
        const p = a + b - c
        const order = [a, b, c]
          .map((guess) => ({ guess, off: Math.abs(p - guess) }))
          .sort((m, n) => m.off - n.off)
        const guess = [0, a, b, (a + b) >> 1, order[0]!.guess][filter]!
        raw.push((byte - guess) & 255)
      }
      above = line
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(widthPx, 0)
  header.writeUInt32BE(heightPx, 4)
  header.set([bitDepth, PNG_COLOURS[colour].code, 0, 0, interlaced ? 1 : 0], 8)
  const data = deflateSync(Uint8Array.from(raw))
  const cut = Math.floor(random() * data.length)
  const chunks: [string, Uint8Array][] = [
    ['IHDR', header],
    ['gAMA', Uint8Array.of(0, 0, 177, 143)],
  ]
  if (paletteRgba !== undefined) {
    chunks.push(
      ['PLTE', paletteRgba.filter((_, i) => i % 4 < 3)],
      ['tRNS', paletteRgba.filter((_, i) => i % 4 === 3)],
    )
  }
  if (image.transparentSample !== undefined) {
    const [value] = image.transparentSample
    chunks.push(['tRNS', Uint8Array.of(value! >> 8, value! & 255)])
  }
  chunks.push(
    ['IDAT', data.subarray(0, cut)],
    ['IDAT', data.subarray(cut)],
    ['tEXt', new Uint8Array(3)],
    ['IEND', new Uint8Array(0)],
  )
  const parts: Buffer[] = [Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])]
  for (const [type, bytes] of chunks) {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), bytes])
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(bytes.length, 0)
    frame.writeUInt32BE(zlibCrc32?.(body) ?? crc32(body), 4)
    parts.push(frame.subarray(0, 4), body, frame.subarray(4))
  }
  return new Uint8Array(Buffer.concat(parts))
}

describe('PNG files', () => {
  it('of all 15 kinds, interlaced and not, with random filters, read back the samples that a second encoder wrote', () => {
    expect(KINDS).toHaveLength(15)
    const random = noise(3)
    for (const { colour, bitDepth } of KINDS) {
      for (let round = 0; round < 12; round++) {
        const image = someImage(random, colour, bitDepth)
        const file = encodedByHand(image, random, round % 2 === 1)
        expect(readPng(file)).toEqual(image)
        expect(readPngHeader(file)).toMatchObject({
          widthPx: image.widthPx,
          colour,
          bitDepth,
          interlaced: round % 2 === 1,
        })
      }
    }
  })

  it('of all 15 kinds survive writing and reading with any filter choice', () => {
    const random = noise(4)
    for (const { colour, bitDepth } of KINDS) {
      for (let round = 0; round < 10; round++) {
        const image = someImage(random, colour, bitDepth)
        expect(
          readPng(writePng(image, { filter: (['none', 'adaptive', 'up'] as const)[round % 3]! })),
        ).toEqual(image)
      }
    }
  })

  it('hold a mask of a megapixel in under 3 kB and a gradient in a tenth of its bytes', () => {
    const widthPx = 1024
    const bytes = new Uint8Array(widthPx * widthPx).map((_, i) =>
      ((i % widthPx) - 500) ** 2 + (Math.floor(i / widthPx) - 400) ** 2 < 90000 ? 1 : 0,
    )
    const mask = maskFromRowMajor({ widthPx, heightPx: widthPx, bytes })
    const file = maskToPng(mask)
    expect(file.length).toBeLessThan(3000)
    expect(equalMasks(maskFromPng(file), mask)).toBe(true)
    const gradient = {
      widthPx: 300,
      heightPx: 200,
      channels: 3 as const,
      bytes: new Uint8Array(180000).map((_, i) => (i >> 2) & 255),
    }
    const picture = pictureToPng(gradient)
    expect(picture.length).toBeLessThan(18000)
    expect(pictureFromPng(picture)).toEqual(gradient)
  })

  it('become 8-bit pictures: 1 bit is black and white, 16 bits keep the high byte, palettes and keys become colours and alpha', () => {
    const size = { widthPx: 2, heightPx: 1 }
    const bytesOf = (image: PngImage) => [...pictureFromPng(writePng(image)).bytes]
    expect(bytesOf({ ...size, colour: 'grey', bitDepth: 1, samples: Uint8Array.of(0, 1) })).toEqual([0, 255])
    expect(bytesOf({ ...size, colour: 'grey', bitDepth: 4, samples: Uint8Array.of(1, 15) })).toEqual([
      17, 255,
    ])
    expect(
      bytesOf({ ...size, colour: 'grey', bitDepth: 16, samples: Uint16Array.of(0x1234, 0xffff) }),
    ).toEqual([0x12, 255])
    const paletteRgba = Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 7)
    expect(
      bytesOf({ ...size, colour: 'palette', bitDepth: 2, samples: Uint8Array.of(1, 0), paletteRgba }),
    ).toEqual([4, 5, 6, 7, 1, 2, 3, 255])
    const keyed = {
      ...size,
      colour: 'grey',
      bitDepth: 8,
      samples: Uint8Array.of(9, 8),
      transparentSample: [9],
    } as const
    expect(bytesOf(keyed)).toEqual([9, 0, 8, 255])
  })
})

describe('masks and label maps in PNG files', () => {
  const size = { widthPx: 4, heightPx: 1 }
  const pixelsOf = (image: PngImage, foreground?: PngForeground) => {
    const mask = maskFromPng(writePng(image), foreground === undefined ? {} : { foreground })
    return [0, 1, 2, 3].filter((x) =>
      mask.edges.some((_, i) => i % 2 === 0 && x >= mask.edges[i]! && x < mask.edges[i + 1]!),
    )
  }
  const grey: PngImage = { ...size, colour: 'grey', bitDepth: 8, samples: Uint8Array.of(0, 1, 128, 255) }
  const paletteRgba = Uint8Array.of(255, 255, 255, 0, 0, 0, 0, 255, 0, 9, 0, 255)
  const palette: PngImage = {
    ...size,
    colour: 'palette',
    bitDepth: 2,
    samples: Uint8Array.of(0, 1, 2, 1),
    paletteRgba,
  }
  const rgba: PngImage = {
    ...size,
    colour: 'rgba',
    bitDepth: 8,
    samples: Uint8Array.of(0, 0, 0, 255, 0, 0, 1, 127, 1, 1, 0, 128, 0, 0, 0, 0),
  }

  it('foreground follows the rule that was chosen', () => {
    expect(pixelsOf(grey)).toEqual([1, 2, 3])
    expect(pixelsOf(grey, { atLeast: 128 })).toEqual([2, 3])
    expect(pixelsOf(grey, { label: 1 })).toEqual([1])
    // A palette's colours decide, not its indices: index 0 is white here.
    expect(pixelsOf(palette)).toEqual([0, 2])
    expect(pixelsOf(palette, { paletteIndex: 1 })).toEqual([1, 3])
    expect(pixelsOf(palette, 'alpha')).toEqual([1, 2, 3])
    expect(pixelsOf(rgba)).toEqual([1, 2])
    expect(pixelsOf(rgba, 'alpha')).toEqual([0, 2])
    expect(pixelsOf(rgba, { label: 257 })).toEqual([2])
  })

  it('refuses rules that the file cannot answer', () => {
    expect(() => pixelsOf(grey, 'alpha')).toThrow(/no transparency/)
    expect(() => pixelsOf(grey, { paletteIndex: 1 })).toThrow(/but the PNG is grey/)
  })

  it('label maps survive as grey, 16-bit grey, palette and panoptic colours', () => {
    const map = { widthPx: 3, heightPx: 2, values: Uint32Array.of(0, 1, 2, 255, 7, 7) }
    for (const as of ['grey', 'palette', 'panoptic'] as const) {
      expect([...labelMapFromPng(labelMapToPng(map, { as })).values]).toEqual([...map.values])
    }
    const large = { ...map, values: Uint32Array.of(0, 256, 65535, 1, 2, 3) }
    expect(readPng(labelMapToPng(large)).bitDepth).toBe(16)
    expect([...labelMapFromPng(labelMapToPng(large)).values]).toEqual([...large.values])
    const ids = { ...map, values: Uint32Array.of(0, 2 ** 24 - 1, 65536, 256, 1, 3) }
    expect([...labelMapFromPng(labelMapToPng(ids, { as: 'panoptic' })).values]).toEqual([...ids.values])
    expect(() => labelMapToPng(ids)).toThrow(/label 16777215 does not fit a grey label map/)
    expect([...vocPaletteRgba(4).subarray(4)]).toEqual([128, 0, 0, 255, 0, 128, 0, 255, 128, 128, 0, 255])
  })

  it('a label map becomes the masks that looking for each label gives, and those paint the map again', () => {
    const side = fc.integer({ min: 1, max: 70 })
    const property = fc.property(
      side,
      side,
      fc.integer(),
      fc.constantFrom(2, 5, 300),
      (widthPx, heightPx, seed, labels) => {
        const random = noise(seed)
        const values = new Uint16Array(widthPx * heightPx)
        for (let i = 0; i < values.length; i++) {
          values[i] = i > 0 && random() < 0.7 ? values[i - 1]! : Math.floor(random() * labels)
        }
        const masks = masksFromLabelMap({ widthPx, heightPx, values })
        const expected = [...new Set(values)].filter((label) => label !== 0).sort((a, b) => a - b)
        expect(masks.map(({ label }) => label)).toEqual(expected)
        for (const { label, mask } of masks.slice(0, 5)) {
          const bytes = Uint8Array.from(values, (value) => (value === label ? 1 : 0))
          expect(equalMasks(mask, maskFromRowMajor({ widthPx, heightPx, bytes }))).toBe(true)
        }
        const painted = labelMapFromMasks(masks, { widthPx, heightPx, overlap: 'error' })
        expect([...painted.values]).toEqual([...values])
      },
    )
    fc.assert(property, { numRuns: 150, seed: 5 })
  })

  it('without a background every value is a label; overlaps are last-wins or an error', () => {
    const map = { widthPx: 2, heightPx: 1, values: Uint8Array.of(0, 9) }
    expect(masksFromLabelMap(map, { background: null }).map(({ label }) => label)).toEqual([0, 9])
    const both = [1, 2].map((label) => ({ label, mask: fullMask(2, 1) }))
    expect([...labelMapFromMasks(both, { widthPx: 2, heightPx: 1 }).values]).toEqual([2, 2])
    expect(() => labelMapFromMasks(both, { widthPx: 2, heightPx: 1, overlap: 'error' })).toThrow(/overlaps/)
  })

  const labels = new URL('../../../../../shared/data/bsds500/val/labels/', import.meta.url)
  it.skipIf(!existsSync(labels))(
    'real label maps fall into masks that cover them (skipped without ../shared/data)',
    () => {
      for (const name of readdirSync(labels).sort().slice(0, 20)) {
        const map = labelMapFromPng(readFileSync(new URL(name, labels)))
        const masks = masksFromLabelMap(map)
        expect(masks.reduce((sum, { mask }) => sum + area(mask), 0)).toBe(map.widthPx * map.heightPx)
        const again = labelMapFromPng(labelMapToPng(map))
        expect(Buffer.compare(Uint8Array.from(again.values), Uint8Array.from(map.values))).toBe(0)
      }
    },
  )
})

describe('damaged and hostile PNG files', () => {
  const small = writePng({
    widthPx: 3,
    heightPx: 3,
    colour: 'grey',
    bitDepth: 8,
    samples: new Uint8Array(9).fill(7),
  })

  it('every truncation and every flipped bit is a MaskError', () => {
    for (let length = 0; length < small.length; length++) {
      expect(codeOf(() => readPng(small.subarray(0, length)))).toBe('malformed')
    }
    for (let bit = 0; bit < small.length * 8; bit++) {
      const broken = small.slice()
      broken[bit >> 3]! ^= 1 << (bit & 7)
      expect(
        codeOf(() => readPng(broken)),
        `bit ${bit}`,
      ).not.toBe('none')
    }
  })

  it('names the place and the remedy', () => {
    const broken = small.slice()
    broken[45]! ^= 1
    try {
      readPng(broken)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'malformed', at: 33, hint: expect.stringContaining('damaged') })
      expect((error as Error).message).toBe('the IDAT chunk at byte 33 of the PNG file fails its CRC check')
    }
  })

  /** A file of the given header and compressed data with right checksums. */
  function file(
    widthPx: number,
    heightPx: number,
    bitDepth: number,
    colour: number,
    data: Uint8Array,
  ): Uint8Array {
    const header = new Uint8Array(13)
    new DataView(header.buffer).setUint32(0, widthPx)
    new DataView(header.buffer).setUint32(4, heightPx)
    header[8] = bitDepth
    header[9] = colour
    return writeChunks([
      { type: 'IHDR', data: header },
      { type: 'IDAT', data },
      { type: 'IEND', data: new Uint8Array(0) },
    ])
  }

  it('a bomb of 14,000 x 14,000 is refused by its header, a lie about the data before anything is allocated', () => {
    const bomb = file(14000, 14000, 8, 0, deflateSync(new Uint8Array(14000)))
    expect(codeOf(() => readPng(bomb))).toBe('too-large')
    expect(() => readPng(bomb, { maxSampleBytes: 2 ** 30 })).toThrow(/too few to hold the 196014000 bytes/)
    expect(codeOf(() => readPng(file(2 ** 31 - 1, 2 ** 31 - 1, 16, 6, new Uint8Array(9))))).toBe('too-large')
    expect(codeOf(() => readPng(file(0, 5, 8, 0, new Uint8Array(9))))).toBe('malformed')
    expect(codeOf(() => readPng(file(2 ** 31, 1, 8, 0, new Uint8Array(9))))).toBe('malformed')
  })

  it('data that goes on, ends early, has filter 5 or a wrong sum is refused although every CRC is right', () => {
    const rows = (...bytes: number[]) => deflateSync(Uint8Array.from(bytes))
    expect(codeOf(() => readPng(file(2, 1, 8, 0, rows(0, 1, 2))))).toBe('none')
    expect(codeOf(() => readPng(file(2, 1, 8, 0, rows(0, 1, 2, 3))))).toBe('malformed')
    expect(codeOf(() => readPng(file(2, 1, 8, 0, rows(0, 1))))).toBe('malformed')
    expect(() => readPng(file(2, 1, 8, 0, rows(5, 1, 2)))).toThrow(/unknown filter 5/)
    const wrongSum = rows(0, 1, 2)
    wrongSum[wrongSum.length - 1]! ^= 1
    expect(() => readPng(file(2, 1, 8, 0, wrongSum))).toThrow(/Adler-32/)
    expect(() => readPng(file(2, 1, 8, 3, rows(0, 1, 2)))).toThrow(/no PLTE chunk/)
    expect(codeOf(() => readPng(file(2, 1, 3, 0, rows(0, 1, 2))))).toBe('malformed')
  })

  it('refuses to write what PNG cannot hold', () => {
    const image = {
      widthPx: 2,
      heightPx: 1,
      colour: 'grey',
      bitDepth: 1,
      samples: Uint8Array.of(0, 1),
    } as const
    expect(codeOf(() => writePng({ ...image, samples: Uint8Array.of(0, 2) }))).toBe('out-of-range')
    expect(codeOf(() => writePng({ ...image, samples: Uint8Array.of(0) }))).toBe('size-mismatch')
    expect(codeOf(() => writePng({ ...image, colour: 'rgb' }))).toBe('malformed')
    expect(codeOf(() => writePng({ ...image, colour: 'palette' }))).toBe('size-mismatch')
    expect(codeOf(() => writePng({ ...image, widthPx: 0, samples: new Uint8Array(0) }))).toBe('out-of-range')
  })

  it('100,000 mutated files: a picture or a MaskError, never more memory than the caps, never slow', () => {
    const random = noise(6)
    const seeds = KINDS.flatMap(({ colour, bitDepth }) =>
      [false, true].map((interlaced) =>
        encodedByHand(someImage(random, colour, bitDepth), random, interlaced),
      ),
    )
    let read = 0
    let slowestMs = 0
    let mostBytes = 0
    for (let round = 0; round < 100_000; round++) {
      const bytes = mutated(seeds[round % seeds.length]!, random)
      const before = process.memoryUsage().arrayBuffers
      const started = performance.now()
      const code = codeOf(() => {
        const image = readPng(bytes, { maxSampleBytes: 2 ** 24 })
        expect(image.samples.length).toBe(image.widthPx * image.heightPx * pngChannels(image.colour))
        read++
      })
      slowestMs = Math.max(slowestMs, performance.now() - started)
      // Of one file: when the garbage of many goes is the collector's business.
      mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - before)
      if (!['none', 'malformed', 'too-large', 'unsupported'].includes(code)) expect.unreachable(code)
    }
    // Most mutants keep right CRCs, so that the damage reaches the decoder; some are still pictures.
    expect(read).toBeGreaterThan(1000)
    expect(read).toBeLessThan(99_000)
    // A hang, not a benchmark: the machine may pause for long.
    expect(slowestMs).toBeLessThan(1000)
    expect(mostBytes).toBeLessThan(4 * 2 ** 24)
  })

  /** Changes one to three places; nine times of ten the CRCs are made right again. */
  function mutated(seed: Uint8Array, random: () => number): Uint8Array {
    let bytes = seed.slice()
    for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
      const at = Math.floor(random() * bytes.length)
      const kind = random()
      if (kind < 0.6) bytes[at] = Math.floor(random() * 256)
      else if (kind < 0.8) bytes[at]! ^= 1 << Math.floor(random() * 8)
      else if (kind < 0.9) bytes.copyWithin(at, Math.floor(random() * bytes.length))
      else bytes = bytes.slice(0, Math.max(1, at))
    }
    if (random() < 0.9) repairCrcs(bytes)
    return bytes
  }

  function repairCrcs(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer)
    for (let at = 8; at + 12 <= bytes.length; ) {
      const end = at + 8 + view.getUint32(at)
      if (end + 4 > bytes.length) return
      view.setUint32(end, crc32(bytes, at + 4, end))
      at = end + 4
    }
  }
})
