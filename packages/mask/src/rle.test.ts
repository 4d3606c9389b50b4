import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawn, masks } from '../test/masks.ts'
import { cocoCountsFromMask, cocoRleFromMask, cocoStringFromMask, maskFromCocoRle } from './coco-rle.ts'
import { maskFromCocoSegmentation } from './coco-segmentation.ts'
import { cvatRleFromMask, cvatXmlFromMask, maskFromCvatRle, maskFromCvatXml } from './cvat-rle.ts'
import { MaskError } from './error.ts'
import { labelStudioRleFromMask, maskFromLabelStudioRle } from './label-studio-rle.ts'
import { emptyMask, equalMasks, fullMask } from './mask.ts'

const house = drawn('..#..', '.###.', '##.##')

test('one mask in every dialect, by hand', () => {
  // Columns: ..#  .##  ##.  .##  ..#
  expect(cocoCountsFromMask(house)).toEqual({ size: [3, 5], counts: [2, 1, 1, 4, 2, 2, 2, 1] })
  // 2, 1, 1, then differences to the count two before: 4 - 1, 2 - 1, 2 - 4, 2 - 2, 1 - 2.
  expect(cocoRleFromMask(house)).toEqual({ size: [3, 5], counts: '21131N0O' })
  // Rows in the box (0, 0) to (4, 2): ..#.. .###. ##.##
  expect(cvatRleFromMask(house)).toEqual([2, 1, 3, 3, 1, 2, 1, 2, 0, 0, 4, 2])
  expect(cvatXmlFromMask(drawn('....', '.##.'))).toEqual({
    rle: [0, 2],
    left: 1,
    top: 1,
    width: 2,
    height: 1,
  })
})

test("Label Studio's bytes of a mask of one foreground and one background pixel, bit by bit", () => {
  // 8 values; 8-bit values; length widths 3, 4, 8, 16; four times 255; four times 0; filled up with zeros.
  const bits =
    '00000000000000000000000000001000 00111 0010 0011 0111 1111 1 00 011 11111111 1 00 011 00000000 0000000'.replaceAll(
      ' ',
      '',
    )
  const bytes = Array.from({ length: bits.length / 8 }, (_, i) =>
    Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2),
  )
  expect([...labelStudioRleFromMask(drawn('#.'))]).toEqual(bytes)
  expect(maskFromLabelStudioRle({ widthPx: 2, heightPx: 1, rle: bytes })).toEqual(drawn('#.'))
})

test('Label Studio blocks of listed values are read, and only alpha counts', () => {
  // 8 values in one block of 8 listed ones: (9, 9, 9, 0) and (0, 0, 0, 1).
  const bits = `${(8).toString(2).padStart(32, '0')}00111${'0010001101111111'}0 00 111${[
    9, 9, 9, 0, 0, 0, 0, 1,
  ]
    .map((v) => v.toString(2).padStart(8, '0'))
    .join('')}`
    .replaceAll(' ', '')
    .padEnd(128, '0')
  const rle = Array.from({ length: 16 }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2))
  expect(maskFromLabelStudioRle({ widthPx: 2, heightPx: 1, rle })).toEqual(drawn('.#'))
})

test("texts of the C library for masks of one kind, and for a picture of no pixels, are the library's", () => {
  expect(cocoStringFromMask(emptyMask(640, 480))).toBe('PP\\9')
  expect(cocoStringFromMask(fullMask(640, 480))).toBe('0PP\\9')
  expect(cocoStringFromMask(emptyMask(0, 7))).toBe('0')
})

test('every dialect gives every mask back', () => {
  fc.assert(
    fc.property(masks, (mask) => {
      const { widthPx, heightPx } = mask
      expect(maskFromCocoRle(cocoRleFromMask(mask))).toEqual(mask)
      expect(maskFromCocoRle(cocoCountsFromMask(mask))).toEqual(mask)
      expect(maskFromLabelStudioRle({ widthPx, heightPx, rle: labelStudioRleFromMask(mask) })).toEqual(mask)
      if (widthPx > 0 && heightPx > 0) {
        expect(maskFromCvatRle({ widthPx, heightPx, points: cvatRleFromMask(mask) })).toEqual(mask)
        const xml = cvatXmlFromMask(mask)
        expect(maskFromCvatXml({ widthPx, heightPx, mask: { ...xml, rle: xml.rle.join(', ') } })).toEqual(
          mask,
        )
      }
    }),
    { numRuns: 1500 },
  )
})

test("all three forms of COCO's segmentation are read, and an exchanged size is named", () => {
  const square = drawn('.##', '.##')
  const size = { widthPx: 3, heightPx: 2 }
  for (const segmentation of [
    [[1, 0, 3, 0, 3, 2, 1, 2]],
    cocoRleFromMask(square),
    cocoCountsFromMask(square),
  ]) {
    expect(maskFromCocoSegmentation({ ...size, segmentation })).toEqual(square)
  }
  expect(() => maskFromCocoSegmentation({ ...size, segmentation: { size: [3, 2], counts: [6] } })).toThrow(
    expect.objectContaining({ code: 'size-mismatch', hint: expect.stringContaining('exchanged') }),
  )
  expect(() => maskFromCocoSegmentation({ ...size, segmentation: 'x' as never })).toThrow(MaskError)
})

test('lengths of 0 between others join their neighbours', () => {
  const counts = [0, 0, 1, 2, 0, 1, 0, 0, 2]
  expect(maskFromCocoRle({ size: [2, 3], counts })).toEqual(
    maskFromCocoRle({ size: [2, 3], counts: [1, 3, 2] }),
  )
  expect(maskFromCocoRle({ size: [2, 1], counts: [0, 2, 0] })).toEqual(fullMask(1, 2))
})

test('runs and differences up to 2^31 pixels keep every bit', () => {
  const wide = maskFromCocoRle({ size: [1, 2 ** 31 - 1], counts: [2 ** 31 - 3, 1, 1] })
  expect(maskFromCocoRle(cocoRleFromMask(wide))).toEqual(wide)
  const far = maskFromCocoRle({ size: [1, 2 ** 31 - 1], counts: [1, 2 ** 30, 1, 1, 2 ** 30 - 4] })
  expect(maskFromCocoRle(cocoRleFromMask(far))).toEqual(far)
})

const UNPRINTABLE = JSON.parse('{ "toString": 1, "valueOf": 2 }')

const hostile: [string, () => unknown, string, RegExp][] = [
  [
    'a short sum',
    () => maskFromCocoRle({ size: [2, 2], counts: [1, 2] }),
    'size-mismatch',
    /cover 3 pixels, the picture has 4/,
  ],
  [
    'a long sum',
    () => maskFromCocoRle({ size: [2, 2], counts: [1, 4] }),
    'size-mismatch',
    /run 1 ends at pixel 5/,
  ],
  [
    'a run of a billion in a text of 7 characters',
    () => maskFromCocoRle({ size: [2, 2], counts: '0oooooN' }),
    'malformed',
    /negative|ends/,
  ],
  [
    'a sum beyond 2^32',
    () => maskFromCocoRle({ size: [2, 2], counts: [2 ** 32, 2 ** 32, 4] }),
    'size-mismatch',
    /run 0/,
  ],
  [
    'a negative difference below 0',
    () => maskFromCocoRle({ size: [2, 2], counts: '111L' }),
    'malformed',
    /negative length -3/,
  ],
  [
    'a text cut within a number',
    () => maskFromCocoRle({ size: [480, 640], counts: 'PPe' }),
    'malformed',
    /ends within a number/,
  ],
  [
    'an endless number',
    () => maskFromCocoRle({ size: [2, 2], counts: 'oooooooo0' }),
    'malformed',
    /longer than 32 bits/,
  ],
  ['non-ASCII text', () => maskFromCocoRle({ size: [2, 2], counts: '4é' }), 'malformed', /character 1/],
  ["Python's b'...'", () => maskFromCocoRle({ size: [2, 2], counts: "b'4'" }), 'malformed', /'0'\.\.'o'/],
  [
    'a size of 0 x n with runs',
    () => maskFromCocoRle({ size: [0, 5], counts: [1] }),
    'size-mismatch',
    /picture has 0/,
  ],
  ['a size of 2^31', () => maskFromCocoRle({ size: [2 ** 31, 1], counts: '0' }), 'too-large', /more than/],
  [
    'a negative size',
    () => maskFromCocoRle({ size: [-1, -1], counts: '1' }),
    'out-of-range',
    /whole numbers/,
  ],
  [
    'NaN in counts',
    () => maskFromCocoRle({ size: [2, 2], counts: [Number.NaN] }),
    'out-of-range',
    /run length 0 is NaN/,
  ],
  [
    'text in counts',
    () => maskFromCocoRle({ size: [2, 2], counts: ['4'] as never }),
    'malformed',
    /run length 0 is "4"/,
  ],
  ['no object', () => maskFromCocoRle(null as never), 'malformed', /must be an object/],
  ['no size', () => maskFromCocoRle({ counts: '4' } as never), 'malformed', /size must be/],
  [
    'bytes',
    () => maskFromCocoRle({ size: [2, 2], counts: new Uint8Array(2) as never }),
    'malformed',
    /counts must be text/,
  ],
  [
    'a CVAT box outside',
    () => maskFromCvatRle({ widthPx: 4, heightPx: 4, points: [1, 3, 3, 4, 4] }),
    'out-of-range',
    /not inside/,
  ],
  [
    'JSON objects whose toString is no function, as a size',
    () => maskFromCocoRle({ size: [UNPRINTABLE, 1] as never, counts: '0' }),
    'out-of-range',
    /got 1 x an object/,
  ],
  [
    'the same as counts',
    () => maskFromCocoRle({ size: [1, 1], counts: [UNPRINTABLE] as never }),
    'malformed',
    /run length 0 is an object/,
  ],
  [
    'the same in a CVAT box',
    () => maskFromCvatRle({ widthPx: 1, heightPx: 1, points: [1, 0, 0, UNPRINTABLE as never, 0] }),
    'malformed',
    /an object in the box/,
  ],
  [
    'a CVAT sum',
    () => maskFromCvatRle({ widthPx: 4, heightPx: 4, points: [1, 1, 1, 2, 2] }),
    'size-mismatch',
    /cover 1 pixels/,
  ],
  [
    'CVAT text',
    () =>
      maskFromCvatXml({
        widthPx: 4,
        heightPx: 4,
        mask: { rle: '1,x', left: 0, top: 0, width: 1, height: 1 },
      }),
    'malformed',
    /entry 1/,
  ],
  [
    'a row of 2^27 pixels, one run each when read by columns,',
    () =>
      maskFromCvatRle({
        widthPx: 2 ** 27,
        heightPx: 2,
        points: [0, 2 ** 27, 2 ** 27, 0, 0, 2 ** 27 - 1, 1],
      }),
    'too-large',
    /run ends/,
  ],
  [
    'Label Studio for another size',
    () => maskFromLabelStudioRle({ widthPx: 3, heightPx: 1, rle: labelStudioRleFromMask(drawn('#.')) }),
    'size-mismatch',
    /holds 8 values/,
  ],
  [
    'Label Studio cut off',
    () =>
      maskFromLabelStudioRle({
        widthPx: 2,
        heightPx: 1,
        rle: labelStudioRleFromMask(drawn('#.')).slice(0, 9),
      }),
    'malformed',
    /ends within a block/,
  ],
  [
    'Label Studio without bytes',
    () => maskFromLabelStudioRle({ widthPx: 2, heightPx: 1, rle: [1, 300] }),
    'malformed',
    /entry 1 is 300/,
  ],
]

test.each(hostile)('%s is refused with its code and place', (_title, read, code, message) => {
  let error: unknown
  try {
    read()
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(MaskError)
  expect((error as MaskError).code).toBe(code)
  expect((error as MaskError).message).toMatch(message)
})

test('a backslash in the text is a character like any other', () => {
  // Three counts and a difference of -4: '\' is 48 + 12 + 32, a first group.
  const mask = maskFromCocoRle({ size: [1, 45], counts: [1, 44] })
  expect(cocoStringFromMask(mask)).toBe('1\\1')
  expect(equalMasks(maskFromCocoRle({ size: [1, 45], counts: '1\\1' }), mask)).toBe(true)
})
