import { randomBytes } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import { equalMasks, maskFromRowMajor, shownMask, storedMask, writePng } from '@maskwords/mask'
import sharp from 'sharp'
import { describe, expect, it, vi } from 'vitest'
import { MaskwordsError } from '../error.ts'
import { describePicture } from './describe.ts'
import { orientRgb } from './orient.ts'
import { readPicture } from './read.ts'

const WIDTH = 24
const HEIGHT = 16
/** A red left half, a green upper right and a blue lower right: no orientation looks like another. */
const RGB = new Uint8Array(WIDTH * HEIGHT * 3)
for (let y = 0; y < HEIGHT; y++) {
  for (let x = 0; x < WIDTH; x++)
    RGB[(y * WIDTH + x) * 3 + (x < WIDTH / 2 ? 0 : y < HEIGHT / 2 ? 1 : 2)] = 255
}
const raw = (bytes = RGB, channels: 1 | 3 | 4 = 3) =>
  sharp(bytes, { raw: { width: WIDTH, height: HEIGHT, channels } })

async function failure(bytes: Uint8Array, maxPixels?: number): Promise<MaskwordsError> {
  try {
    await readPicture(bytes, { name: 'photo', ...(maxPixels !== undefined && { maxPixels }) })
  } catch (error) {
    if (error instanceof MaskwordsError) return error
    throw error
  }
  throw new Error('it did not fail')
}

/** A valid 8-bit grey PNG of one value, made here: 196 million pixels take no time to write. */
/** The same file with another width and height in every place of its header that says them. */
function saying(bytes: Buffer, format: 'jpeg' | 'webp' | 'gif' | 'tiff' | 'avif', side: number): Uint8Array {
  const out = Buffer.from(bytes)
  if (format === 'gif') {
    const frame = out.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 16, 0, 16, 0]))
    for (const at of [6, 8, frame + 5, frame + 7]) out.writeUInt16LE(side, at)
  } else if (format === 'jpeg') {
    const frame = out.indexOf(Buffer.from([0xff, 0xc0]))
    for (const at of [frame + 5, frame + 7]) out.writeUInt16BE(side, at)
  } else if (format === 'webp') {
    // Lossy: a frame header of 14 bits each behind the start code (RFC 6386, 9.1).
    const start = out.indexOf(Buffer.from([0x9d, 0x01, 0x2a]))
    for (const at of [start + 3, start + 5]) out.writeUInt16LE(side, at)
  } else if (format === 'avif') {
    const box = out.indexOf('ispe')
    for (const at of [box + 8, box + 12]) out.writeUInt32BE(side, at)
  } else {
    const folder = out.readUInt32LE(4)
    for (let i = 0; i < out.readUInt16LE(folder); i++) {
      const entry = folder + 2 + 12 * i
      // ImageWidth and ImageLength; as LONG.
      if (![256, 257].includes(out.readUInt16LE(entry))) continue
      out.writeUInt16LE(4, entry + 2)
      out.writeUInt32LE(side, entry + 8)
    }
  }
  return new Uint8Array(out)
}

function flatPng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const ends = Buffer.alloc(8)
    ends.writeUInt32BE(data.length, 0)
    ends.writeUInt32BE(crc32(body), 4)
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  const data = deflateSync(Buffer.alloc((width + 1) * height), { level: 1 })
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

async function withoutSharp<T>(work: () => Promise<T>): Promise<T> {
  vi.stubEnv('MASKWORDS_SHARP', 'off')
  try {
    return await work()
  } finally {
    vi.unstubAllEnvs()
  }
}

describe('pictures', () => {
  it.each(['png', 'webp', 'tiff'] as const)('lossless %s gives exactly its pixels', async (format) => {
    const bytes = await raw()
      .toFormat(format, { lossless: true, compression: 'lzw' } as object)
      .toBuffer()
    const picture = await readPicture(bytes)
    expect([picture.widthPx, picture.heightPx]).toEqual([WIDTH, HEIGHT])
    expect(Buffer.from(picture.rgb).equals(RGB)).toBe(true)
  })

  it.each(['jpeg', 'avif', 'gif'] as const)('%s gives its pixels nearly', async (format) => {
    const picture = await readPicture(await raw().toFormat(format).toBuffer())
    expect(picture.info.format).toBe(format)
    const left = (4 * WIDTH + 3) * 3
    expect(picture.rgb[left]!).toBeGreaterThan(230)
    expect(picture.rgb[left + 2]!).toBeLessThan(25)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'EXIF orientation %i is applied as sharp applies it, or ignored on request',
    async (orientation) => {
      const bytes = await raw().withMetadata({ orientation }).png().toBuffer()
      const applied = await readPicture(bytes)
      const expected = await sharp(bytes)
        .autoOrient()
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true })
      expect([applied.widthPx, applied.heightPx]).toEqual([expected.info.width, expected.info.height])
      expect(Buffer.from(applied.rgb).equals(expected.data)).toBe(true)
      const ignored = await readPicture(bytes, { exif: 'ignore' })
      expect(Buffer.from(ignored.rgb).equals(RGB)).toBe(true)
      // Our own PNG reader sees the same tag.
      const own = await withoutSharp(() => readPicture(bytes))
      expect(Buffer.from(own.rgb).equals(expected.data)).toBe(true)
    },
  )

  it('a JPEG on its side is described by the size that viewers show', async () => {
    const info = await describePicture(await raw().withMetadata({ orientation: 6 }).jpeg().toBuffer())
    expect(info).toMatchObject({
      widthPx: HEIGHT,
      heightPx: WIDTH,
      storedWidthPx: WIDTH,
      storedHeightPx: HEIGHT,
      orientation: 6,
    })
  })

  it('turning by each orientation and its inverse gives the stored pixels back', () => {
    const inverse = [0, 1, 2, 3, 4, 5, 8, 7, 6]
    const noise = new Uint8Array(randomBytes(5 * 7 * 3))
    for (let orientation = 1; orientation <= 8; orientation++) {
      const there = orientRgb(noise, 5, 7, orientation)
      const back = orientRgb(there.rgb, there.widthPx, there.heightPx, inverse[orientation]!)
      expect(Buffer.from(back.rgb).equals(noise)).toBe(true)
    }
  })

  it('a mask of the stored pixels turns as its picture does, and back', () => {
    const bytes = Uint8Array.from({ length: 5 * 7 }, (_, i) => ((i * i) % 3) & 1)
    const mask = maskFromRowMajor({ widthPx: 5, heightPx: 7, bytes })
    const picture = Uint8Array.from({ length: 5 * 7 * 3 }, (_, i) => bytes[Math.floor(i / 3)]!)
    for (let orientation = 1; orientation <= 8; orientation++) {
      const { widthPx, heightPx, rgb } = orientRgb(picture, 5, 7, orientation)
      const turned = maskFromRowMajor({ widthPx, heightPx, bytes: rgb.filter((_, i) => i % 3 === 0) })
      expect(equalMasks(shownMask(mask, orientation), turned)).toBe(true)
      expect(equalMasks(storedMask(turned, orientation), mask)).toBe(true)
    }
  })

  it('alpha is dropped as PIL drops it, or put on a ground', async () => {
    const rgba = new Uint8Array(WIDTH * HEIGHT * 4).fill(200)
    for (let i = 3; i < rgba.length; i += 4) rgba[i] = 51
    const bytes = await raw(rgba, 4).png().toBuffer()
    for (const read of [() => readPicture(bytes), () => withoutSharp(() => readPicture(bytes))]) {
      expect((await read()).rgb[0]).toBe(200)
    }
    for (const [alpha, expected] of [
      ['white', 244],
      ['black', 40],
    ] as const) {
      for (const read of [
        () => readPicture(bytes, { alpha }),
        () => withoutSharp(() => readPicture(bytes, { alpha })),
      ]) {
        expect(Math.abs((await read()).rgb[0]! - expected)).toBeLessThanOrEqual(1)
      }
    }
  })

  it('grey becomes three equal channels', async () => {
    const grey = new Uint8Array(WIDTH * HEIGHT).map((_, i) => i & 255)
    for (const format of ['png', 'webp'] as const) {
      const { rgb } = await readPicture(await raw(grey, 1).toFormat(format, { lossless: true }).toBuffer())
      expect([...rgb.subarray(9, 15)]).toEqual([3, 3, 3, 4, 4, 4])
    }
  })

  it('16-bit samples are scaled down to their high byte, never clipped', async () => {
    const samples = Uint16Array.of(0x0000, 0x00ff, 0x8080, 0xffff)
    const bytes = writePng({ widthPx: 4, heightPx: 1, colour: 'grey', bitDepth: 16, samples })
    const { rgb } = await readPicture(bytes)
    expect([rgb[0], rgb[3], rgb[6], rgb[9]]).toEqual([0, 0, 0x80, 255])
  })

  it('1-bit and palette PNG are looked up the same with and without sharp', async () => {
    const samples = Uint8Array.of(0, 1, 1, 0, 1, 0, 0, 1)
    const bits = writePng({ widthPx: 4, heightPx: 2, colour: 'grey', bitDepth: 1, samples })
    const paletteRgba = Uint8Array.of(10, 20, 30, 255, 200, 100, 50, 0)
    const palette = writePng({
      widthPx: 4,
      heightPx: 2,
      colour: 'palette',
      bitDepth: 8,
      samples,
      paletteRgba,
    })
    for (const [bytes, second] of [
      [bits, [255, 255, 255]],
      [palette, [200, 100, 50]],
    ] as const) {
      const outside = await readPicture(bytes)
      const own = await withoutSharp(() => readPicture(bytes))
      expect([...outside.rgb.subarray(3, 6)]).toEqual(second)
      expect(Buffer.from(own.rgb).equals(outside.rgb)).toBe(true)
    }
  })

  it.each([
    ['with', 'cmyk'],
    ['without', undefined],
  ])('CMYK %s a profile has the colours that a viewer shows, not inverted ones', async (_, profile) => {
    const stripes = new Uint8Array(WIDTH * HEIGHT * 3)
    const colours = [
      [255, 0, 0],
      [0, 255, 0],
      [255, 255, 255],
    ] as const
    for (let i = 0; i < WIDTH * HEIGHT; i++) stripes.set(colours[Math.floor((i % WIDTH) / 8)]!, i * 3)
    const cmyk =
      profile === undefined ? raw(stripes).toColourspace('cmyk') : raw(stripes).withIccProfile(profile)
    const { rgb, info } = await readPicture(await cmyk.jpeg({ quality: 100 }).toBuffer())
    expect(info).toMatchObject({ colour: 'cmyk' })
    const [red, green, white] = [4, 12, 20].map((x) => [
      ...rgb.subarray((8 * WIDTH + x) * 3, (8 * WIDTH + x) * 3 + 3),
    ])
    expect(red![0]!).toBeGreaterThan(Math.max(red![1]!, red![2]!) + 100)
    expect(green![1]!).toBeGreaterThan(Math.max(green![0]!, green![2]!) + 10)
    for (const channel of white!) expect(channel).toBeGreaterThan(245)
  })

  it('an embedded profile is ignored as PIL does, or applied on request', async () => {
    const grey = new Uint8Array(WIDTH * HEIGHT * 3).map((_, i) => [200, 60, 60][i % 3]!)
    const bytes = await raw(grey).png().withIccProfile('p3').toBuffer()
    const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer()
    expect((await readPicture(bytes)).rgb[0]).toBe(stored[0])
    expect(Math.abs((await readPicture(bytes, { icc: 'apply' })).rgb[0]! - 200)).toBeLessThanOrEqual(2)
    expect(Math.abs(stored[0]! - 200)).toBeGreaterThan(2)
  })

  it('of an animation only the first frame is read', async () => {
    const frames = await sharp(
      [await raw().png().toBuffer(), await raw(new Uint8Array(RGB.length)).png().toBuffer()],
      {
        join: { animated: true },
      },
    )
      .gif()
      .toBuffer()
    const picture = await readPicture(frames)
    expect(picture.info.pages).toBe(2)
    expect([picture.widthPx, picture.heightPx]).toEqual([WIDTH, HEIGHT])
    expect(picture.rgb[0]!).toBeGreaterThan(230)
  })
})

describe('pictures that are refused', () => {
  it('a small PNG of 14,000 x 14,000 is refused fast, with the limit and the option', async () => {
    const bytes = flatPng(14_000, 14_000)
    expect(bytes.length).toBeLessThan(1_000_000)
    let error = await failure(bytes)
    let fastestMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < 3; i++) {
      const started = performance.now()
      error = await failure(bytes)
      fastestMs = Math.min(fastestMs, performance.now() - started)
    }
    expect(fastestMs).toBeLessThan(100)
    expect(error.code).toBe('too-large')
    expect(error.message).toContain('14000 x 14000')
    expect(error.message).toContain('50,000,000')
    expect(error.hint).toContain('--max-pixels 196000000')
  })

  it('a picture of two million rows of a pixel is refused, whatever its few kilobytes say', async () => {
    for (const bytes of [flatPng(1, 2_000_000), flatPng(2_000_000, 1)]) {
      const error = await failure(bytes)
      expect(error.code).toBe('too-large')
      expect(error.message).toContain('1,048,576')
    }
  })

  it.each(['jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)(
    'a few kilobytes of %s that say 16,000 x 16,000 are refused before a pixel is made',
    async (format) => {
      const small = sharp({ create: { width: 16, height: 16, channels: 3, background: '#808080' } })
      const bytes = saying(await small.toFormat(format).toBuffer(), format, 16_000)
      const before = process.memoryUsage().rss
      const error = await failure(bytes)
      expect([bytes.length < 10_000, error.code, error.file]).toEqual([true, 'too-large', 'photo'])
      expect(error.message).toContain('16000 x 16000')
      // Its pixels would be 768 MB.
      expect(process.memoryUsage().rss - before).toBeLessThan(200e6)
    },
  )

  it('an SVG is refused whatever size it says', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="90000" height="90000"><rect width="9" height="9"/></svg>'
    const error = await failure(new TextEncoder().encode(svg))
    expect(['unsupported', 'too-large']).toContain(error.code)
  })

  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)(
    'a %s cut off anywhere is refused',
    async (format) => {
      const noise = new Uint8Array(randomBytes(120 * 90 * 3))
      const bytes = await sharp(noise, { raw: { width: 120, height: 90, channels: 3 } })
        .toFormat(format)
        .toBuffer()
      for (const share of [0.02, 0.3, 0.6, 0.9]) {
        const error = await failure(new Uint8Array(bytes.subarray(0, Math.floor(bytes.length * share))))
        expect(['malformed', 'unsupported']).toContain(error.code)
        expect(error.file).toBe('photo')
      }
    },
  )

  it('what is no picture is named for what it is', async () => {
    const text = (content: string) => new TextEncoder().encode(content)
    expect((await failure(new Uint8Array(0))).message).toContain('empty')
    expect((await failure(text('<!DOCTYPE html><html></html>'))).message).toContain('web page')
    expect((await failure(text('<svg xmlns="http://www.w3.org/2000/svg"/>'))).code).toBe('unsupported')
    expect((await failure(text('version https://git-lfs.github.com/spec/v1\noid sha256:0'))).hint).toContain(
      'git lfs pull',
    )
    expect((await failure(new Uint8Array(randomBytes(500)))).code).toBe('unsupported')
  })

  it('without sharp a JPEG names the package and the way around it', async () => {
    const bytes = await raw().jpeg().toBuffer()
    const error = await withoutSharp(() => failure(bytes))
    expect(error.code).toBe('missing-dependency')
    expect(error.hint).toContain('npm install sharp')
    expect(error.hint).toContain('PNG')
  })
})
