// The writers that bench/faults/kill.ts attacks: what each one reads, its command, and what of its output may be there before it is done.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatCodecConfig } from '@maskwords/codec-loading'
import { pictureToPng } from '@maskwords/mask'
import { TOY_HIMTOK, wantedWeights, writeWeights } from '../../packages/codecs/test/toy-codecs.ts'
import { drawScene } from '../../packages/commands/src/demo/scene.ts'
import { tinyGguf } from '../../packages/learn/test/tiny-gguf.ts'
import { writeTinyModel as writeTinyCheckpoint } from '../../packages/learn/test/tiny-model.ts'
import { writeTinyModel } from '../../packages/mllm/test/tiny-model.ts'

export type Writer = {
  readonly name: string
  readonly argv: readonly string[]
  /** What it writes, below the folder it runs in; '' for the folder itself. */
  readonly output: string
  /** Files that grow, or are changed in place, while it works; all others are there whole or not at all. */
  readonly growing?: RegExp
  /** A file as it is compared: without what differs from run to run. */
  readonly plain?: (path: string, bytes: Buffer) => string
  setUp(folder: string): Promise<void> | void
}

/** The bytes that the server of `pull` has. */
export const SERVED = Buffer.alloc(4_000_000, 'the weights of a tokenizer')
const SHA256 = createHash('sha256').update(SERVED).digest('hex')

const { widthPx, heightPx, rgb } = drawScene(1)
const PNG = pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb })

/** Answers name how long they took, and the last digit of a probability depends on what was asked before; the rest is the same. */
function withoutChance(path: string, bytes: Buffer): string {
  const text = bytes.toString('latin1')
  if (!path.endsWith('answers.jsonl')) return text
  return text.replace(/"usage":\{[^}]*\}/g, '').replace(/"(?:logprob|probability)":[^,}]*/g, '')
}

const TRAINING = {
  codec: 'himtok',
  name: 'toy',
  seed: 4,
  data: { sets: [], scenes: 1 },
  augmentation: { copyPaste: 0 },
  saveEvery: 2,
  logEvery: 1,
  network: {
    profile: 'clean',
    sizePx: 16,
    patchPx: 4,
    latents: 8,
    codebookSize: 64,
    codeSize: 8,
    encoder: { width: 32, layers: 1, heads: 2 },
    decoder: { width: 32, layers: 1, heads: 2 },
    pixelDecoder: {
      inputChannels: 16,
      channels: 8,
      multipliers: [1, 1, 2],
      blocks: 1,
      outputChannels: 1,
      normGroups: 4,
    },
    mlpRatio: 2,
  },
  batch: { masks: 8, parts: 2 },
  loss: { dice: 1, commitment: 0.25 },
  levels: { kind: 'each', whole: 0.6 },
  blur: 0,
  stages: [
    { name: 'one', steps: 4, learningRate: 0.002, warmUp: 2, quantise: [2, 4] },
    { name: 'two', steps: 2, learningRate: 0.001, warmUp: 1, quantise: [0, 1] },
  ],
}

/** All writers; `port` is where `SERVED` can be pulled from. */
export const writersOf = (port: string): readonly Writer[] => [
  {
    name: 'pull',
    argv: ['pull', `http://127.0.0.1:${port}/w.pth`, '-o', 'out/w.pth'],
    output: 'out',
    growing: /\.part(?:\.json)?$/,
    setUp: () => {},
  },
  {
    name: 'pull-checked',
    argv: ['pull', `http://127.0.0.1:${port}/w.pth`, '-o', 'out/w.pth', '--sha256', SHA256],
    output: 'out',
    growing: /\.part(?:\.json)?$/,
    setUp: () => {},
  },
  {
    name: 'import',
    argv: ['import', 'toy.safetensors', '-o', 'out', '--config', 'toy.json', '--dtype', 'float16'],
    output: 'out',
    setUp: async (folder) => {
      await writeWeights(join(folder, 'toy.safetensors'), await wantedWeights({ himtok: TOY_HIMTOK }))
      writeFileSync(join(folder, 'toy.json'), formatCodecConfig({ codec: 'himtok', config: TOY_HIMTOK }))
    },
  },
  {
    name: 'extend-vocab',
    argv: ['extend-vocab', 'base', '-o', 'out', '--words', 'samtok-32x2'],
    output: 'out',
    setUp: async (folder) => {
      await writeTinyCheckpoint(join(folder, 'base'))
    },
  },
  {
    name: 'patch-gguf',
    argv: ['patch-gguf', 'm.gguf', '--in-place'],
    output: '',
    growing: /m\.gguf$/,
    setUp: (folder) => {
      const codes = Array.from({ length: 64 }, (_, i) => `<|mt_${String(i).padStart(4, '0')}|>`)
      const words = ['<|mt_start|>', '<|mt_end|>', ...codes].map((word) => [word, 3] as const)
      writeFileSync(join(folder, 'm.gguf'), tinyGguf([['a', 1], ...words, ['b', 1]]))
    },
  },
  {
    name: 'patch-gguf-parts',
    argv: ['patch-gguf', 'm-00001-of-00003.gguf', '-o', 'out.gguf'],
    output: '',
    setUp: (folder) => {
      const codes = Array.from({ length: 64 }, (_, i) => `<|mt_${String(i).padStart(4, '0')}|>`)
      const words = ['<|mt_start|>', '<|mt_end|>', ...codes].map((word) => [word, 3] as const)
      for (const part of [0, 1, 2])
        writeFileSync(join(folder, `m-0000${part + 1}-of-00003.gguf`), tinyGguf(words, { split: [part, 3] }))
    },
  },
  {
    name: 'prepare',
    argv: ['prepare', 'coco', '--root', 'set', '--to', 'ms-swift', '-o', 'out', '-q', '--codec', 'getok'],
    output: 'out',
    // Lines of what was lost are added as they are found.
    growing: /\/problems\.jsonl$/,
    setUp: (folder) => {
      mkdirSync(join(folder, 'set'))
      const ids = [1, 2, 3]
      for (const id of ids) writeFileSync(join(folder, `set/${id}.png`), PNG)
      const set = {
        images: ids.map((id) => ({ id, file_name: `${id}.png`, width: widthPx, height: heightPx })),
        categories: [{ id: 1, name: 'kite' }],
        annotations: ids.map((id) => ({
          id,
          image_id: id,
          category_id: 1,
          iscrowd: 0,
          bbox: [10, 10, 40, 30],
          segmentation: [[10, 10, 50, 10, 50, 40, 10, 40]],
        })),
      }
      writeFileSync(join(folder, 'set/instances.json'), JSON.stringify(set))
    },
  },
  {
    name: 'train',
    argv: ['train', 'himtok', '--config', 'config.json', '-o', 'out', '--threads', '1', '-q'],
    output: 'out',
    // Checkpoints come and go; a codec folder is written at the end of each stage.
    growing: /\/(?:checkpoints\/|metrics\.jsonl$|codec\/)/,
    setUp: (folder) => {
      writeFileSync(join(folder, 'config.json'), JSON.stringify(TRAINING))
    },
  },
  {
    name: 'ask',
    argv: [
      ...['ask', 'pictures', 'the boat', '--task', 'segment', '--forced', '-o', 'out'],
      ...['--model', 'model', '--threads', '1', '-q'],
    ],
    output: 'out',
    growing: /answers\.jsonl$/,
    plain: withoutChance,
    setUp: async (folder) => {
      await writeTinyModel(join(folder, 'model'))
      mkdirSync(join(folder, 'pictures'))
      for (const name of ['a', 'b', 'c']) writeFileSync(join(folder, `pictures/${name}.png`), PNG)
    },
  },
]
