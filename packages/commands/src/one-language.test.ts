// One language from end to end: prepare, extend-vocab and reward speak the same words, say which, and refuse others.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pictureToPng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../learn/test/tiny-model.ts'
import { makeFolder, type Result, runCommand } from '../test/command.ts'
import { drawScene } from './demo/scene.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
const { widthPx, heightPx, rgb } = drawScene(1)
file('set/1.png', pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb }))
file(
  'set/instances.json',
  JSON.stringify({
    images: [{ id: 1, file_name: '1.png', width: widthPx, height: heightPx }],
    categories: [{ id: 1, name: 'kite' }],
    annotations: [
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        iscrowd: 0,
        bbox: [50, 60, 100, 80],
        segmentation: [[50, 60, 150, 60, 150, 140, 50, 140]],
      },
    ],
  }),
)
const run = (...argv: string[]) => runCommand(argv, { cwd: folder })
const prepare = (...argv: string[]) => run('prepare', 'coco', '--root', 'set', ...argv)
let made: Result

beforeAll(async () => {
  await writeTinyModel(join(folder, 'qwen'), { shards: 1, tied: false })
  made = await prepare('--to', 'verl', '-o', 'train')
  await prepare('--to', 'verl', '-o', 'grid', '--codec', 'getok:16')
})

describe('what follows from where nothing is said', () => {
  it('prepare speaks SAMTok, says so, and prints the lines that fit', () => {
    expect(made.err).toContain('encode 1 mask with samtok-nano (samtok-256x2)')
    expect(made.out).toContain('next: maskwords extend-vocab <model> --data train -o base    (samtok-256x2)')
    expect(made.out).toContain('next: maskwords reward --shim verl --data train -o reward.py')
    const { codec } = JSON.parse(readFileSync(join(folder, 'train/dataset.json'), 'utf8'))
    expect(codec).toMatchObject({ name: 'samtok-nano', vocabulary: 'samtok-256x2' })
    expect(codec.weightsSha256).toMatch(/^[0-9a-f]{64}$/)
  })

  it('those lines work as they stand, and extend-vocab speaks the same without any', async () => {
    const extended = await run('extend-vocab', 'qwen', '--data', 'train', '-o', 'base')
    expect([extended.code, extended.err]).toEqual([0, ''])
    expect(extended.out).toContain('words      samtok-256x2: 514 words')
    const reward = await run('reward', '--shim', 'verl', '--data', 'train', '-o', 'reward.py')
    expect(reward.code).toBe(0)
    expect(reward.err).toContain('train is written in samtok-256x2: mask-true-positives + mask-repetition')
    expect(readFileSync(join(folder, 'reward.py'), 'utf8')).toContain('mask-true-positives')
    const plain = await run('extend-vocab', 'qwen', '-o', 'plain')
    expect(plain.err).toContain('no --words: samtok-256x2, those of samtok-nano')
    expect(plain.out).toContain(
      'next       maskwords prepare <sources> --to <trainer> --codec samtok-nano --model plain',
    )
  })

  it('extend-vocab takes the words of a codec, as --codec names it', async () => {
    for (const [codec, name] of [
      ['samtok-nano', 'samtok-256x2'],
      ['himtok-nano', 'himtok-1024'],
      ['getok:16', 'getok-n16'],
    ]) {
      const { out } = await run('extend-vocab', 'qwen', '--words', codec!, '-o', 'x', '--dry-run', '--json')
      expect(JSON.parse(out).words.name).toBe(name)
    }
  })
})

describe('languages that differ', () => {
  it('are refused by extend-vocab, reward and prepare, with both names', async () => {
    const words = await run('extend-vocab', 'qwen', '--data', 'grid', '--words', 'samtok-256x2', '-o', 'no')
    expect([words.code, words.err]).toEqual([
      2,
      expect.stringContaining(
        'grid is written in getok-n16 (getok:16), and --words samtok-256x2 lacks <grid_0_0>',
      ),
    ])
    const reward = await run('reward', '--shim', 'verl', '--data', 'grid', '--rewards', 'samtok-gcg')
    expect([reward.code, reward.err]).toEqual([
      2,
      expect.stringContaining("grid is written in getok-n16, and samtok-gcg reads samtok's words"),
    ])
    await run('extend-vocab', 'qwen', '--words', 'getok-n32', '-o', 'other', '-q')
    const data = await prepare('--to', 'trl', '-o', 'no', '--model', 'other')
    expect([data.code, data.err]).toEqual([
      1,
      expect.stringContaining('the model has getok-n32, and the data is in samtok-256x2'),
    ])
    expect(data.err).toContain('extend-vocab')
    const tokenizer = await run('reward', '--shim', 'trl', '--data', 'train', '--tokenizer', 'other')
    expect([tokenizer.code, tokenizer.err]).toEqual([1, expect.stringContaining('the model has getok-n32')])
  })

  it('rewards of pixels say what they need', async () => {
    const { code, err } = await run('reward', '--shim', 'verl', '--data', 'grid', '-o', 'grid.py')
    expect(code).toBe(0)
    expect(err).toContain('grid is written in getok-n16: getok-propose')
    expect(err).toContain('prepare the data with --truth-masks')
    expect(err).toContain('maskwords reward --codec getok:16')
  })

  it('a folder that prepare did not write is said as that', async () => {
    const { code, err } = await run('extend-vocab', 'qwen', '--data', 'set', '-o', 'no')
    expect([code, err]).toEqual([1, expect.stringContaining('maskwords prepare did not write this folder')])
  })
})

it('prepare without a picture speaks a language that needs none, and says so; one that was named and sees is refused', async () => {
  file('bare/instances.json', readFileSync(join(folder, 'set/instances.json')))
  const spoken = await run('prepare', 'coco', '--root', 'bare', '--to', 'qwen', '-o', 'unseen')
  expect(spoken.code).toBe(0)
  expect(spoken.err).toContain('words of getok, which needs none, instead of samtok-nano')
  expect(spoken.err).toContain('(getok-n32)')
  const short = await run('prepare', 'coco', '--root', 'bare', '--length', '4', '--to', 'qwen', '-o', 'short')
  expect([short.code, short.err.includes('instead of')]).toEqual([0, false])
  expect(short.err).toContain('(himtok-1024)')
  const argv = ['prepare', 'coco', '--root', 'bare', '--codec', 'samtok-nano', '--to', 'qwen', '-o', 'no']
  const { code, err } = await run(...argv)
  expect(code).toBe(1)
  expect(err).toContain('samtok-nano looks at the pictures, and none is there')
  expect(err).toContain('--codec himtok-nano or getok')
})

it('encode says the language that nobody named, and which words say another mask', async () => {
  const ring = (x: number, y: number, side: number) => [[x, y, x + side, y, x + side, y + side, x, y + side]]
  const annotations = [ring(60, 60, 240), ring(500, 300, 3)].map((segmentation, k) => ({
    id: k + 1,
    image_id: 1,
    category_id: k + 1,
    iscrowd: 0,
    segmentation,
  }))
  const images = [{ id: 1, file_name: '1.png', width: widthPx, height: heightPx }]
  const categories = [
    { id: 1, name: 'barn' },
    { id: 2, name: 'wren' },
  ]
  file('two.json', JSON.stringify({ images, categories, annotations }))
  const { out, err } = await run('encode', 'set/1.png', 'two.json', '--json')
  const { masks } = JSON.parse(out) as { masks: { label: string; iou: number }[] }
  expect(masks[0]!.iou).toBeGreaterThan(0.5)
  expect(masks[1]!.iou).toBeLessThan(0.25)
  expect(err).toContain('samtok-nano, words samtok-256x2 (--codec names another)')
  expect(err).toMatch(/the words of 1 of 2 masks read back with an IoU below 0\.25 \(wren 0\.\d\d\)/)
  expect(err).not.toContain('barn')
})
