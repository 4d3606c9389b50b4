import {
  area,
  equalMasks,
  labelMapFromMasks,
  labelMapToPng,
  type Mask,
  maskFromRowMajor,
  maskToPng,
  rowMajorBytes,
} from '@maskwords/mask'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ReadDialect, WRITE_DIALECTS, type WriteDialect } from '../input/dialect.ts'
import { masksOfBytes } from '../input/masks.ts'
import { masksAsJson } from './mask-json.ts'

/** A few masks of one picture that do not overlap: as a label map can hold them. */
const picture = fc
  .record({ widthPx: fc.integer({ min: 1, max: 24 }), heightPx: fc.integer({ min: 1, max: 24 }) })
  .chain(({ widthPx, heightPx }) =>
    fc
      .array(fc.integer({ min: 0, max: 3 }), { minLength: widthPx * heightPx, maxLength: widthPx * heightPx })
      .map((values) => ({ widthPx, heightPx, values })),
  )
  .map(({ values, ...size }) =>
    [1, 2, 3]
      .map((label) =>
        maskFromRowMajor({ ...size, bytes: Uint8Array.from(values, (value) => (value === label ? 1 : 0)) }),
      )
      .filter((mask) => area(mask) > 0),
  )
  .filter((masks) => masks.length > 0)

const labels = fc.uniqueArray(fc.constantFrom('cat', 'a dog', 'café', '猫', '7'), {
  minLength: 3,
  maxLength: 3,
})

/** What a dialect takes for one file: all masks, or the first. */
function written(
  masks: readonly Mask[],
  names: readonly string[],
  to: WriteDialect,
): readonly [Uint8Array, readonly Mask[]] {
  const [first] = masks as [Mask]
  if (to === 'png') return [maskToPng(first), [first]]
  if (to === 'raw') return [rowMajorBytes(first), [first]]
  if (to === 'label-map') {
    const map = labelMapFromMasks(
      masks.map((mask, i) => ({ label: i + 1, mask })),
      first,
    )
    return [labelMapToPng(map), masks]
  }
  const named = masks.map((mask, i) => ({ label: names[i]!, mask, file: 'x' }))
  return [new TextEncoder().encode(JSON.stringify(masksAsJson(named, to))), masks]
}

test.each(WRITE_DIALECTS)(
  'masks written as %s are read again, pixel for pixel and name for name',
  async (to) => {
    await fc.assert(
      fc.asyncProperty(picture, labels, async (masks, names) => {
        const [bytes, expected] = written(masks, names, to)
        const { widthPx, heightPx } = expected[0]!
        const dialects: readonly ReadDialect[] =
          to === 'raw' ? ['raw'] : to === 'label-map' ? [to] : ['auto', to]
        for (const dialect of dialects) {
          const read = await masksOfBytes(bytes, 'x.file', { dialect, size: { widthPx, heightPx } })
          expect(read.failures).toEqual([])
          expect(read.masks).toHaveLength(expected.length)
          for (const [i, { mask, label }] of read.masks.entries()) {
            expect(equalMasks(mask, expected[i]!)).toBe(true)
            if (to !== 'png' && to !== 'raw' && to !== 'label-map') expect(label).toBe(names[i])
          }
        }
      }),
      { numRuns: 60 },
    )
  },
)
