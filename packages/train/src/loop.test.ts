import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { STEPS, tinyData, tinyRun, tinyStep } from '../test/tiny-run.ts'
import type { OpenLiveSource } from './batch-source.ts'
import { batchThreads } from './batches.ts'
import { train } from './loop.ts'
import type { TrainProgress } from './progress.ts'
import type { TrainState } from './state.ts'

const root = mkdtempSync(join(tmpdir(), 'train-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const folderOf = (name: string) => join(root, name)
const checkpoints = (folder: string) => readdirSync(join(folder, 'checkpoints')).sort()
const logOf = (folder: string) => readFileSync(join(folder, 'metrics.jsonl'), 'utf8')

describe('the training loop', () => {
  it('the same seed gives the same weights to the bit, and the loss falls', async () => {
    const losses: number[] = []
    const onProgress = ({ metrics }: TrainProgress) => losses.push(metrics['loss']!)
    const first = await train(tinyRun(undefined, { onProgress }))
    const second = await train(tinyRun(undefined))
    expect([...first.state.tensors]).toEqual([...second.state.tensors])
    const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length
    expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)) / 2)
  })

  it('stopped by a signal and resumed, twice, it ends like an uninterrupted run: tensors, checkpoint file and log', async () => {
    const [whole, parts] = [folderOf('whole'), folderOf('parts')]
    const expected = await train(tinyRun(whole))
    for (const stopAt of [13, 37]) {
      const stop = new AbortController()
      const said: string[] = []
      const result = await train(
        tinyRun(parts, {
          signal: stop.signal,
          onProgress: ({ step }) => step === stopAt && stop.abort(),
          onMessage: (text) => said.push(text),
        }),
      )
      expect(result).toMatchObject({ step: stopAt, finished: false })
      expect(said.at(-1)).toContain(`stopped after step ${stopAt} of ${STEPS}`)
    }
    const resumed = await train(tinyRun(parts))
    expect(resumed.finished).toBe(true)
    expect([...resumed.state.tensors]).toEqual([...expected.state.tensors])
    const file = join('checkpoints', 'step-000000060', 'state.safetensors')
    expect(readFileSync(join(parts, file)).equals(readFileSync(join(whole, file)))).toBe(true)
    expect(logOf(parts)).toBe(logOf(whole))
  })

  it('writes a line of means every 10 steps, and cuts lines of steps that are done again', async () => {
    const folder = folderOf('log')
    await train(tinyRun(folder, { steps: 30 }))
    const lines = logOf(folder).trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([10, 20, 30])
    expect(Object.keys(JSON.parse(lines[0]!))).toEqual([
      'step',
      'kind',
      'loss',
      'gradientNorm',
      'learningRate',
    ])
    writeFileSync(join(folder, 'metrics.jsonl'), `${lines.join('\n')}\n{"step":40,"kind":"train"}\n{"step":5`)
    await train(tinyRun(folder, { steps: 30 }))
    expect(logOf(folder).trim().split('\n')).toEqual(lines)
  })

  it('keeps the newest two checkpoints and the best one', async () => {
    const folder = folderOf('best')
    const values: Record<number, number> = { 10: 5, 20: 1, 30: 4, 40: 3, 50: 2, 60: 6 }
    const result = await train(
      tinyRun(folder, {
        saveEvery: 10,
        evaluation: {
          every: 10,
          run: async (state) => ({ error: values[state.step]! }),
          best: { metric: 'error', direction: 'min' },
        },
      }),
    )
    expect(result.best).toEqual({ step: 20, value: 1 })
    expect(checkpoints(folder)).toEqual(['step-000000020', 'step-000000050', 'step-000000060'])
    expect(logOf(folder)).toContain('{"step":20,"kind":"evaluation","error":1}')
  })

  it('a stop in the middle of an evaluation saves what was trained, and the evaluation is made up for', async () => {
    const [whole, cut] = [folderOf('evaluated'), folderOf('cut')]
    const evaluation = { every: 20, run: async ({ step }: TrainState) => ({ error: step }) }
    await train(tinyRun(whole, { evaluation }))
    const stop = new AbortController()
    const cutShort = async () => {
      stop.abort()
      throw stop.signal.reason
    }
    const stopped = await train(
      tinyRun(cut, { signal: stop.signal, evaluation: { ...evaluation, run: cutShort } }),
    )
    expect([stopped.step, stopped.finished, checkpoints(cut).at(-1)]).toEqual([20, false, 'step-000000020'])
    await train(tinyRun(cut, { evaluation }))
    expect(logOf(cut)).toBe(logOf(whole))
  })

  it('goes on only with the settings that the run was made with', async () => {
    const folder = folderOf('settings')
    await train(tinyRun(folder, { steps: 7, settings: { data: 'curve', size: 50 } }))
    await expect(train(tinyRun(folder, { settings: { data: 'curve', size: 51 } }))).rejects.toThrow(
      'settings.size: 51 now, 50 saved',
    )
    await expect(train(tinyRun(folder, { resume: false }))).rejects.toThrow('holds a run that is at step 7')
    const again = await train(tinyRun(folder, { steps: 8, settings: { data: 'curve', size: 50 } }))
    expect(again.step).toBe(8)
  })

  it('refuses a folder in which another process trains, and takes over the lock of a dead one', async () => {
    const folder = folderOf('lock')
    await train(tinyRun(folder, { steps: 1 }))
    const lock = (pid: number) =>
      writeFileSync(join(folder, 'run.lock'), JSON.stringify({ pid, host: hostname(), started: '' }))
    lock(process.pid)
    await expect(train(tinyRun(folder))).rejects.toThrow(
      `process ${process.pid} on ${hostname()} trains in this folder`,
    )
    lock(999_999_999)
    await train(tinyRun(folder, { steps: 2 }))
    expect(existsSync(join(folder, 'run.lock'))).toBe(false)
  })

  it('steps back from a checkpoint that is half there, says so, and ends with the same bits', async () => {
    const whole = folderOf('not-cut')
    await train(tinyRun(whole, { steps: 6, saveEvery: 2 }))
    const final = (folder: string) =>
      readFileSync(join(folder, 'checkpoints/step-000000006/state.safetensors'))
    for (const [name, damage] of [
      ['cut-state', (path: string) => truncateSync(join(path, 'state.safetensors'), 100)],
      ['no-state', (path: string) => rmSync(join(path, 'state.safetensors'))],
      ['cut-record', (path: string) => truncateSync(join(path, 'run.json'), 20)],
      ['no-record', (path: string) => rmSync(join(path, 'run.json'))],
      ['empty', (path: string) => truncateSync(join(path, 'run.json'), 0)],
    ] as const) {
      const folder = folderOf(name)
      await train(tinyRun(folder, { steps: 4, saveEvery: 2 }))
      damage(join(folder, 'checkpoints/step-000000004'))
      const said: string[] = []
      await train(tinyRun(folder, { steps: 6, saveEvery: 2, onMessage: (text) => said.push(text) }))
      expect([name, said[0]]).toEqual([
        name,
        expect.stringMatching(/damaged and kept as .*step-000000004\.damaged; going back to step 2$/),
      ])
      expect([name, final(folder).equals(final(whole)), logOf(folder)]).toEqual([name, true, logOf(whole)])
      expect(checkpoints(folder)).toEqual(['step-000000004', 'step-000000004.damaged', 'step-000000006'])
    }
  })

  it('says what is wrong with a checkpoint that is damaged where there is no other', async () => {
    const folder = folderOf('damaged')
    await train(tinyRun(folder, { steps: 2 }))
    const path = join(folder, 'checkpoints', 'step-000000002')
    const state = readFileSync(join(path, 'state.safetensors'))
    writeFileSync(join(path, 'state.safetensors'), state.subarray(0, state.length - 4))
    await expect(train(tinyRun(folder))).rejects.toThrow(/state\.safetensors/)
    writeFileSync(join(path, 'state.safetensors'), state)
    writeFileSync(join(path, 'run.json'), '{"format": 1}')
    await expect(train(tinyRun(folder))).rejects.toThrow('run.json')
  })

  it('data that is no number ends the run at its step, and the last good state stays', async () => {
    const folder = folderOf('nan')
    const data = tinyData()
    // Two batches are one update: batch 20 is of update 11.
    const poisoned = {
      batch: async (index: number) => {
        const feeds = await data.batch(index)
        return index === 20 ? { ...feeds, x: new Float32Array(16).fill(Number.NaN) } : feeds
      },
    }
    await expect(train(tinyRun(folder, { data: poisoned }))).rejects.toThrow(
      'training step 11: the loss is NaN',
    )
    expect(checkpoints(folder)).toEqual(['step-000000007', 'step-000000010'])
    const mended = await train(tinyRun(folder))
    expect([...mended.state.tensors]).toEqual([...(await train(tinyRun(undefined))).state.tensors])
  })

  it('a source that looks at the weights goes on from what it saved: stopped between, it ends with the same bits', async () => {
    const run = (folder: string, stopAt = 0) => {
      const stop = new AbortController()
      // Two batches an update; what it makes of the weights serves three updates, so that most stops are in between.
      const open: OpenLiveSource = async (trainer, saved) => {
        let made = (saved as { at: number; shift: number } | undefined) ?? { at: -1, shift: 0 }
        return {
          async batch(index) {
            const at = Math.floor(index / 6)
            if (at !== made.at) made = { at, shift: (await trainer.weights())['first.bias']![0]! }
            const { x, target } = (await tinyData().batch(index)) as Record<string, Float32Array>
            if (index === 2 * stopAt + 1 && stopAt > 0) {
              stop.abort()
              throw stop.signal.reason
            }
            return { x: x!.map((value) => value + made.shift), target: target! }
          },
          state: () => made,
          metrics: () => ({ shift: made.shift }),
        }
      }
      return train(tinyRun(folder, { data: open, steps: 20, signal: stop.signal }))
    }
    const [whole, parts] = [folderOf('live'), folderOf('live-parts')]
    const expected = await run(whole)
    expect((await run(parts, 7)).step).toBe(7)
    expect((await run(parts, 13)).step).toBe(13)
    const resumed = await run(parts)
    expect([...resumed.state.tensors]).toEqual([...expected.state.tensors])
    expect(logOf(parts)).toBe(logOf(whole))
    expect(JSON.parse(logOf(whole).split('\n')[1]!).shift).not.toBe(0)
  })

  it('weights that are no numbers are never saved, though the loss was one, and never the best', async () => {
    const folder = folderOf('broken-weights')
    const step = tinyStep()
    // The settings of update 9 are no numbers: its loss is still that of the weights before.
    const feeds = (at: number) => {
      const whole = Object.entries(step.feeds(at))
      const spoilt = (value: unknown) => (value instanceof Float32Array ? value.map(() => Number.NaN) : value)
      return Object.fromEntries(
        whole.map(([name, value]) => [name, at < 8 ? value : (spoilt(value) as typeof value)]),
      )
    }
    await expect(
      train(tinyRun(folder, { step: { ...step, feeds }, saveEvery: 3, steps: 9 })),
    ).rejects.toThrow(/training step 9: .* is no longer made of finite numbers/)
    expect(checkpoints(folder)).toEqual(['step-000000003', 'step-000000006'])
    const values = [Number.NaN, 3, Number.NaN, 2]
    const evaluation = {
      every: 2,
      run: async () => ({ score: values.shift()! }),
      best: { metric: 'score', direction: 'max' as const },
    }
    expect((await train(tinyRun(undefined, { steps: 8, evaluation }))).best).toEqual({ step: 4, value: 3 })
  })

  it('batches made by worker threads are those made here', async () => {
    const module = new URL('../test/tiny-batches.ts', import.meta.url)
    const here = await train(tinyRun(undefined, { steps: 12 }))
    const there = await train(
      tinyRun(undefined, { steps: 12, data: await batchThreads({ module, threads: 2 }), ahead: 4 }),
    )
    expect([...there.state.tensors]).toEqual([...here.state.tensors])
  })

  it('a data worker that fails stops the run with its message', async () => {
    const module = new URL('../test/tiny-batches.ts', import.meta.url)
    const data = await batchThreads({ module, options: { failAt: 9 } })
    await expect(train(tinyRun(undefined, { data }))).rejects.toThrow('batch 9: no such picture')
    const none = await batchThreads({ module: 'file:///nowhere/batches.js' })
    await expect(train(tinyRun(undefined, { data: none }))).rejects.toThrow(/batch 0: .*nowhere/)
  })

  it('a worker thread holds model and state as well as this one', async () => {
    const here = await train(tinyRun(undefined, { steps: 5 }))
    const there = await train(tinyRun(undefined, { steps: 5, session: { threads: 1 } }))
    expect([...there.state.tensors]).toEqual([...here.state.tensors])
  })

  it('refuses numbers of steps that mean nothing', async () => {
    await expect(train(tinyRun(undefined, { steps: 0 }))).rejects.toThrow('steps is 0')
    await expect(train(tinyRun(undefined, { logEvery: 1.5 }))).rejects.toThrow('logEvery is 1.5')
    expect(tinyStep().gather!.feeds(0, 0)['seed']).toEqual(BigInt64Array.of(11n << 32n))
    expect(tinyData().batch(0)).toEqual(tinyData().batch(0))
  })
})
