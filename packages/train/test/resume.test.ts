// A run that dies: SIGKILL at random steps, in a process of its own, and what it ends with after being started again.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { shuffledIndices, train } from '../src/index.ts'
import { STEPS, tinyRun } from './tiny-run.ts'

const root = mkdtempSync(join(tmpdir(), 'resume-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function start(folder: string, pauseMs: number): ChildProcess {
  const entry = join(import.meta.dirname, 'resume-child.ts')
  const flags = ['--conditions=@maskwords/source', '--import', 'tsx', entry, folder, String(pauseMs)]
  return spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Runs until the line of `step` came, then sends `signal`; all that was said. */
function runUntil(folder: string, step: number, signal: NodeJS.Signals, pauseMs = 3): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = start(folder, pauseMs)
    let text = ''
    let sent = false
    child.stdout!.on('data', (piece: Buffer) => {
      text += piece.toString()
      if (!sent && text.includes(`step ${step}\n`)) {
        sent = true
        child.kill(signal)
      }
    })
    child.on('error', reject)
    child.on('close', () => resolve(text))
  })
}

const result = (folder: string) => ({
  state: readFileSync(join(folder, 'checkpoints', 'step-000000060', 'state.safetensors')),
  log: readFileSync(join(folder, 'metrics.jsonl'), 'utf8'),
})

describe('a run in a process that ends', () => {
  it('killed at two random steps and started again, it ends with the bytes of an uninterrupted run', async () => {
    const [whole, killed] = [join(root, 'whole'), join(root, 'killed')]
    await train(tinyRun(whole))
    // Other steps every time, named where the test fails; early enough that a slow signal still meets a running process.
    const [first, second] = [...shuffledIndices(STEPS - 20, { seed: Date.now() % 65536, epoch: 0 })]
      .slice(0, 2)
      .map((step) => step + 3)
      .sort((a, b) => a - b) as [number, number]
    for (const step of [first, second]) {
      const said = await runUntil(killed, step, 'SIGKILL')
      expect(said).toContain(`step ${step}\n`)
    }
    const said = await runUntil(killed, -1, 'SIGKILL')
    // Checkpoints come every 7 updates: none is there for a kill before the first one.
    if (second > 8) expect(said).toMatch(/^resuming from .*step-0000000\d\d/)
    expect(result(killed), `killed at ${first} and ${second}`).toEqual(result(whole))
  })

  it('on SIGINT it finishes the update, saves, says so, and goes on from there', async () => {
    const folder = join(root, 'interrupted')
    const said = await runUntil(folder, 20, 'SIGINT', 10)
    expect(said).toContain('stopping after this update')
    expect(said).toMatch(/stopped after step \d+ of 60 and saved to .*run the same command again to go on/)
    const last = Number(/stopped after step (\d+)/.exec(said)![1])
    const more = await runUntil(folder, -1, 'SIGKILL')
    expect(more).toContain(`step-0000000${last}`)
    expect(more).toContain(`\nstep ${last + 1}\n`)
    expect(more).not.toContain(`\nstep ${last}\n`)
    expect(result(folder)).toEqual(result(join(root, 'whole')))
  })
})
