// Kept lines: a file cut at any byte is gone on with behind its last whole line.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openKeptLines } from './kept-lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'maskwords-lines-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'lines.jsonl')

async function reopened() {
  const found: unknown[] = []
  const lines = await openKeptLines(path, (value) => found.push(value))
  return { found, lines }
}

describe('kept lines', () => {
  it('cut at any byte, the whole lines before are found, the rest is gone, and the next stands behind them', async () => {
    const values = [{ a: 'é' }, { b: '\n' }, { c: 'x'.repeat(300) }]
    const whole = values.map((value) => `${JSON.stringify(value)}\n`).join('')
    const bytes = Buffer.from(whole)
    for (let cut = 0; cut <= bytes.length; cut++) {
      writeFileSync(path, bytes)
      truncateSync(path, cut)
      const { found, lines } = await reopened()
      const ends = [...bytes.subarray(0, cut)].filter((byte) => byte === 10).length
      expect(found).toEqual(values.slice(0, ends))
      await lines.append({ next: cut })
      await lines.close()
      const again = await reopened()
      await again.lines.close()
      expect(again.found).toEqual([...values.slice(0, ends), { next: cut }])
    }
  })

  it('a torn line longer than what is looked at in one piece goes, too', async () => {
    writeFileSync(path, `{"a":1}\n{"b":"${'y'.repeat(200_000)}`)
    const { found, lines } = await reopened()
    await lines.close()
    expect(found).toEqual([{ a: 1 }])
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n')
  })

  it('lines added at the same time stand in the order in which they were added', async () => {
    writeFileSync(path, '')
    const { lines } = await reopened()
    await Promise.all(Array.from({ length: 50 }, (_, i) => lines.append({ i, text: 'z'.repeat(i * 100) })))
    await lines.close()
    const { found, lines: again } = await reopened()
    await again.close()
    expect(found.map((value) => (value as { i: number }).i)).toEqual(Array.from({ length: 50 }, (_, i) => i))
  })

  it('a line in the middle that is no JSON is named and stops', async () => {
    writeFileSync(path, '{"a":1}\n')
    appendFileSync(path, 'oops\n{"b":2}\n')
    await expect(openKeptLines(path, () => {}, { name: 'lines.jsonl' })).rejects.toMatchObject({
      code: 'malformed',
      file: 'lines.jsonl',
      at: 'line 2',
    })
  })

  it('a folder in its place is said', async () => {
    await expect(openKeptLines(folder, () => {})).rejects.toMatchObject({ code: 'write-failed' })
  })
})
