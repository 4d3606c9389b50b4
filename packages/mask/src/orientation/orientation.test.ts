// Orientations as files state them, and whose pixels masks lie on.

import { describe, expect, it } from 'vitest'
import { chooseGround, shownSize } from './ground.ts'
import { pictureHeader } from './header.ts'
import { exifOrientation, xmpOrientation } from './tags.ts'

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
const joined = (...parts: readonly (string | readonly number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...bytes(part)] : [...part])))

/** A TIFF structure whose only entry is the orientation; `isLittle` its byte order. */
function tiff(orientation: number, isLittle = true): number[] {
  const short = (value: number) => (isLittle ? [value & 255, value >> 8] : [value >> 8, value & 255])
  const long = (value: number) => (isLittle ? [...short(value), 0, 0] : [0, 0, ...short(value)])
  const head = isLittle ? [...bytes('II*\0')] : [...bytes('MM\0*')]
  return [
    ...head,
    ...long(8),
    ...short(1),
    ...short(0x0112),
    ...short(3),
    ...long(1),
    ...short(orientation),
    0,
    0,
    ...long(0),
  ]
}

const FRAME = [0xff, 0xc2, 0, 17, 8, 0, 6, 0, 8, 3]
function jpeg(...blocks: readonly (readonly number[])[]): Uint8Array {
  const segments = blocks.flatMap((block) => [
    0xff,
    0xe1,
    (block.length + 2) >> 8,
    (block.length + 2) & 255,
    ...block,
  ])
  return Uint8Array.from([0xff, 0xd8, ...segments, 0xff, ...FRAME])
}
const XMP = [...bytes('http://ns.adobe.com/xap/1.0/\0<rdf tiff:Orientation="8"/>')]
const EXIF = [...bytes('Exif\0\0'), ...tiff(6)]

const long = (value: number) => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
const chunk = (type: string, body: readonly number[]) => [
  ...long(body.length),
  ...bytes(type),
  ...body,
  0,
  0,
  0,
  0,
]
const box = (type: string, ...body: readonly (readonly number[])[]) => {
  const flat = body.flat()
  return [...long(flat.length + 8), ...bytes(type), ...flat]
}
const SIGNATURE = [0x89, ...bytes('PNG\r\n\x1a\n')]
const IHDR = chunk('IHDR', [...long(8), ...long(6), 8, 2, 0, 0, 0])

describe('the orientation that a file states', () => {
  it('JPEG: EXIF before XMP, XMP where there is no EXIF, none without either', () => {
    const size = { format: 'jpeg', widthPx: 8, heightPx: 6 }
    expect(pictureHeader(jpeg())).toEqual({ ...size, orientation: 1 })
    expect(pictureHeader(jpeg(XMP))).toEqual({ ...size, orientation: 8 })
    expect(pictureHeader(jpeg(XMP, EXIF))).toEqual({ ...size, orientation: 6 })
    for (let end = 12; end < 20; end++) expect(pictureHeader(jpeg(EXIF).subarray(0, end))).toBeUndefined()
  })

  it('PNG: eXIf also behind the pixels, XMP, and ImageMagick’s profile as text', () => {
    const idat = chunk('IDAT', [1, 2, 3])
    const hex = tiff(3)
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
    const profile = [...bytes(`Raw profile type exif\0\nexif\n      ${tiff(3).length}\n${hex}\n`)]
    for (const [orientation, ...chunks] of [
      [1, idat],
      [5, idat, chunk('eXIf', tiff(5, false))],
      [
        7,
        chunk('iTXt', [...bytes('XML:com.adobe.xmp\0\0\0\0\0<tiff:Orientation>7</tiff:Orientation>')]),
        idat,
      ],
      [3, chunk('tEXt', profile), idat],
    ] as const) {
      const file = Uint8Array.from([...SIGNATURE, ...IHDR, ...chunks.flat(), ...chunk('IEND', [])])
      expect(pictureHeader(file)).toEqual({ format: 'png', widthPx: 8, heightPx: 6, orientation })
    }
  })

  it('HEIF and AVIF: turn and mirror of the primary item, whatever EXIF says', () => {
    const turned = (turn: number | undefined, mirror: number | undefined) => {
      const properties = [
        box('ispe', long(0), long(8), long(6)),
        ...(turn === undefined ? [] : [box('irot', [turn])]),
        ...(mirror === undefined ? [] : [box('imir', [mirror])]),
      ]
      const indices = properties.map((_, i) => i + 1)
      const ipma = box('ipma', long(0), long(2), [0, 1, 0], [0, 2, indices.length, ...indices])
      const meta = box(
        'meta',
        long(0),
        box('pitm', long(0), [0, 2]),
        box('iprp', box('ipco', ...properties), ipma),
      )
      return pictureHeader(Uint8Array.from([...box('ftyp', [...bytes('avif')], long(0)), ...meta]))
    }
    const all = [undefined, 1, 2, 3].map((turn) =>
      [undefined, 0, 1].map((mirror) => turned(turn, mirror)?.orientation),
    )
    // As libavif's and Pillow's tables have them: a turn counter-clockwise, then the mirror.
    expect(all).toEqual([
      [1, 4, 2],
      [8, 5, 7],
      [3, 2, 4],
      [6, 7, 5],
    ])
    expect(turned(1, undefined)).toMatchObject({ format: 'heif', widthPx: 8, heightPx: 6 })
  })

  it('TIFF and WebP', () => {
    const entries = [
      [256, 8],
      [257, 6],
      [274, 6],
    ].flatMap(([tag, value]) => [tag! & 255, tag! >> 8, 3, 0, 1, 0, 0, 0, value!, 0, 0, 0])
    expect(pictureHeader(joined('II*\0', [8, 0, 0, 0, 3, 0], entries))).toEqual({
      format: 'tiff',
      widthPx: 8,
      heightPx: 6,
      orientation: 6,
    })
    const vp8x = [...bytes('VP8X'), 10, 0, 0, 0, 8, 0, 0, 0, 7, 0, 0, 5, 0, 0]
    const exif = [...bytes('EXIF'), tiff(6).length, 0, 0, 0, ...tiff(6)]
    expect(pictureHeader(joined('RIFF', [0, 0, 0, 0], 'WEBP', vp8x, exif))).toEqual({
      format: 'webp',
      widthPx: 8,
      heightPx: 6,
      orientation: 6,
    })
  })

  it('refuses to read a tag that makes no sense, or beyond the block', () => {
    expect([0, 9, 300].map((value) => exifOrientation(Uint8Array.from(tiff(value))))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    for (let end = 0; end < 22; end++)
      expect(exifOrientation(Uint8Array.from(tiff(6).slice(0, end)))).toBeUndefined()
    expect(xmpOrientation(bytes('tiff:Orientation="0"'))).toBeUndefined()
  })
})

describe('the ground that masks were drawn on', () => {
  const stored = { widthPx: 40, heightPx: 30 }
  const on = (
    orientation: number,
    stated: readonly { widthPx: number; heightPx: number }[],
    convention: 'stored' | 'shown' = 'stored',
  ) => chooseGround({ stored, orientation, stated, convention })

  it('is the one of the stated size, and the convention’s where both fit or nothing is stated', () => {
    const shown = shownSize(stored, 6)
    expect(on(6, [stored])).toEqual({ ground: 'stored', by: 'size' })
    expect(on(6, [shown])).toEqual({ ground: 'shown', by: 'size' })
    expect(on(6, [shown, stored], 'shown')).toEqual({ ground: 'shown', by: 'convention' })
    expect(on(3, [stored], 'shown')).toEqual({ ground: 'shown', by: 'convention' })
    expect(on(8, [])).toEqual({ ground: 'stored', by: 'convention' })
    expect(on(1, [stored])).toEqual({ ground: 'stored', by: 'same' })
    expect(on(3, [shown])).toBeUndefined()
    expect(on(1, [shown])).toBeUndefined()
  })
})
