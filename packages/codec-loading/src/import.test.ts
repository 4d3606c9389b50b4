import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import type { HimtokCodec, SamtokCodec, SamtokConfig } from '@maskwords/codecs'
import { loadRuntime } from '@maskwords/graph'
import { iou, type Mask, maskFromRowMajor } from '@maskwords/mask'
import { SAM2_CONFIGS } from '@maskwords/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recordedPicture } from '../../codecs/test/recorded-picture.ts'
import { TOY_HIMTOK, TOY_SAMTOK, wantedWeights, writeWeights } from '../../codecs/test/toy-codecs.ts'
import { importCodec } from './import.ts'
import { loadCodec } from './load.ts'

const session = { worker: false, threads: 1 } as const
let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'import-'))
})
afterAll(() => rm(root, { recursive: true }))

describe('importCodec', () => {
  it('links a file that can stay as it is, and takes a trainer prefix off one that cannot', async () => {
    const wanted = await wantedWeights({ samtok: TOY_SAMTOK })
    const config = { codec: 'samtok', name: 'toy', config: TOY_SAMTOK } as const
    await writeWeights(join(root, 'a.safetensors'), wanted)
    const linked = await importCodec({
      file: join(root, 'a.safetensors'),
      folder: join(root, 'a'),
      config,
      session,
    })
    expect(linked).toMatchObject({ codec: 'samtok', weights: 'linked' })
    expect((await stat(join(root, 'a', 'weights.safetensors'))).ino).toBe(
      (await stat(join(root, 'a.safetensors'))).ino,
    )
    expect(JSON.parse(await readFile(join(root, 'a', 'config.json'), 'utf8'))).toMatchObject({
      codec: 'samtok',
      name: 'toy',
      weights: 'weights.safetensors',
      config: { codesPerLevel: 16, levels: 3 },
    })
    await writeWeights(join(root, 'b.safetensors'), wanted, (key) => `hf_model.${key}`)
    const renamed = await importCodec({
      file: join(root, 'b.safetensors'),
      folder: join(root, 'b'),
      config,
      session,
    })
    expect(renamed.weights).toBe('converted')
    const codec = await loadCodec(join(root, 'b'), { session })
    expect(codec.name).toBe('toy')
    await codec.close()
  })

  it('writes each network as a small ONNX file that any ONNX Runtime opens beside the weights', async () => {
    const ort = await loadRuntime()
    await writeWeights(join(root, 'graphs.safetensors'), await wantedWeights({ himtok: TOY_HIMTOK }))
    const folder = join(root, 'graphs')
    const config = { codec: 'himtok', config: TOY_HIMTOK } as const
    await importCodec({ file: join(root, 'graphs.safetensors'), folder, config, session })
    expect((await readdir(folder)).sort()).toEqual([
      'config.json',
      'mask-decoder.onnx',
      'mask-encoder.onnx',
      'weights.safetensors',
    ])
    expect((await stat(join(folder, 'mask-encoder.onnx'))).size).toBeLessThan(100_000)
    const plain = await ort.InferenceSession.create(join(folder, 'mask-encoder.onnx'))
    const square = Float32Array.from({ length: 32 * 32 }, (_, i) => (i % 32 > 8 && i > 300 ? 1 : 0))
    const out = await plain.run({ masks: new ort.Tensor('float32', square, [1, 32, 32]) })
    const codec = (await loadCodec(folder, { session })) as HimtokCodec
    const latents = await codec.latents(square)
    ;(out['latents']!.data as Float32Array).forEach((value, i) => {
      expect(value).toBeCloseTo(latents[i]!, 4)
    })
    await codec.close()
    await plain.release()
  })

  it('leaves nothing behind where the file does not fit, and never writes into a folder in use', async () => {
    const file = join(root, 'himtok.safetensors')
    await writeWeights(file, await wantedWeights({ himtok: TOY_HIMTOK }))
    const config = { codec: 'samtok', config: TOY_SAMTOK } as const
    await expect(importCodec({ file, folder: join(root, 'c'), config, session })).rejects.toMatchObject({
      code: 'wrong-weights',
    })
    await expect(importCodec({ file, folder: join(root, 'c'), session })).rejects.toThrow(/16 wide/)
    expect((await readdir(root)).filter((name) => name.startsWith('c'))).toEqual([])
    await expect(importCodec({ file, folder: root, session })).rejects.toMatchObject({ code: 'out-of-range' })
  })
})

const REFERENCE = join(import.meta.dirname, '../../../../shared/reference')
const absent = existsSync(join(REFERENCE, 'samtok-micro.pth'))
  ? ''
  : ' (skipped: ../shared/reference is not here)'
describe.skipIf(absent !== '')(`the recorded SAMTok${absent}`, () => {
  it('keeps all 12 codes with float16 weights, and masks of IoU above 0.998', async () => {
    const trunk = {
      ...SAM2_CONFIGS.large.trunk,
      embedDim: 24,
      heads: 1,
      stages: [1, 2, 4, 1],
      globalBlocks: [4, 6],
      windows: [8, 4, 14, 7],
    }
    const micro: SamtokConfig = { sam2: { ...SAM2_CONFIGS.large, trunk }, codesPerLevel: 256, levels: 2 }
    const config = { codec: 'samtok', config: micro } as const
    const golden = await openCheckpointFile(join(REFERENCE, 'samtok-micro.golden.safetensors'))
    const values = (name: string): Promise<Float32Array> => golden.read(name, { as: 'float32' })
    const masks: Mask[] = []
    for (let i = 0; i < 6; i++)
      masks.push(
        maskFromRowMajor({ widthPx: 480, heightPx: 360, bytes: Uint8Array.from(await values(`mask_${i}`)) }),
      )
    const decoded: Mask[][] = []
    const bytes: number[] = []
    const logits: Float32Array[] = []
    for (const dtype of [undefined, 'float16'] as const) {
      const folder = join(root, `micro-${dtype}`)
      const made = await importCodec({
        file: join(REFERENCE, 'samtok-micro.pth'),
        folder,
        config,
        session,
        ...(dtype === undefined ? {} : { dtype }),
      })
      bytes.push(made.byteLength)
      const codec = (await loadCodec(folder, { session })) as SamtokCodec
      const image = { ...(await codec.encodeImage(recordedPicture())), widthPx: 480, heightPx: 360 }
      const words = await codec.encode(image, masks)
      expect(words.flatMap((word) => word.codes)).toEqual(Array.from(await values('codes')))
      const back = await codec.decode(image, words, { logits: true })
      decoded.push(back.map((one) => one.mask))
      logits.push(back[0]!.logits!.data)
      await codec.close()
    }
    await golden.close()
    expect(bytes[1]! / bytes[0]!).toBeLessThan(0.52)
    const ious = decoded[0]!.map((mask, i) => iou(mask, decoded[1]![i]!))
    const worst = logits[0]!.reduce((most, value, i) => Math.max(most, Math.abs(value - logits[1]![i]!)), 0)
    expect(Math.min(...ious)).toBeGreaterThan(0.998)
    expect(worst).toBeLessThan(0.05)
  })
})
