// Masks in requests and answers: every dialect that is written is read back, and nothing that is sent breaks the reader.
import { area, cocoStringFromMask, equalMasks, type Mask, maskFromRowMajor, shownMask } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskForms, OUTPUT_DIALECTS } from '../../../client/src/schema/api-schema.ts'
import { isTypedError } from '../../../files/src/error.ts'
import { HttpFault } from '../fault.ts'
import { type ReadMaskOptions, readMask } from './read-mask.ts'
import { measuredMask, writeMask } from './write-mask.ts'

const size = { widthPx: 5, heightPx: 3 }
const options = { size, maxPixels: 10_000, resize: false, at: 'masks[0]' }
/** An L: column 0 whole, and the foot of columns 1 and 2. */
const L = maskFromRowMajor({ ...size, bytes: Uint8Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0) })
const read = async (value: unknown, more: ReadMaskOptions = options) => (await readMask(value, more)).mask

describe('a mask in a request', () => {
  it('is the same in every form', async () => {
    const forms: unknown[] = [
      { size: [3, 5], counts: [0, 3, 2, 1, 2, 1, 6] },
      { rowMajorCounts: [0, 1, 4, 1, 4, 3, 2] },
      { size: [3, 5], rowMajorCounts: [0, 1, 4, 1, 4, 3, 2] },
      {
        polygons: [
          [0, 0, 1, 0, 1, 3, 0, 3],
          [0, 2, 3, 2, 3, 3, 0, 3],
        ],
      },
      { annotation: { segmentation: { size: [3, 5], counts: [0, 3, 2, 1, 2, 1, 6] }, category_id: 3 } },
      writeMask(L, { dialect: 'png', tolerancePx: 0 }),
    ]
    for (const form of forms) {
      expect([form, equalMasks(await read(form, options), L)]).toEqual([form, true])
    }
    const box = await read({ boxXyxyPx: [1, 0, 4, 2] }, options)
    expect(area(box)).toBe(6)
  })

  it('comes back from every dialect that is written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 15, maxLength: 15, max: 1 }),
        fc.constantFrom(...OUTPUT_DIALECTS),
        async (bytes, dialect) => {
          const mask = maskFromRowMajor({ ...size, bytes })
          const written = measuredMask(mask, { dialect, tolerancePx: 0 })
          expect(written.areaPx).toBe(area(mask))
          // No polygon and no box of runs says an empty mask.
          if (area(mask) === 0) return
          const again = await read(JSON.parse(JSON.stringify(written.mask)), options)
          expect([dialect, equalMasks(again, mask)]).toEqual([dialect, true])
        },
      ),
      { numRuns: 300, seed: 11 },
    )
  })

  it('drawn on the other pixels of a turned picture is turned onto these, as its size or drawnOn says', async () => {
    const laid = { size: { widthPx: 3, heightPx: 5 }, maxPixels: 100, resize: false, at: 'masks[0]' }
    const runs = (mask: Mask) => ({ size: [mask.heightPx, mask.widthPx], counts: cocoStringFromMask(mask) })
    for (const orientation of [2, 3, 4, 5, 6, 7, 8]) {
      // L lies on the stored pixels, 5 x 3.
      const shown = shownMask(L, orientation)
      const { widthPx, heightPx } = shown
      const onShown: ReadMaskOptions = {
        ...laid,
        size: { widthPx, heightPx },
        turn: { orientation, ground: 'shown' },
      }
      const onStored: ReadMaskOptions = { ...laid, size, turn: { orientation, ground: 'stored' } }
      const isLaid = orientation >= 5
      const drawnOn = isLaid ? undefined : 'stored'
      expect(await readMask(runs(L), { ...onShown, drawnOn })).toEqual({ mask: shown, isTurned: true })
      expect(await readMask(runs(shown), onShown)).toEqual({ mask: shown, isTurned: false })
      expect(await readMask(runs(L), onStored)).toEqual({ mask: L, isTurned: false })
      const other = isLaid ? {} : { drawnOn: 'shown' as const }
      expect(await readMask(runs(shown), { ...onStored, ...other })).toEqual({ mask: L, isTurned: true })
      // Outlines have no size of their own: they lie on these pixels unless another word is said.
      const box = { boxXyxyPx: [0, 0, 1, 3] }
      expect((await readMask(box, onShown)).isTurned).toBe(false)
      const turned = await readMask(box, { ...onShown, drawnOn: 'stored' })
      const column = maskFromRowMajor({
        ...size,
        bytes: Uint8Array.from({ length: 15 }, (_, i) => (i % 5 === 0 ? 1 : 0)),
      })
      expect(turned).toEqual({ mask: shownMask(column, orientation), isTurned: true })
    }
  })

  it('of another size is refused with a hint, or resized where that is asked for', async () => {
    const other = { size: [6, 10], counts: [0, 60] }
    await expect(readMask(other, options)).rejects.toMatchObject({ code: 'size-mismatch', at: 'masks[0]' })
    await expect(readMask({ size: [5, 3], counts: [0, 15] }, options)).rejects.toMatchObject({
      hint: expect.stringContaining('exchanged'),
    })
    expect(area(await read(other, { ...options, resize: true }))).toBe(15)
    await expect(readMask({ size: [1000, 1000], counts: [1_000_000] }, options)).rejects.toMatchObject({
      code: 'too-large',
    })
  })

  it('is read or refused with a code, whatever it is', async () => {
    const keys = fc.constantFrom(...Object.keys(maskForms), 'size', '__proto__', 'segmentation', 'points')
    const leaf = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.array(fc.integer()))
    const value = fc.oneof(leaf, fc.array(fc.array(leaf)), fc.dictionary(keys, leaf), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.dictionary(keys, value), value), async (mask) => {
        try {
          await readMask(mask, options)
        } catch (error) {
          expect(error instanceof HttpFault || isTypedError(error)).toBe(true)
        }
      }),
      { numRuns: 1000, seed: 3 },
    )
  })
})
