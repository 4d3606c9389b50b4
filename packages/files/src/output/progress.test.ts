import { describe, expect, it } from 'vitest'
import { startProgress } from './progress.ts'
import { duration, tableLines } from './table.ts'

function watch(isTTY: boolean, quiet = false) {
  const written: string[] = []
  let time = 0
  const stderr = {
    isTTY,
    columns: 60,
    write: async (chunk: string | Uint8Array) => {
      written.push(String(chunk))
    },
  }
  const progress = startProgress({ stderr }, { total: 100, noun: 'mask', quiet, now: () => time })
  const pass = (ms: number) => {
    time += ms
    progress.step()
  }
  return { written, progress, pass }
}

describe('progress', () => {
  it('renews one line on a terminal, with rate and time left, and clears it', async () => {
    const { written, progress, pass } = watch(true)
    for (let i = 0; i < 25; i++) pass(100)
    await progress.clear()
    expect(written.at(-2)).toBe('\r\u001b[K25/100 masks  25%  10/s  00:08 left')
    expect(written.at(-1)).toBe('\r\u001b[K')
  })

  it('elsewhere writes whole lines, one in five seconds, without control codes', async () => {
    const { written, progress, pass } = watch(false)
    for (let i = 0; i < 20; i++) pass(1000)
    await progress.clear()
    expect(written).toHaveLength(4)
    expect(written[0]).toBe('5/100 masks  5%  1.0/s  01:35 left\n')
  })

  it('short work and --quiet write nothing', async () => {
    const short = watch(true)
    for (let i = 0; i < 4; i++) short.pass(100)
    const quiet = watch(true, true)
    for (let i = 0; i < 40; i++) quiet.pass(1000)
    await short.progress.clear()
    expect([short.written, quiet.written]).toEqual([[], []])
  })
})

describe('tables', () => {
  it('columns are as wide as their widest cell, numbers to the right', () => {
    const columns = [{ title: 'mask' }, { title: 'IoU', align: 'right' as const }]
    expect(
      tableLines(columns, [
        ['sun', '0.9'],
        ['mountains', '0.85'],
      ]),
    ).toEqual(['mask        IoU', 'sun         0.9', 'mountains  0.85'])
  })

  it('durations have the digits that mean something', () => {
    expect([0.4213, 18.4, 1240].map(duration)).toEqual(['0.42 ms', '18 ms', '1.24 s'])
  })
})
