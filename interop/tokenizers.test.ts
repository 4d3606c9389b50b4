// The second tokenizer, which decides whether an extended folder is right, against `tokenizers` itself.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executeExtension, openSecondTokenizer, planExtension, wordSetOfName } from '@maskwords/learn'
import { afterAll, expect, it } from 'vitest'
import { writeTinyModel } from '../packages/learn/test/tiny-model.ts'
import { openModelFolder } from '../packages/mllm/src/folder.ts'
import { openTokenizer } from '../packages/mllm/src/tokenizer.ts'
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

/** Words that a folder has already in a way in which texts do not have them, and what is said of it. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'has the words, normalized': /^the folder has all 34 words of samtok-16x2 already, ids/,
  'has half of the words': /^the tokenizer has 17 of the 34 words already, among them "<\|mt_start\|>"/,
  'has the words in the model only': /^the folder has all 34 words, but "<\|mt_start\|>" is not one token/,
}

it('tokenizers of all families are extended as `tokenizers` extends them, or refused by name, and asked with the same ids', async () => {
  const set = wordSetOfName('samtok-16x2')!
  const { words } = set
  const [zeroWidth, capitals] = [MASK.replaceAll('><', '>\u200b<'), `<|MT_0011|> ${MASK.toUpperCase()}`]
  const texts = [...TEXTS, zeroWidth, capitals].map((text) => text.replaceAll('0040', '0020'))
  const names = await runPython<string[]>('odd_tokenizers.py', { make: root, words })
  const pairs: { base: string; extended: string }[] = []
  const refused: Record<string, string> = {}
  for (const name of names) {
    const [base, extended] = [join(root, name), join(root, `${name}, extended`)]
    try {
      await executeExtension(await planExtension(base, { words: set }), { output: extended })
      pairs.push({ base, extended })
    } catch (error) {
      refused[name] = (error as Error).message
    }
  }
  expect(refused).toEqual(
    Object.fromEntries(Object.entries(REFUSED).map(([name, why]) => [name, expect.stringMatching(why)])),
  )
  const check = await runPython<string[][]>('odd_tokenizers.py', { check: pairs, words, texts })
  expect(pairs.map(({ base }, k) => [base, check[k]])).toEqual(pairs.map(({ base }) => [base, []]))

  const folders = pairs.flatMap(({ base, extended }) => [base, extended])
  // The library that `ask` reads tokenizers with does not know `single_word`; no extended folder has it.
  const asked = folders.filter((folder) => !folder.endsWith('single'))
  const theirs = await runPython<number[][][]>('odd_tokenizers.py', { encode: asked, texts })
  const ours = await Promise.all(asked.map(async (folder) => openTokenizer(await openModelFolder(folder))))
  for (const [k, folder] of asked.entries())
    expect([folder, texts.map((text) => ours[k]!.encode(text))]).toEqual([folder, theirs[k]])
})
