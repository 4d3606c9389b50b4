// The second tokenizer, which decides whether an extended folder is right, against `tokenizers` itself.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executeExtension, openSecondTokenizer, planExtension, wordSetOfName } from '@maskwords/learn'
import { afterAll, expect, it } from 'vitest'
import { writeTinyModel } from '../packages/learn/test/tiny-model.ts'
import { runPython } from './python.ts'

const root = mkdtempSync(join(tmpdir(), 'interop-tokenizers-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const MASK = '<|mt_start|><|mt_0011|><|mt_0040|><|mt_end|>'
const TEXTS = [
  MASK,
  `It is ${MASK}.`,
  `a${MASK}b 1${MASK}2`,
  ` ${MASK} ${MASK}\n\n`,
  `掩码${MASK}，é🙂`,
  "It's 1234 things, isn't it?  \n",
]

it('an extended byte-level tokenizer gives the ids that the second tokenizer gives', async () => {
  const [base, output] = [join(root, 'base'), join(root, 'extended')]
  await writeTinyModel(base)
  await executeExtension(await planExtension(base, { words: wordSetOfName('samtok-32x2')! }), { output })
  const theirs = await runPython<{ ids: number[]; tokens: string[] }[]>('tokenizer_ids.py', {
    file: join(output, 'tokenizer.json'),
    texts: TEXTS,
  })
  const ours = (await openSecondTokenizer(output))!
  expect(theirs.map(({ ids }) => ids)).toEqual(TEXTS.map((text) => ours.encode(text)))
  expect(theirs[0]!.ids).toEqual([270, 282, 311, 335])
})
