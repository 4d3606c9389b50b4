// A small model from nothing: its vocabulary, its first weights, and that it learns from pictures through a detector.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSafetensors } from '@maskwords/checkpoint'
import { nanodetParameters, randomFrom } from '@maskwords/codecs'
import { pictureToPng } from '@maskwords/mask'
import { openModel, openModelFolder, openTokenizer } from '@maskwords/mllm'
import { NANODET_G, type NanodetConfig } from '@maskwords/models'
import { getokVocabulary, samtokVocabulary, wordsOf } from '@maskwords/words'
import { afterAll, describe, expect, it } from 'vitest'
import { formulaWeights } from '../../../graph/test/formula-weights.ts'
import { ask, mask, writeRows } from '../../test/toy.ts'
import { checkConfig } from '../run/settings.ts'
import { sftConfigSchema } from '../sft/config.ts'
import { learnSft } from '../sft/run.ts'
import { startConfigSchema } from './config.ts'
import { startModel } from './run.ts'
import { learnVocabulary } from './vocabulary.ts'

const root = mkdtempSync(join(tmpdir(), 'maskwords-start-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const signal = new AbortController().signal

const TEXTS = ['the dog on the left', 'the dog on the right', 'all the dogs', 'the left dog', 'No target.']

describe('a vocabulary learned from texts', () => {
  const masks = samtokVocabulary()
  const tokenizerOf = async (name: string, texts: readonly string[]) => {
    const folder = join(root, name)
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, 'tokenizer.json'),
      JSON.stringify(learnVocabulary(texts, { size: 400, masks }).json),
    )
    return await openTokenizer(await openModelFolder(folder))
  }

  it('writes any text and gets it back, its own texts in few tokens, mask words in one each', async () => {
    const tokenizer = await tokenizerOf('vocabulary', TEXTS)
    const random = randomFrom(5)
    const characters = [...'abc dog é 漢字 🦊 \n\t<|>{}0123\u0000\u00a0']
    for (let i = 0; i < 300; i++) {
      const length = Math.floor(random() * 30)
      const text = Array.from({ length }, () => characters[Math.floor(random() * characters.length)]).join('')
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text.normalize('NFC'))
    }
    expect(tokenizer.encode('the dog on the left').length).toBeLessThanOrEqual(5)
    for (const word of wordsOf(masks)) expect(tokenizer.encode(word)).toEqual([tokenizer.idOf(word)])
    expect(tokenizer.vocabularies.map(({ kind }) => kind)).toEqual(['samtok'])
    expect(tokenizer.encode('<|im_start|>')).toHaveLength(1)
  })

  it('does not depend on the order of texts, and holds the bytes alone where nothing stands twice', () => {
    const options = { size: 300, masks }
    expect(learnVocabulary([...TEXTS].reverse(), options)).toEqual(learnVocabulary(TEXTS, options))
    const bare = learnVocabulary(['abc'], { size: 300, masks: getokVocabulary({ gridSize: 2 }) })
    expect(bare.ids['<|endoftext|>']).toBe(256)
    expect(bare.size).toBe(256 + 7 + 14)
  })
})

/** A detector of a few numbers, on pictures of 64 pixels: 2 x 2 cells. */
const DETECTOR: NanodetConfig = {
  ...NANODET_G,
  imagePx: 64,
  stem: 4,
  stages: [
    { channels: 4, blocks: 1, stride: 1 },
    { channels: 8, blocks: 1, stride: 2 },
    { channels: 16, blocks: 1, stride: 2 },
    { channels: 32, blocks: 1, stride: 2 },
  ],
  width: 8,
  classes: 5,
}

async function writeDetector(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ detector: 'nanodet', config: DETECTOR }))
  const tensors = [...nanodetParameters(DETECTOR)].map(([name, shape]) => ({
    name,
    dtype: 'float32' as const,
    shape,
    data: Float32Array.from(formulaWeights(name, shape)),
  }))
  writeFileSync(join(folder, 'weights.safetensors'), await encodeSafetensors({ tensors }))
  return folder
}

/** A picture that is bright in one quarter. */
function quarterPicture(quarter: number) {
  const rgb = new Uint8Array(64 * 48 * 3)
  for (let y = 0; y < 48; y++) {
    for (let x = 0; x < 64; x++) {
      const bright = (x >= 32 ? 1 : 0) + (y >= 24 ? 2 : 0) === quarter
      rgb.fill(bright ? 230 : 20, (y * 64 + x) * 3, (y * 64 + x) * 3 + 3)
    }
  }
  return { widthPx: 64, heightPx: 48, rgb }
}

const QUESTIONS = ['the bright part', 'the other thing']
const answersOf = (quarter: number) => [mask(quarter, 256 + quarter), 'No target.']

function rowsOfPictures(): object[] {
  return [0, 1, 2, 3].flatMap((quarter) => {
    const file = `quarter-${quarter}.png`
    const { rgb, ...size } = quarterPicture(quarter)
    writeFileSync(join(root, file), pictureToPng({ ...size, channels: 3, bytes: rgb }))
    return QUESTIONS.map((phrase, i) => ({
      id: `${quarter}-${i}`,
      images: [{ file, width: 64, height: 48 }],
      messages: ask(`<image>\n${phrase}`, answersOf(quarter)[i]!),
    }))
  })
}

describe('a small model with a detector for eyes', () => {
  const rows = writeRows(join(root, 'rows.jsonl'), rowsOfPictures())
  const started = async (name: string, more: object = {}) =>
    await startModel({
      config: checkConfig(
        {
          kind: 'start',
          seed: 2,
          data: { files: [rows] },
          detector: await writeDetector(join(root, 'detector')),
          text: { width: 48, layers: 2, heads: 2, kvHeads: 1, headWidth: 32, mlpWidth: 64, vocabulary: 300 },
          eyes: { objects: 2, hiddenWidth: 32 },
          ...more,
        },
        startConfigSchema,
        { file: 'start.json', folder: root },
      ),
      folder: join(root, name),
      signal,
    })

  it('begins with the same bytes again, and with others from another seed', async () => {
    const bytes = async (name: string, more?: object) =>
      readFileSync(join(await started(name, more), 'model.safetensors'))
    const first = await bytes('first')
    expect(await bytes('second')).toEqual(first)
    expect((await bytes('third', { seed: 3 })).equals(first)).toBe(false)
  })

  it('learns to tell pictures apart, and answers from the folder that it leaves', async () => {
    const model = await started('whole')
    const config = checkConfig(
      {
        kind: 'sft',
        model,
        data: { files: [rows] },
        steps: 150,
        batch: { conversations: 8 },
        optimiser: { learningRate: 4e-3, warmUp: 5 },
      },
      sftConfigSchema,
      { file: 'sft.json', folder: root },
    )
    const losses: number[] = []
    const result = await learnSft({
      config,
      folder: join(root, 'learned'),
      threads: 1,
      worker: false,
      signal,
      onMessage: (text) => {
        throw new Error(text)
      },
      onProgress: ({ metrics }) => losses.push(metrics['loss']!),
    })
    expect(losses[0]).toBeGreaterThan(3)
    expect(losses.at(-1)).toBeLessThan(0.05)
    const opened = await openModel(result.model!)
    try {
      for (let quarter = 0; quarter < 4; quarter++) {
        const answers = await opened.askMany(quarterPicture(quarter), QUESTIONS)
        expect(answers.map(({ text }) => text)).toEqual(answersOf(quarter))
      }
    } finally {
      await opened.close()
    }
  })

  it('says what does not fit: sizes, and a detector that is not there', async () => {
    await expect(started('odd', { eyes: { objects: 3 } })).rejects.toThrow('num_objects must be rows of 2')
    await expect(started('none', { detector: join(root, 'nowhere') })).rejects.toThrow('no detector')
  })
})
