// Whole runs of fine-tuning on toy models: what is learned, stopped and gone on with, and what bad input does.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openModel } from '@maskwords/mllm'
import type { TrainProgress } from '@maskwords/train'
import { afterAll, describe, expect, it } from 'vitest'
import { ask, letterRows, mask, pictureRows, toyModel, writePictures, writeRows } from '../../test/toy.ts'
import type { LearnResult } from '../run/run.ts'
import { checkConfig } from '../run/settings.ts'
import type { SftConfig } from './config.ts'
import { sftConfigSchema } from './config.ts'
import { learnSft } from './run.ts'

const root = mkdtempSync(join(tmpdir(), 'maskwords-sft-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const folderOf = (name: string) => join(root, name)
writePictures(root)
const letters = writeRows(join(root, 'letters.jsonl'), letterRows(6))
const pictures = writeRows(join(root, 'pictures.jsonl'), pictureRows(4))

const configOf = (json: object): SftConfig =>
  checkConfig({ kind: 'sft', ...json }, sftConfigSchema, { file: 'test.json', folder: root })

type Run = { stopAt?: number; onMessage?: (text: string) => void; losses?: number[] }
function learn(
  name: string,
  config: SftConfig,
  { stopAt = 0, onMessage = () => {}, losses }: Run = {},
): Promise<LearnResult> {
  const stop = new AbortController()
  return learnSft({
    config,
    folder: folderOf(name),
    threads: 1,
    worker: false,
    signal: stop.signal,
    onMessage,
    onProgress: ({ step, metrics }: TrainProgress) => {
      losses?.push(metrics['loss']!)
      if (step === stopAt) stop.abort()
    },
  })
}

const linesOf = (name: string, file: string) =>
  readFileSync(join(folderOf(name), file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

describe('fine-tuning', () => {
  it('a tiny text model learns fixed answers, and the folder that it leaves gives them', async () => {
    const model = await toyModel(root, { kind: 'qwen2' })
    const config = configOf({
      model,
      data: { files: [letters] },
      steps: 40,
      batch: { conversations: 6 },
      optimiser: { learningRate: 6e-3, warmUp: 2 },
      evaluation: { files: [letters], every: 20, maxAnswerTokens: 40 },
    })
    const losses: number[] = []
    const result = await learn('letters', config, { losses })
    expect(result).toMatchObject({
      finished: true,
      step: 40,
      steps: 40,
      model: join(folderOf('letters'), 'model'),
    })
    expect(losses[0]).toBeGreaterThan(5)
    expect(losses.at(-1)).toBeLessThan(0.02)
    const evaluations = linesOf('letters', 'metrics.jsonl').filter(({ kind }) => kind === 'evaluation')
    expect(evaluations.map(({ step }) => step)).toEqual([20, 40])
    expect(evaluations[1]).toMatchObject({ accuracy: 1, exact: 1 })
    const said = linesOf('letters', 'evaluation/step-000000040.jsonl')
    expect(said[2]).toEqual({
      id: 'letter-2',
      question: 'c',
      answer: `It is ${mask(74, 438)}.`,
      truth: `It is ${mask(74, 438)}.`,
      finish: 'stop',
    })
    expect(readFileSync(result.curves!, 'utf8')).toContain('<svg')
    const opened = await openModel(result.model!, { threads: 1 })
    const { text } = await opened.ask([{ role: 'user', content: 'e' }]).answer
    expect(text).toBe(`It is ${mask(148, 256 + 108)}.`)
    await opened.close()
  })

  it('stopped and gone on with, twice, a run with pictures ends with the same bits', async () => {
    const model = await toyModel(root, { kind: 'qwen2.5-vl' })
    const config = configOf({
      model,
      data: { files: [pictures] },
      steps: 7,
      batch: { conversations: 5, pack: 3, accumulate: 2 },
      optimiser: { learningRate: 3e-3, weightDecay: 0.1 },
      logEvery: 2,
      saveEvery: 3,
    })
    const whole = await learn('whole', config)
    expect((await learn('parts', config, { stopAt: 2 })).finished).toBe(false)
    expect((await learn('parts', config, { stopAt: 5 })).step).toBe(5)
    expect((await learn('parts', config)).finished).toBe(true)
    const bytes = (name: string, file: string) => readFileSync(join(folderOf(name), file))
    for (const file of [
      'checkpoints/step-000000007/state.safetensors',
      'model/model.safetensors',
      'metrics.jsonl',
    ]) {
      expect(bytes('parts', file).equals(bytes('whole', file)), file).toBe(true)
    }
    expect(whole.model).toBe(join(folderOf('whole'), 'model'))
    // Another configuration is refused, and says where the first one is.
    await expect(learn('whole', { ...config, seed: 9 })).rejects.toThrow('another configuration')
  })

  it('adapters alone move: the model of the run is the base with them merged in, and a run goes on from them', async () => {
    const model = await toyModel(root, { kind: 'qwen2' })
    const lora = { rank: 4, alpha: 8, targets: ['q_proj', 'v_proj', 'down_proj'] }
    const json = {
      model,
      data: { files: [letters] },
      steps: 30,
      batch: { conversations: 6 },
      optimiser: { learningRate: 2e-2 },
      evaluation: { files: [letters], every: 30, maxAnswerTokens: 40 },
    }
    const losses: number[] = []
    const result = await learn('lora', configOf({ ...json, lora, output: { merge: true } }), { losses })
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 3)
    expect(readdirSync(result.adapter!).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors'])
    const [said] = linesOf('lora', 'evaluation/step-000000030.jsonl')
    const merged = await openModel(result.model!, { threads: 1 })
    const options = { constraint: { mode: 'off' as const }, maxTokens: 40 }
    expect((await merged.ask([{ role: 'user', content: 'a' }], options).answer).text).toBe(said!['answer'])
    await merged.close()
    const on: number[] = []
    await learn('lora-on', configOf({ ...json, steps: 1, lora: { ...lora, from: result.adapter } }), {
      losses: on,
    })
    expect(on[0]).toBeLessThan(losses.at(-2)!)
    await expect(
      learn('lora-other', configOf({ ...json, lora: { ...lora, rank: 8, from: result.adapter } })),
    ).rejects.toThrow('an adapter of rank 4 and alpha 8; 8 and 8 are configured')
  })

  it('a loss that is no number: the step is refused and named, the run stops with the state before it', async () => {
    const model = await toyModel(root, { kind: 'qwen2' })
    const config = configOf({
      model,
      data: { files: [letters] },
      steps: 9,
      batch: { conversations: 3 },
      // The first updates are sound; then the rate is beyond all bounds.
      optimiser: { learningRate: 1e30, warmUp: 0, schedule: 'constant', clipNorm: null },
    })
    const failure = await learn('broken', config).catch((error: unknown) => error as Error & { hint: string })
    expect(failure).toMatchObject({
      name: expect.any(String),
      message: expect.stringMatching(/training step \d+: .*(NaN|Infinity)/),
    })
    expect((failure as { hint: string }).hint).toMatch(
      /last good state is .*step-0+\d+.*letters\.jsonl, line \d/,
    )
    expect(readdirSync(join(folderOf('broken'), 'checkpoints'))).toHaveLength(1)
  })

  it('a picture that cannot be read is left out and named; where none can be read, the run says so', async () => {
    const model = await toyModel(root, { kind: 'qwen2.5-vl' })
    writeFileSync(join(root, 'picture-9.png'), 'no picture')
    const rows = [
      ...pictureRows(1),
      {
        id: 'broken',
        images: [{ file: 'picture-9.png', width: 40, height: 32 }],
        messages: ask('<image>What?', 'x'),
      },
      {
        id: 'gone',
        images: [{ file: 'picture-8.png', width: 40, height: 32 }],
        messages: ask('<image>What?', 'x'),
      },
      {
        id: 'other',
        images: [{ file: 'picture-1.png', width: 96, height: 32 }],
        messages: ask('<image>What?', 'x'),
      },
      { id: 'long', images: [], messages: ask('y'.repeat(700), 'x') },
    ]
    const file = writeRows(join(root, 'odd.jsonl'), rows)
    const json = {
      model,
      batch: { conversations: 12, maxTokens: 600 },
      optimiser: { learningRate: 1e-3 },
      steps: 2,
    }
    const said: string[] = []
    const result = await learn('odd', configOf({ ...json, data: { files: [file] } }), {
      onMessage: (text) => said.push(text),
    })
    expect(result.finished).toBe(true)
    expect(said.filter((text) => text.startsWith('left out')).sort()).toEqual([
      expect.stringMatching(/^left out "broken" and what else shows .*picture-9\.png: /),
      expect.stringMatching(/^left out "gone" and what else shows .*picture-8\.png: /),
      expect.stringMatching(/^left out "long" \(.*odd\.jsonl, line 7\): \d+ tokens, and maxTokens is 600/),
      expect.stringMatching(/^left out "other" .*not of 96 x 32 pixels as stated/),
    ])
    const none = writeRows(join(root, 'none.jsonl'), rows.slice(3, 5))
    await expect(learn('none', configOf({ ...json, data: { files: [none] } }))).rejects.toThrow(
      'no picture of batch 0 can be read',
    )
    await expect(
      learn('missing', configOf({ ...json, model: join(root, 'nothing'), data: { files: [none] } })),
    ).rejects.toThrow('is no folder')
    expect(existsSync(join(folderOf('missing'), 'checkpoints'))).toBe(false)
  })

  it('files that are no conversations, and configurations that say nonsense, are explained', async () => {
    const model = await toyModel(root, { kind: 'qwen2' })
    const json = { model, steps: 1, optimiser: { learningRate: 1e-3 } }
    const run = (rows: readonly object[], name: string) =>
      learn(name, configOf({ ...json, data: { files: [writeRows(join(root, `${name}.jsonl`), rows)] } }))
    await expect(
      run([{ id: 'a', messages: [{ role: 'human', content: 'x' }] }], 'roles'),
    ).rejects.toMatchObject({
      code: 'malformed',
      at: 'line 1',
    })
    await expect(run([letterRows(1)[0]!, letterRows(1)[0]!], 'twice')).rejects.toThrow(
      'the id "letter-0" is in',
    )
    await expect(
      run([{ ...letterRows(1)[0], messages: [{ role: 'user', content: 'x' }] }], 'silent'),
    ).rejects.toThrow('has no answer to learn')
    await expect(run([], 'empty')).rejects.toThrow('hold no conversation')
    await expect(run([{ ...pictureRows(1)[0] }], 'blind')).rejects.toThrow('without eyes')
    expect(() => configOf({ ...json, data: { files: [letters] }, epochs: 2 })).toThrow(
      'either steps or epochs',
    )
    expect(() => configOf({ ...json, data: { files: [letters] }, optimizer: 1 })).toThrow('optimizer')
    expect(() => configOf({ ...json, data: { files: [letters] }, lora: { dropout: 0.1 } })).toThrow('dropout')
    const data = { files: [letters] }
    await expect(learn('frozen', configOf({ ...json, data, frozen: ['nothing.*'] }))).rejects.toThrow(
      'no weight fits nothing.*',
    )
    await expect(learn('all-frozen', configOf({ ...json, data, frozen: ['*'] }))).rejects.toThrow(
      'every weight is frozen',
    )
    await expect(learn('no-layer', configOf({ ...json, data, lora: { targets: ['w1'] } }))).rejects.toThrow(
      'no layer is called w1',
    )
  })
})
