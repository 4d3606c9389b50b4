// The whole path as docs/path.md walks it: with the package as npm installs it, in a folder outside the house that holds photos and a COCO file.
// UPDATE_DOCS=1 writes what was printed, and the picture, into the page.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../packages/mllm/test/tiny-model.ts'
import { playPage, runLine } from './console-page.ts'
import { installed, isBuilt } from './installed.ts'

const HOUSE = resolve(import.meta.dirname, '..')
const PAGE = join(HOUSE, 'docs/path.md')

describe.skipIf(!isBuilt)('the whole path (skipped: `npm run build` has not been run)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'path-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  let bin: string

  beforeAll(async () => {
    const place = await installed()
    bin = join(place.folder, 'node_modules/maskwords/bin/maskwords.js')
    symlinkSync(join(place.folder, 'node_modules'), join(folder, 'node_modules'))
    cpSync(join(HOUSE, 'fixtures/path'), folder, { recursive: true })
    await writeTinyModel(join(folder, 'model'), { maskWords: false })
  }, 300_000)

  it('goes from photos and a COCO file to a model that answers, as the page says', async () => {
    const page = readFileSync(PAGE, 'utf8')
    const { now, differences } = await playPage(page, folder, (line) => runLine(line, folder, bin))
    if (process.env['UPDATE_DOCS'] === '1') {
      writeFileSync(PAGE, now)
      copyFileSync(join(folder, 'side-by-side.png'), join(HOUSE, 'docs/pictures/path.png'))
    } else expect(differences).toEqual([])
    for (const file of [
      'train/report.html',
      'reward.py',
      'answer.png',
      'labelled/data.yaml',
      'runs/sft/curves.svg',
    ])
      expect([file, existsSync(join(folder, file))]).toEqual([file, true])
    const labels = readFileSync(join(folder, 'labelled/labels/evening-1.txt'), 'utf8').trim().split('\n')
    expect(labels).toHaveLength(1)
    const answers = readFileSync(join(folder, 'answers/answers.jsonl'), 'utf8').trim().split('\n')
    expect(answers).toHaveLength(6)
  }, 300_000)
})
