// Every format of `prepare`, loaded by its consumer: pictures open, `<image>` places are as many as pictures, mask words are single tokens.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executeExtension, planExtension, wordSetOfName } from '@maskwords/learn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../packages/learn/test/tiny-model.ts'
import { writeFixtureDataset } from './fixture-dataset.ts'
import { maskwords } from './maskwords.ts'
import { runPython } from './python.ts'

/** Formats with a consumer; the last answer of a sample is in those of supervised training. */
const FORMATS = {
  qwen: 'answers',
  'ms-swift': 'answers',
  'ms-swift-grpo': 'prompts',
  'llama-factory': 'answers',
  easyr1: 'prompts',
  verl: 'prompts',
  trl: 'answers',
  'trl-jsonl': 'answers',
  webdataset: 'answers',
} as const
type Row = { sizes: [number, number][]; places: number; answer: string | null; words: number; same: boolean }

const root = mkdtempSync(join(tmpdir(), 'interop-prepare-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let found: Record<string, Row[]>
beforeAll(async () => {
  writeFixtureDataset(join(root, 'set'))
  const folders: Record<string, string> = {}
  for (const format of Object.keys(FORMATS)) {
    folders[format] = join(root, format)
    const { code, stderr } = await maskwords([
      ...['prepare', 'jsonl', '--root', join(root, 'set'), '--to', format, '--codec', 'samtok-nano'],
      ...['--task', 'referring,region-caption,mask-choice', '-o', folders[format]!],
    ])
    expect(code, stderr).toBe(0)
  }
  await writeTinyModel(join(root, 'base'))
  const plan = await planExtension(join(root, 'base'), { words: wordSetOfName('samtok-256x2')! })
  await executeExtension(plan, { output: join(root, 'words') })
  found = await runPython('prepared.py', { folders, tokenizer: join(root, 'words', 'tokenizer.json') })
}, 900_000)

describe('what the consumers load', () => {
  it.each(Object.entries(FORMATS))('%s', (format, kind) => {
    const rows = found[format]!
    expect(rows.length).toBe(found['qwen']!.length)
    expect(rows.length).toBeGreaterThanOrEqual(9)
    for (const row of rows) {
      expect(row.sizes.length).toBeGreaterThan(0)
      expect(row.places).toBe(row.sizes.length)
      expect(row.sizes[0]).toEqual([96, 64])
      expect(row.same).toBe(true)
    }
    expect(rows.reduce((sum, row) => sum + row.words, 0)).toBeGreaterThan(20)
    const answers = (all: Row[]) => all.map(({ answer }) => answer).sort()
    if (kind === 'answers') expect(answers(rows)).toEqual(answers(found['qwen']!))
  })
})
