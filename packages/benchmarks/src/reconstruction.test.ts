// `eval reconstruction` as a person types it, on a drawn scene as a COCO file and as a folder of label maps.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatCodecConfig } from '@maskwords/codec-loading'
import { inHoldout } from '@maskwords/datasets'
import { parseRowFile } from '@maskwords/eval'
import { area, cocoRleFromMask, pictureToPng, readPngHeader } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import { TOY_HIMTOK, wantedWeights, writeWeights } from '../../codecs/test/toy-codecs.ts'
import { drawScene } from '../../commands/src/demo/scene.ts'
import { makeFolder, runCommand } from '../../commands/test/command.ts'
import { labelMapPng } from '../../files/src/output/pictures.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

const scene = drawScene(1)
const { widthPx, heightPx } = scene
const large = scene.things.filter(({ mask }) => area(mask) >= 0.01 * widthPx * heightPx)
const png = pictureToPng({ widthPx, heightPx, channels: 3, bytes: scene.rgb })
const image = (id: number, name: string) => ({ id, file_name: name, width: widthPx, height: heightPx })
const annotation = (id: number, imageId: number, thing: (typeof large)[number], iscrowd = 0) => ({
  id,
  image_id: imageId,
  iscrowd,
  segmentation: cocoRleFromMask(thing.mask),
})
file('coco/images/one.png', png)
file('coco/images/two.png', png)
file('coco/images/broken.png', png.subarray(0, 500))
file(
  'coco/images/small.png',
  pictureToPng({ widthPx: 2, heightPx: 2, channels: 3, bytes: new Uint8Array(12) }),
)
file(
  'coco/good.json',
  JSON.stringify({
    images: [image(1, 'one.png'), image(2, 'two.png')],
    annotations: [
      ...scene.things.map((thing, i) => annotation(i, 1, thing)),
      annotation(90, 2, large[0]!),
      annotation(91, 2, large[1]!, 1),
    ],
  }),
)
file(
  'coco/bad.json',
  JSON.stringify({
    images: [
      image(1, 'one.png'),
      image(2, 'none.png'),
      image(3, 'broken.png'),
      image(4, 'small.png'),
      image(5, '../../secret.png'),
      { id: 6 },
    ],
    annotations: [
      annotation(1, 1, large[0]!),
      annotation(1, 1, large[0]!),
      { id: 7, image_id: 1, segmentation: { size: [1, 1], counts: [1] } },
      { id: 8, image_id: 1, segmentation: 'polygon' },
      { id: 9, image_id: 77, segmentation: [] },
      null,
      ...[2, 3, 4].map((id) => annotation(20 + id, id, large[0]!)),
    ],
  }),
)
file('maps/images/7.png', png)
file('maps/labels/7_0.png', labelMapPng(large.map(({ mask }) => mask)).bytes)
file('maps/labels/7_1.png', 'no picture')
file(
  'maps/index.json',
  JSON.stringify([{ id: '7', width: widthPx, height: heightPx, segmentations: 2 }, { id: '8/9' }]),
)

const run = (...argv: string[]) => runCommand(['eval', 'reconstruction', ...argv], { cwd: folder })
const json = async (...argv: string[]) => {
  const result = await run(...argv, '--json')
  return { ...result, value: JSON.parse(result.out) }
}

describe('eval reconstruction', () => {
  it('prints meanIou, masks and perBucket of every mask of at least 1 %, crowds and smaller ones counted', async () => {
    const { code, value } = await json('--codec', 'getok', '--truth', 'coco/good.json')
    expect(code).toBe(0)
    expect(value).toMatchObject({
      codecs: ['getok'],
      masks: large.length + 1,
      pictures: 2,
      failed: 0,
      skipped: { crowd: 1, small: scene.things.length - large.length, empty: 0 },
      errors: [],
      truth: { path: 'coco/good.json', minArea: 0.01 },
    })
    expect(value.meanIou).toBeGreaterThan(0.7)
    expect(value.interval[0]).toBeLessThanOrEqual(value.meanIou)
    expect(value.boundaryF).toBeGreaterThan(0.3)
    expect(value.bits).toBeCloseTo((value.tokens - 4 * 3) * 10)
    expect(value.usage[0]).toMatchObject({ level: 'grid words', codes: 1024 })
    expect(Object.keys(value.times)).toEqual(['imageMs', 'encodeMs', 'decodeMs'])
    const inBuckets = value.perBucket.reduce(
      (sum: number, bucket: { masks: number }) => sum + bucket.masks,
      0,
    )
    expect(inBuckets).toBe(value.masks)
  })

  it('names what is missing, broken, twice or of another size, goes on, and exits with 1', async () => {
    const { code, value, err } = await json('--truth', 'coco/bad.json', '--baselines', '--no-boundary')
    expect(code).toBe(1)
    expect(value.masks).toBe(1)
    const said = value.errors.map(
      ({ at = '', file: name = '', message }: Record<string, string>) => `${name} ${at} ${message}`,
    )
    for (const part of [
      /images\[4\] an image needs/,
      /images\[5\] an image needs/,
      /annotations\[1\] a second annotation/,
      /annotations\[4\] .*image_id/,
      /annotations\[5\] .*image_id/,
      /one\.png mask 7 its run lengths are of \[1,1\]/,
      /one\.png mask 8/,
      /none\.png .*no such file/,
      /broken\.png/,
      /small\.png .*2 x 2/,
    ]) {
      expect(said).toContainEqual(expect.stringMatching(part))
    }
    expect(err).toContain('none.png')
  })

  it('takes no mask of two pictures that share an id, and says so', async () => {
    file(
      'coco/shared.json',
      JSON.stringify({
        images: [image(1, 'one.png'), image(1, 'two.png'), image(2, 'two.png'), image(2, 'two.png')],
        annotations: [annotation(1, 1, large[0]!), annotation(2, 2, large[0]!)],
      }),
    )
    const { code, value } = await json('--truth', 'coco/shared.json', '--baselines', '--no-boundary')
    expect([code, value.pictures, value.masks]).toEqual([1, 1, 1])
    expect(value.errors.map(({ at, message }: Record<string, string>) => `${at} ${message}`)).toEqual([
      'images[1] another picture with the id 1: which of them its annotations are of is not known, none is used',
      'images[3] a second image with the id 2, alike; the first one counts',
    ])
  })

  it('reads a folder of label maps; a map that is no PNG does not take the others along', async () => {
    const { code, value } = await json('--truth', 'maps', '--codec', 'getok')
    expect([code, value.masks, value.errors.length]).toEqual([1, large.length, 2])
    expect(value.methods[0].method).toBe('getok')
  })

  it('takes the pictures of a part, of a list, and the first so many', async () => {
    const kept = ['1', '2'].filter((id) => inHoldout(id, 0, 2))
    const { value } = await json(
      '--truth',
      'coco/good.json',
      '--holdout',
      '0/2',
      '--baselines',
      '--no-boundary',
    )
    expect(value.pictures ?? 0).toBe(kept.length)
    file('ids.txt', '2\n\n')
    expect((await json('--truth', 'coco/good.json', '--ids', 'ids.txt')).value.masks).toBe(1)
    expect((await json('--truth', 'coco/good.json', '--limit', '1')).value.masks).toBe(large.length)
    file('ids.txt', '3\n')
    expect((await run('--truth', 'coco/good.json', '--ids', 'ids.txt')).err).toContain(
      'no picture with the id "3"',
    )
  })

  it('writes rows that eval can compare, sheets, a curve and the result, with several codecs and baselines', async () => {
    const argv = [
      '--codec',
      'getok:16',
      '--codec',
      'getok',
      '--baselines',
      '-o',
      'out',
      '--rows',
      'rows.jsonl',
      '--samples',
      '2',
    ]
    const { code, out, err } = await run('--truth', 'coco/good.json', ...argv)
    expect(code).toBe(0)
    expect(err).toContain('wrote')
    for (const word of [
      'method',
      '95 % interval',
      'boundary F',
      '1-2.5 %',
      'getok:16',
      'ellipse, 16 bits',
      'perplexity',
    ]) {
      expect(out).toContain(word)
    }
    const rows = parseRowFile(readFileSync(join(folder, 'rows.jsonl'), 'utf8'), 'rows.jsonl')
    expect(rows.stamp).toMatchObject({ benchmark: 'reconstruction', codec: 'getok:16' })
    expect(rows.rows).toHaveLength(large.length + 1)
    const others = parseRowFile(readFileSync(join(folder, 'out/rows/ellipse-16-bits.jsonl'), 'utf8'), 'b')
    expect(others.stamp.dataset).toBe(rows.stamp.dataset)
    for (const name of ['getok-16-worst.png', 'getok-median.png', 'getok-best.png']) {
      expect(readPngHeader(new Uint8Array(readFileSync(join(folder, 'out', name)))).heightPx).toBe(280)
    }
    expect(readFileSync(join(folder, 'out/rate.svg'), 'utf8')).toContain('>getok<')
    expect(JSON.parse(readFileSync(join(folder, 'out/result.json'), 'utf8')).methods.length).toBeGreaterThan(
      15,
    )
  })

  it('has a row for each length of a codec from coarse to fine', async () => {
    file('toy/config.json', formatCodecConfig({ codec: 'himtok', config: TOY_HIMTOK }))
    await writeWeights(join(folder, 'toy/weights.safetensors'), await wantedWeights({ himtok: TOY_HIMTOK }))
    const { value } = await json(
      '--codec',
      'toy',
      '--truth',
      'coco/good.json',
      '--lengths',
      '1,3,6',
      '--limit',
      '1',
      '--threads',
      '1',
    )
    const numbers = value.methods.map(({ method, tokens, masks }: Record<string, unknown>) => [
      method,
      tokens,
      masks,
    ])
    expect(numbers).toEqual([
      ['toy', 8, large.length],
      ['toy@1', 3, large.length],
      ['toy@3', 5, large.length],
      ['toy@6', 8, large.length],
    ])
    expect(value.methods[3].meanIou).toBe(value.meanIou)
  })

  it('refuses what makes no sense, with a hint', async () => {
    for (const [argv, code, message] of [
      [[], 2, '--truth'],
      [['--truth', 'none.json'], 1, 'no such file'],
      [['--truth', 'coco'], 1, 'several annotation files: bad.json, good.json'],
      [['--truth', 'maps/index.json'], 1, 'no COCO file'],
      [['--truth', 'coco/good.json', '--holdout', '4/4'], 2, '--holdout 0/4'],
      [['--truth', 'coco/good.json', '--lengths', '4,x'], 2, '--lengths'],
      [['--truth', 'coco/good.json', '--codec', 'getok', '--codec', 'getok'], 2, 'given twice'],
      [['--truth', 'coco/good.json', '--min-area', '1'], 1, 'no mask to evaluate'],
    ] as const) {
      const result = await run(...argv)
      expect([argv, result.code]).toEqual([argv, code])
      expect(result.err).toContain(message)
    }
  })

  it('stops at once when it is interrupted', async () => {
    const result = await runCommand(['eval', 'reconstruction', '--truth', 'coco/good.json'], {
      cwd: folder,
      signal: AbortSignal.abort(),
    })
    expect([result.code, result.out]).toEqual([130, ''])
  })

  const real = join(import.meta.dirname, '../../../../shared/data/bsds500/val')
  it.skipIf(!existsSync(real))('reads the real label maps (skipped without ../shared/data)', async () => {
    const { code, value } = await json('--truth', real, '--baselines', '--no-boundary', '--limit', '1')
    expect([code, value.pictures, value.errors]).toEqual([0, 1, []])
    expect(value.masks).toBeGreaterThan(20)
    expect(value.method).toBe('box, tight, exact')
  })
})
