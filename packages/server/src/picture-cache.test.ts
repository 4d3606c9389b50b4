// What is kept of pictures: by use, within a number of bytes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPictureCache } from './picture-cache.ts'
import { arrayBytes, ownCopy, sharedCopy } from './work/shared-memory.ts'

const picture = (bytes: number, orientation = 1) => ({
  widthPx: bytes,
  heightPx: 1,
  rgb: new Uint8Array(bytes),
  format: 'png',
  orientation,
  ground: 'shown' as const,
})
const image = (floats: number) => ({
  codec: 'samtok',
  widthPx: 7,
  heightPx: 5,
  coarse: new Float32Array(floats),
})

describe('the cache of pictures', () => {
  it('lets go of what was used longest ago', () => {
    // Each entry counts 1,024 bytes more than its arrays.
    const cache = createPictureCache({ maxBytes: 3 * 2024 })
    for (const handle of ['a', 'b', 'c']) cache.keepPicture(handle, picture(1000))
    expect(cache.lookUp('a').picture?.widthPx).toBe(1000)
    cache.keepPicture('d', picture(1000))
    expect(['a', 'b', 'c', 'd'].map((handle) => cache.info(handle) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ])
    expect([cache.bytes, cache.entries, cache.evicted]).toEqual([3 * 2024, 3, 1])
  })

  it('keeps encoded pictures by codec, and knows the size from either', () => {
    const cache = createPictureCache({ maxBytes: 1e6 })
    cache.keepImage('a', 'samtok-nano', image(10))
    expect(cache.lookUp('a', 'samtok-nano').image).toMatchObject({ widthPx: 7 })
    expect(cache.lookUp('a', 'other')).toEqual({ size: { widthPx: 7, heightPx: 5 } })
    expect(cache.info('a')).toEqual({ widthPx: 7, heightPx: 5, picture: undefined, encoded: ['samtok-nano'] })
    expect(cache.lookUp('b')).toEqual({})
  })

  it('knows how a picture is turned as long as anything of it is kept', () => {
    const cache = createPictureCache({ maxBytes: 4000 })
    cache.keepPicture('a', picture(100, 6))
    cache.keepImage('a', 'samtok-nano', image(10))
    cache.keepPicture('b', picture(100))
    const turn = { orientation: 6, ground: 'shown' }
    expect([cache.lookUp('a').turn, cache.lookUp('b').turn]).toEqual([turn, undefined])
    cache.lookUp('b')
    cache.lookUp('a', 'samtok-nano')
    cache.keepPicture('c', picture(1000))
    expect(cache.lookUp('a', 'samtok-nano').turn).toEqual(turn)
    cache.keepPicture('d', picture(2900))
    expect(cache.lookUp('a').turn).toBeUndefined()
  })

  it('does not keep what is larger than all of it', () => {
    const cache = createPictureCache({ maxBytes: 5000 })
    cache.keepPicture('small', picture(10))
    cache.keepPicture('large', picture(5000))
    expect([cache.info('large'), cache.info('small') !== undefined]).toEqual([undefined, true])
  })

  it('never holds more than its bytes, whatever is kept in whatever order', () => {
    const step = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('x', 'y', ''), fc.nat(3000))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const cache = createPictureCache({ maxBytes: 8000 })
        for (const [handle, codec, size] of steps) {
          if (codec === '') cache.keepPicture(handle, picture(size))
          else cache.keepImage(handle, codec, image(size >> 2))
          expect(cache.bytes).toBeLessThanOrEqual(8000)
          expect(cache.entries === 0).toBe(cache.bytes === 0)
        }
      }),
      { numRuns: 200, seed: 7 },
    )
  })
})

describe('values in shared memory', () => {
  it('have the same numbers, in memory that threads share or that is their own', () => {
    const value = { codec: 'x', nested: [{ data: Float32Array.of(1, 2, 3) }], bytes: Uint8Array.of(9) }
    const shared = sharedCopy(value)
    expect(shared).toEqual(value)
    expect(shared.nested[0]!.data.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(sharedCopy(shared).bytes).toBe(shared.bytes)
    const own = ownCopy(shared)
    expect(own).toEqual(value)
    expect(own.nested[0]!.data.buffer).toBeInstanceOf(ArrayBuffer)
    expect(own.bytes).toBe(shared.bytes)
    expect(arrayBytes(value)).toBe(13)
  })
})
