import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import {
  createSamTok,
  parametersOf,
  SAMTOK_PREFIX,
  SAMTOK_PUBLISHED,
  type SamtokCodec,
  samtokParameters,
} from '@maskwords/codecs'
import { input } from '@maskwords/graph'
import { maskFromRowMajor } from '@maskwords/mask'
import {
  HIMTOK_CONFIG,
  maskEncoder,
  normalisedPixels,
  SAM2_CONFIGS,
  sam2ImageEncoder,
  titokDecoder,
  titokEncoder,
} from '@maskwords/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TOY_HIMTOK, TOY_SAMTOK, wantedWeights, writeWeights } from '../../codecs/test/toy-codecs.ts'
import { formulaUnits, formulaWeights } from '../../graph/test/formula-weights.ts'
import { formatCodecConfig, parseCodecConfig } from './config-file.ts'
import { describeWeights } from './describe.ts'
import { loadCodec, loadSam2 } from './load.ts'
import { codecFromFiles } from './open.ts'
import { recogniseWeights } from './recognise.ts'

const session = { worker: false, threads: 1 } as const
let root = ''
let samtokKeys: Map<string, readonly number[]>
let himtokKeys: Map<string, readonly number[]>
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'load-'))
  samtokKeys = await wantedWeights({ samtok: TOY_SAMTOK })
  himtokKeys = await wantedWeights({ himtok: TOY_HIMTOK })
})
afterAll(() => rm(root, { recursive: true, force: true }))

const picture = {
  widthPx: 60,
  heightPx: 45,
  rgb: Uint8Array.from({ length: 8100 }, (_, i) => (i * 37) ^ (i >> 5)),
}
const square = maskFromRowMajor({
  widthPx: 60,
  heightPx: 45,
  bytes: Uint8Array.from({ length: 2700 }, (_, i) =>
    i % 60 > 9 && i % 60 < 31 && i > 600 && i < 1800 ? 1 : 0,
  ),
})
const codesOf = async (codec: Awaited<ReturnType<typeof loadCodec>>): Promise<readonly number[]> => {
  const one = codec as SamtokCodec
  const [words] = await one.encode(await one.encodeImage(picture), [square])
  const [decoded] = await one.decode(await one.encodeImage(picture), [words!])
  expect(decoded!.mask).toMatchObject({ widthPx: 60, heightPx: 45 })
  return words!.codes
}
/** A file of published size without its bytes: keys and shapes are all that recognition sees. */
const listing = (wanted: ReadonlyMap<string, readonly number[]>, name = 'x.pth') => ({
  name,
  tensors: new Map([...wanted].map(([key, shape]) => [key, { shape }])),
})

describe('loadCodec', () => {
  it('opens a folder by its config.json, weights in place, and gives the codes of the same configuration', async () => {
    const folder = join(root, 'toy')
    await mkdir(folder)
    await writeWeights(join(folder, 'weights.safetensors'), samtokKeys)
    await writeFile(
      join(folder, 'config.json'),
      formatCodecConfig({ codec: 'samtok', name: 'toy', config: TOY_SAMTOK }),
    )
    const codec = await loadCodec(folder, { session })
    expect(codec.name).toBe('toy')
    const direct = await createSamTok({ config: TOY_SAMTOK, weights: formulaWeights, session })
    expect(await codesOf(codec)).toEqual(await codesOf(direct))
    await codec.close()
    await direct.close()
    await expect(codec.encodeImage(picture)).rejects.toMatchObject({ code: 'wrong-owner' })
    const sam2 = await loadSam2(folder, { session })
    const getok = await loadCodec('getok', { cells: 16, segmenter: folder, session })
    const words = await codesOf(getok)
    expect(words.length).toBeGreaterThan(2)
    await getok.close()
    await sam2.close()
  })

  it('opens the same files from memory, for programs without folders', async () => {
    const path = join(root, 'memory.safetensors')
    await writeWeights(path, samtokKeys)
    const weights = new Uint8Array(await readFile(path))
    const config = formatCodecConfig({ codec: 'samtok', name: 'toy', config: TOY_SAMTOK })
    const codec = await codecFromFiles({ config, weights }, { session })
    const folder = await createSamTok({ config: TOY_SAMTOK, weights: formulaWeights, session })
    expect(codec.name).toBe('toy')
    expect(await codesOf(codec)).toEqual(await codesOf(folder))
    await Promise.all([codec.close(), folder.close()])
    await expect(
      codecFromFiles({ config: '{"codec":"himtok"}', weights, name: 'mine' }, { session }),
    ).rejects.toMatchObject({ code: 'wrong-weights', message: expect.stringMatching(/^mine: weights/) })
    await expect(codecFromFiles({ config: '[1', weights, name: 'mine' })).rejects.toThrow(
      /^mine: config.json/,
    )
    await expect(codecFromFiles({ weights: weights.slice(0, 5000), name: 'mine' })).rejects.toThrow(/mine/)
  })

  it('opens a HiMTok folder, and a hub id that lies in the cache', async () => {
    const folder = join(root, 'hub', 'someone--toy')
    await mkdir(folder, { recursive: true })
    await writeWeights(join(folder, 'himtok-toy.safetensors'), himtokKeys)
    await writeFile(
      join(folder, 'config.json'),
      formatCodecConfig({ codec: 'himtok', weights: 'himtok-toy.safetensors', config: TOY_HIMTOK }),
    )
    const codec = await loadCodec('someone/toy', { session, cacheFolder: root })
    expect((await codesOf(codec)).length).toBe(6)
    await codec.close()
    await expect(loadCodec('someone/other', { cacheFolder: root })).rejects.toMatchObject({
      code: 'not-found',
      hint: 'run `maskwords pull someone/other`',
    })
  })

  it('says what a wrong file is and what to do', async () => {
    const path = (name: string): string => join(root, name)
    await writeFile(path('page.pth'), '<!doctype html><title>Sign in</title>')
    await expect(loadCodec(path('page.pth'))).rejects.toMatchObject({ code: 'not-a-checkpoint' })
    await writeWeights(
      path('sam2.safetensors'),
      new Map([...samtokKeys].filter(([key]) => !/sam_mask_encoder|quantizer/.test(key))),
    )
    await expect(loadCodec(path('sam2.safetensors'))).rejects.toThrow(/no published size/)
    await writeWeights(path('trainer.safetensors'), samtokKeys, (key) => `hf_model.${key}`)
    await expect(loadCodec(path('trainer.safetensors'))).rejects.toMatchObject({
      code: 'wrong-weights',
      message: expect.stringContaining('hf_model.'),
      hint: expect.stringContaining('import'),
    })
    await writeWeights(path('other.safetensors'), new Map([['fc.weight', [2, 2]]]))
    await expect(loadCodec(path('other.safetensors'))).rejects.toThrow(
      /1 tensors \(fc.weight\) are of no codec/,
    )
    await mkdir(path('empty'))
    await expect(loadCodec(path('empty'))).rejects.toMatchObject({ code: 'not-found' })
    await expect(loadCodec('no such thing')).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('recogniseWeights', () => {
  const samtok = (
    sam2: (typeof SAM2_CONFIGS)['large'],
    levels: number,
    codes: number,
    prefix = SAMTOK_PREFIX,
  ) => {
    const image = sam2ImageEncoder(normalisedPixels(input('p', 'uint8', [1, 1024, 1024, 3])), sam2, prefix)
    const vectors = maskEncoder(
      {
        coarse: input('c', 'float32', [1, 256, 64, 64]),
        masks: input('m', 'float32', ['n', 256, 256]),
        boxes: input('b', 'float32', ['n', 4]),
      },
      sam2,
      prefix,
    )
    const wanted = parametersOf([...Object.values(image), vectors])
    for (let level = 0; level < levels; level++)
      wanted.set(`quantizer.codebooks.${level}.weight`, [codes + 1, 256])
    return wanted
  }

  it('reads K, D and the size of Hiera off the shapes', () => {
    expect(recogniseWeights(listing(samtok(SAM2_CONFIGS.large, 2, 256)))).toEqual({
      codec: 'samtok',
      config: SAMTOK_PUBLISHED,
    })
    for (const size of ['tiny', 'small', 'base-plus'] as const)
      expect(recogniseWeights(listing(samtok(SAM2_CONFIGS[size], 4, 1024)))).toEqual({
        codec: 'samtok',
        config: { sam2: SAM2_CONFIGS[size], codesPerLevel: 1024, levels: 4 },
      })
    const bare = new Map(
      [...samtok(SAM2_CONFIGS.large, 0, 0, '')].filter(([key]) => !key.includes('sam_mask_encoder')),
    )
    expect(recogniseWeights(listing(bare))).toEqual({ codec: 'sam2', config: SAM2_CONFIGS.large, prefix: '' })
  })

  it('knows the published HiMTok from the TiTok that it came from, and a language model from both', () => {
    const wanted = parametersOf([
      titokEncoder(input('m', 'float32', ['n', 256, 256]), HIMTOK_CONFIG, 'legacy'),
      titokDecoder(input('c', 'float32', ['n', 32, 12]), input('p', 'float32', ['n', 32]), HIMTOK_CONFIG),
    ])
    const titok = new Map([...wanted, ['quantize.embedding.weight', [4096, 12]] as const])
    expect(() => recogniseWeights(listing(titok))).toThrow(
      /a TiTok with a codebook of 4096 x 12 without projection/,
    )
    const himtok = new Map([
      ...wanted,
      ['quantize.embedding.weight', [1024, 12]] as const,
      ['quantize.embedding_proj.weight', [12, 12]] as const,
    ])
    expect(recogniseWeights(listing(himtok))).toEqual({
      codec: 'himtok',
      config: { ...HIMTOK_CONFIG, profile: 'compat' },
    })
    expect(() =>
      recogniseWeights(listing(new Map([['model.layers.0.self_attn.q_proj.weight', [8, 8]]]))),
    ).toThrow(/language model/)
    expect(() => recogniseWeights(listing(himtokKeys))).toThrow(/16 wide, which is no published size/)
  })
})

describe('describeWeights', () => {
  it('names the codec and its sizes, what is missing, misshapen and left alone', () => {
    const whole = samtokParameters(SAMTOK_PUBLISHED)
    expect(
      describeWeights(listing(new Map([...whole, ['quantizer.codebooks.0.embed_ema', [256, 256]] as const]))),
    ).toEqual({
      what: 'SAMTok 256 x 2 on Hiera large',
      codec: 'samtok',
      wanted: whole.size,
      missing: [],
      misshapen: [],
      unread: 1,
    })
    const lacking = new Map([...whole].filter(([key]) => !key.endsWith('no_mem_embed')))
    lacking.set('quantizer.codebooks.1.weight', [513, 256])
    expect(describeWeights(listing(lacking))).toMatchObject({
      missing: ['model.sam2_model.no_mem_embed'],
      misshapen: [{ key: 'quantizer.codebooks.1.weight', found: [513, 256], wanted: [257, 256] }],
    })
    expect(describeWeights(listing(new Map([['fc.weight', [2, 2]]])))).toMatchObject({
      codec: undefined,
      what: 'its 1 tensors (fc.weight) are of no codec known here',
    })
  })
})

describe('hostile listings', () => {
  it('are told apart or refused by name, whatever their shapes are', () => {
    const wanted = new Map([
      ...samtokParameters(SAMTOK_PUBLISHED),
      ...parametersOf([
        titokEncoder(input('m', 'float32', ['n', 256, 256]), HIMTOK_CONFIG, 'legacy'),
        titokDecoder(input('c', 'float32', ['n', 32, 12]), input('p', 'float32', ['n', 32]), HIMTOK_CONFIG),
      ]),
      ['quantize.embedding.weight', [1024, 12]] as const,
      ['quantize.embedding_proj.weight', [12, 12]] as const,
    ])
    const own = [
      'latent_tokens',
      'patch_embed',
      'positional_embedding',
      'quanti',
      'attn.proj.weight',
      'up.',
      'mask_tokens',
      'c_fc',
    ]
    const telling = [...wanted.keys()].filter((key) => own.some((part) => key.includes(part)))
    const sizes = [0, 1, 2, 3, 12, 257, 1024, 1_000_001, 2 ** 40]
    const seen = new Map<string, number>()
    for (let round = 0; round < 4000; round++) {
      const draw = formulaUnits(`listing ${round}`, 40)
      let at = 0
      const pick = <T>(from: readonly T[]): T => from[Math.floor(((draw[at++]! + 1) / 2) * from.length)]!
      // One half loses what makes it a SAM 2, so that both families are met.
      const himtok = round % 2 === 0
      const mutant = new Map(
        [...wanted].filter(([key]) => key.startsWith('model.') !== himtok || key.startsWith('quanti')),
      )
      for (let change = pick([1, 2, 3]); change > 0; change--) {
        const key = pick(telling)
        if (pick([true, false, false])) mutant.delete(key)
        else if (mutant.has(key))
          mutant.set(
            key,
            Array.from({ length: pick([0, 1, 2, 4]) }, () => pick(sizes)),
          )
      }
      let outcome: string
      try {
        outcome = (round % 100 === 0 ? describeWeights : recogniseWeights)(listing(mutant)).codec ?? 'none'
      } catch (error) {
        expect(error, `round ${round}`).toMatchObject({ name: 'CodecError', code: 'wrong-weights' })
        outcome = 'refused'
      }
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    }
    expect([...seen.keys()].sort()).toEqual(expect.arrayContaining(['himtok', 'refused', 'samtok']))
  })
})

describe('config.json', () => {
  it('reads what it writes, sizes of SAM 2 by name', () => {
    for (const config of [SAMTOK_PUBLISHED, TOY_SAMTOK]) {
      const text = formatCodecConfig({ codec: 'samtok', config })
      expect(parseCodecConfig(text, 'config.json')).toEqual({ codec: 'samtok', config })
    }
    expect(formatCodecConfig({ codec: 'samtok', config: SAMTOK_PUBLISHED })).toContain('"sam2": "large"')
    expect(parseCodecConfig('{"model_type": "qwen3_vl"}', 'config.json')).toBeUndefined()
  })

  it.each([
    ['{', 'damaged'],
    ['[]', 'damaged'],
    ['{"codec": "jpeg"}', 'out-of-range'],
    ['{"codec": "samtok", "weights": "../../etc/passwd"}', 'out-of-range'],
    ['{"codec": "samtok", "config": {"sam2": "huge"}}', 'out-of-range'],
    ['{"codec": "samtok", "config": {"sam2": {}}}', 'out-of-range'],
    ['{"codec": "samtok", "config": {"sam2": "large", "codesPerLevel": -1, "levels": 2}}', 'out-of-range'],
    ['{"codec": "himtok", "config": {"sizePx": 256}}', 'out-of-range'],
    ['{"codec": "himtok", "config": null}', 'out-of-range'],
  ])('refuses %s', (text, code) => {
    expect(() => parseCodecConfig(text, 'config.json')).toThrow(
      expect.objectContaining({ name: 'CodecError', code }),
    )
  })
})

const REFERENCE = join(import.meta.dirname, '../../../../shared/reference')
const absent = existsSync(join(REFERENCE, 'samtok-micro.pth'))
  ? ''
  : ' (skipped: ../shared/reference is not here)'
describe.skipIf(absent !== '')(`a .pth file as it is published${absent}`, () => {
  it('refuses the small network that no shape explains, until a config.json does', async () => {
    const file = join(REFERENCE, 'samtok-micro.pth')
    await expect(loadCodec(file)).rejects.toThrow(/24 channels and stages of 1, 2, 4, 1 blocks/)
    await expect(loadCodec(join(REFERENCE, 'himtok-micro.pth'))).rejects.toThrow(/64 wide/)
    const pth = await openCheckpointFile(file)
    expect(pth.tensors.size).toBeGreaterThan(500)
    await pth.close()
  })
})
