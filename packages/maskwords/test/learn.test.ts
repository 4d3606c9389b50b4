// A language model taught by the real command in its own process: stopped by Ctrl-C, gone on with, refused where another run is.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { letterRows, toyModel, writeRows } from '../../tuning/test/toy.ts'

const ROOT = join(import.meta.dirname, '../../..')
const CLI = join(ROOT, 'packages/maskwords/src/cli.ts')

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'maskwords-learn-'))
  await toyModel(folder, { kind: 'qwen2' })
  writeRows(join(folder, 'letters.jsonl'), letterRows(4))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the command; `stopAfter` sends a signal when stderr first matches. */
function command(
  args: readonly string[],
  stopAfter?: RegExp,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        '--conditions=@maskwords/source',
        '--import',
        join(ROOT, 'node_modules/tsx/dist/esm/index.mjs'),
        CLI,
        ...args,
      ],
      { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let [stdout, stderr, stopped] = ['', '', false]
    child.stdout.on('data', (data) => (stdout += data))
    child.stderr.on('data', (data) => {
      stderr += data
      if (!stopped && stopAfter?.test(stderr)) stopped = child.kill(signal)
    })
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

const common = {
  model: 'model-qwen2',
  data: { files: ['letters.jsonl'] },
  optimiser: { learningRate: 3e-3 },
  logEvery: 1,
}
const write = (name: string, json: object) => writeFileSync(join(folder, name), JSON.stringify(json))
const steps = (run: string) =>
  readFileSync(join(folder, run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { step: number }).step)

describe('maskwords learn', () => {
  it('sft: learns, says where the model is, and what it did as JSON', async () => {
    write('sft.json', { kind: 'sft', ...common, steps: 4 })
    const { code, stdout, stderr } = await command([
      'learn',
      'sft',
      '--config',
      'sft.json',
      '-o',
      'sft',
      '--json',
    ])
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      finished: true,
      step: 4,
      steps: 4,
      model: join(folder, 'sft/model'),
      curves: join(folder, 'sft/curves.svg'),
    })
    expect(stderr).toMatch(/step 4\/4 {2}loss [\d.]+ .*0:00 left/)
    const again = await command(['learn', 'sft', '--config', 'sft.json', '-o', 'sft'])
    expect([again.code, again.stdout]).toEqual([0, 'sft/model\n'])
  })

  it('grpo: Ctrl-C saves, the same command goes on; another run in the folder and other configurations are refused', async () => {
    const rollouts = { prompts: 2, answers: 4, maxTokens: 6 }
    write('grpo.json', { kind: 'grpo', ...common, steps: 4000, rollouts, rewards: ['mask-accuracy'] })
    const argv = ['learn', 'grpo', '--config', 'grpo.json', '-o', 'grpo']
    const stopped = await command(argv, /step \d+\/4000/)
    expect(stopped.code, stopped.stderr).toBe(130)
    const at = Number(/stopped after step (\d+) of 4000 and saved/.exec(stopped.stderr)?.[1])
    expect(at).toBeGreaterThan(0)
    expect(steps('grpo')).toEqual(Array.from({ length: at }, (_, i) => i + 1))
    const on = await command(argv, new RegExp(`step (${at + 1}|${at + 2}|${at + 3})/4000`))
    expect(on.stderr).toContain('resuming from')
    expect(on.code).toBe(130)
    write('run.lock', { pid: process.pid, host: hostname(), started: '' })
    writeFileSync(join(folder, 'grpo/run.lock'), readFileSync(join(folder, 'run.lock')))
    const second = await command(argv)
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(`process ${process.pid} on ${hostname()} trains in this folder`)
    write('other.json', { kind: 'grpo', ...common, steps: 9, rollouts })
    const other = await command(['learn', 'grpo', '--config', 'other.json', '-o', 'grpo'])
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('another configuration')])
  })

  it('killed without a warning, the same command ends with the bytes of a run that was not', async () => {
    const rollouts = { prompts: 2, answers: 4, maxTokens: 6 }
    const updates = { iterations: 2 }
    const more = { steps: 100, saveEvery: 7, rollouts, updates, rewards: ['mask-accuracy'] }
    write('killed.json', { kind: 'grpo', ...common, ...more })
    const argv = (run: string) => ['learn', 'grpo', '--config', 'killed.json', '-o', run, '--threads', '1']
    await command(argv('killed'), /step \d+\/100/, 'SIGKILL')
    expect(steps('killed').at(-1)).toBeLessThan(100)
    const on = await command(argv('killed'))
    expect(on.code, on.stderr).toBe(0)
    const whole = await command(argv('whole'))
    expect(whole.code, whole.stderr).toBe(0)
    for (const file of [
      'checkpoints/step-000000100/state.safetensors',
      'model/model.safetensors',
      'metrics.jsonl',
    ]) {
      const [one, other] = ['killed', 'whole'].map((run) => readFileSync(join(folder, run, file)))
      expect(one!.equals(other!), file).toBe(true)
    }
  })

  it('what makes no sense is refused with what would', async () => {
    write('odd.json', { kind: 'sft', ...common, steps: 1, batch: { size: 3 }, optimiser: {} })
    const odd = await command(['learn', 'sft', '--config', 'odd.json', '-o', 'odd'])
    expect(odd.code).toBe(1)
    expect(odd.stderr).toMatch(/odd\.json.*no configuration to learn by/)
    expect(odd.stderr).toMatch(/Unrecognized key: "size"[\s\S]*batch[\s\S]*learningRate/)
    const kind = await command(['learn', 'dpo', '--config', 'odd.json', '-o', 'odd'])
    expect([kind.code, kind.stderr]).toEqual([2, expect.stringContaining('there is start, sft, grpo')])
  })
})
