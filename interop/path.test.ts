// The training files of docs/path.md, of photos and a COCO file of one's own, opened by `datasets`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { maskwords } from './maskwords.ts'
import { runPython } from './python.ts'

const OWN = resolve(import.meta.dirname, '../fixtures/path')
const root = mkdtempSync(join(tmpdir(), 'interop-path-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Row = { readonly columns: string[]; readonly sizes: [number, number][]; readonly masks: number }

it('datasets opens the lines and the tables, each row with its picture and its masks', async () => {
  const folders: Record<string, [kind: string, folder: string]> = {}
  for (const [writer, kind] of [
    ['jsonl', 'json'],
    ['trl', 'parquet'],
  ] as const) {
    folders[writer] = [kind, join(root, writer)]
    const own = ['--annotations', join(OWN, 'my-photos.json'), '--root', join(OWN, 'photos')]
    const { code, stderr } = await maskwords(['prepare', ...own, '--to', writer, '-o', join(root, writer)])
    expect(code, stderr).toBe(0)
  }
  const found = await runPython<Record<string, Row[]>>('own_files.py', folders)
  for (const rows of [found['jsonl']!, found['trl']!]) {
    expect(rows.map(({ sizes }) => sizes)).toEqual(Array(6).fill([[360, 240]]))
    // Five things in each evening.
    expect(rows.every(({ masks }) => masks >= 5 && masks % 5 === 0)).toBe(true)
  }
})
