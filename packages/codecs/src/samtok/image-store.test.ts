import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import { maskFromRowMajor } from '@maskwords/mask'
import { SAM2_CONFIGS } from '@maskwords/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recorded as recordedFile } from '../../../../scripts/recorded.ts'
import { formulaWeights } from '../../../graph/test/formula-weights.ts'
import { recordedPicture } from '../../test/recorded-picture.ts'
import { TOY_SAMTOK } from '../../test/toy-codecs.ts'
import type { Pixels } from '../codec.ts'
import { createSamTok, type SamtokCodec } from './codec.ts'
import { imageFromBytes, imageToBytes } from './image-bytes.ts'
import { openImageStore } from './image-store.ts'

const session = { worker: false, threads: 1 } as const
const folders: string[] = []
const freshFolder = async (): Promise<string> => {
  folders.push(await mkdtemp(join(tmpdir(), 'images-')))
  return folders.at(-1)!
}
let codec: SamtokCodec
beforeAll(async () => {
  codec = await createSamTok({ config: TOY_SAMTOK, weights: formulaWeights, session })
})
afterAll(async () => {
  await codec.close()
  for (const folder of folders) await rm(folder, { recursive: true })
})

/** A picture of its own for each seed. */
const picture = (seed: number): Pixels => ({
  widthPx: 20,
  heightPx: 15,
  rgb: Uint8Array.from({ length: 900 }, (_, i) => i * (seed + 7)),
})
/** Bytes of one stored toy picture. */
const sizeOf = async (dtype: 'float32' | 'float16'): Promise<number> =>
  (await imageToBytes(await codec.encodeImage(picture(0)), { dtype })).length

describe('an encoded picture as bytes', () => {
  it('comes back bit for bit as float32, and within 2^-11 of each value as float16, at half the size', async () => {
    const image = await codec.encodeImage(picture(1))
    expect(await imageFromBytes(await imageToBytes(image))).toEqual(image)
    const half = await imageFromBytes(await imageToBytes(image, { dtype: 'float16' }))
    for (const map of ['coarse', 'middle', 'fine'] as const)
      half[map].forEach((value, i) => {
        const exact = image[map][i]!
        if (Math.abs(value - exact) > Math.abs(exact) * 2 ** -11 + 2 ** -25) throw new Error(`${map} ${i}`)
      })
    expect((await sizeOf('float16')) / (await sizeOf('float32'))).toBeLessThan(0.52)
  })

  it('is refused when any one byte is another, and when its end is missing', async () => {
    const bytes = await imageToBytes(await codec.encodeImage(picture(1)))
    const header = 8 + new DataView(bytes.buffer).getUint32(0, true)
    for (let at = 0; at < bytes.length; at += at < header ? 3 : 997) {
      const damaged = bytes.slice()
      damaged[at]! ^= 0x41
      await expect(imageFromBytes(damaged), `byte ${at}`).rejects.toMatchObject({
        name: 'CodecError',
        code: 'damaged',
      })
    }
    for (const length of [0, 7, 200, bytes.length - 1])
      await expect(imageFromBytes(bytes.subarray(0, length))).rejects.toMatchObject({ code: 'damaged' })
  })
})

describe('openImageStore', () => {
  it('asks the codec once for each picture, also across stores, and shares a pass that is on its way', async () => {
    const folder = await freshFolder()
    const store = await openImageStore({ folder })
    const [first, same] = await Promise.all([
      store.encodeImage(codec, picture(1)),
      store.encodeImage(codec, picture(1)),
    ])
    expect(same).toBe(first)
    const other = await openImageStore({ folder })
    expect(await other.encodeImage(codec, picture(1))).toEqual(first)
    expect([store.use(), other.use()]).toEqual([
      { hits: 0, misses: 1, rebuilt: 0 },
      { hits: 1, misses: 0, rebuilt: 0 },
    ])
    expect((await readdir(folder)).length).toBe(1)
  })

  it('tells other pixels, another shape of the same bytes and other weights apart', async () => {
    const store = await openImageStore({ folder: await freshFolder() })
    const others = await createSamTok({
      config: TOY_SAMTOK,
      weights: (key, shape) => formulaWeights(key, shape).map((value) => value * 1.01),
      session,
    })
    await store.encodeImage(codec, picture(1))
    await store.encodeImage(codec, picture(2))
    await store.encodeImage(codec, { ...picture(1), widthPx: 15, heightPx: 20 })
    await store.encodeImage(others, picture(1))
    expect(store.use()).toEqual({ hits: 0, misses: 4, rebuilt: 0 })
    await others.close()
  })

  it('makes damaged entries again', async () => {
    const folder = await freshFolder()
    const store = await openImageStore({ folder })
    const image = await store.encodeImage(codec, picture(1))
    const [name] = await readdir(folder)
    const bytes = await readFile(join(folder, name!))
    bytes[bytes.length - 5]! ^= 1
    await writeFile(join(folder, name!), bytes)
    expect(await store.encodeImage(codec, picture(1))).toEqual(image)
    expect(store.use()).toEqual({ hits: 0, misses: 2, rebuilt: 1 })
    expect(await store.encodeImage(codec, picture(1))).toEqual(image)
  })

  it('lets the entry used longest ago go when the folder is over its limit', async () => {
    const folder = await freshFolder()
    const store = await openImageStore({ folder, maxBytes: 2.5 * (await sizeOf('float32')) })
    const pause = () => new Promise((resolve) => setTimeout(resolve, 15))
    for (const seed of [1, 2, 1, 3]) {
      await store.encodeImage(codec, picture(seed))
      await pause()
    }
    expect((await store.size()).entries).toBe(2)
    await store.encodeImage(codec, picture(1))
    await store.encodeImage(codec, picture(3))
    expect(store.use()).toEqual({ hits: 3, misses: 3, rebuilt: 0 })
    await store.clear()
    expect(await store.size()).toEqual({ bytes: 0, entries: 0 })
  })
})

describe('float16 pictures of the recorded network', () => {
  it('give the recorded codes, and logits within 0.01 of those of float32', async () => {
    const golden = await openCheckpointFile(recordedFile('samtok-micro.golden.safetensors'))
    const tables = new Map<string, Float32Array>()
    for (const level of [0, 1]) {
      const key = `quantizer.codebooks.${level}.weight`
      tables.set(key, await golden.read(key, { as: 'float32' }))
    }
    const trunk = {
      ...SAM2_CONFIGS.large.trunk,
      embedDim: 24,
      heads: 1,
      stages: [1, 2, 4, 1],
      globalBlocks: [4, 6],
      windows: [8, 4, 14, 7],
    }
    const micro = await createSamTok({
      config: { sam2: { ...SAM2_CONFIGS.large, trunk }, codesPerLevel: 256, levels: 2 },
      weights: (key, shape) => tables.get(key) ?? formulaWeights(key, shape),
      session,
    })
    const image = { ...(await micro.encodeImage(recordedPicture())), widthPx: 480, heightPx: 360 }
    const half = await imageFromBytes(await imageToBytes(image, { dtype: 'float16' }))
    const masks = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (i) =>
        maskFromRowMajor({
          widthPx: 480,
          heightPx: 360,
          bytes: Uint8Array.from(await golden.read(`mask_${i}`, { as: 'float32' })),
        }),
      ),
    )
    const words = await micro.encode(half, masks)
    expect(words.flatMap((word) => word.codes)).toEqual(
      Array.from(await golden.read('codes', { as: 'float32' })),
    )
    const [a, b] = await Promise.all([image, half].map((one) => micro.decode(one, words, { logits: true })))
    const worst = a!.reduce(
      (most, mask, m) =>
        mask.logits!.data.reduce((w, v, i) => Math.max(w, Math.abs(v - b![m]!.logits!.data[i]!)), most),
      0,
    )
    expect(worst).toBeLessThan(0.01)
    await micro.close()
    await golden.close()
  })
})
