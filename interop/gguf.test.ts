// `patch-gguf` on files that the `gguf` package writes, whole and split, and what that package reads afterwards.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { patchTokenTypesInPlace, wordSetOfName } from '@maskwords/learn'
import { afterAll, expect, it } from 'vitest'
import { maskwords } from './maskwords.ts'
import { runPython } from './python.ts'

const root = mkdtempSync(join(tmpdir(), 'interop-gguf-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Described = { fields: Record<string, unknown>; tensors: Record<string, string> }
const words = wordSetOfName('samtok-8x2')!.words
const tokens = ['a', '<|im_end|>', ...words]
const make = (folder: string, split: number) => {
  mkdirSync(join(root, folder))
  const types = [1, ...tokens.slice(1).map(() => 3)]
  return runPython<string[]>('gguf_files.py', {
    make: join(root, folder, 'model.gguf'),
    tokens,
    types,
    split,
  })
}
const TYPES = 'tokenizer.ggml.token_type'
const patched = [1, 3, ...words.map(() => 4)]

it('a file of one part, in place: nothing but the types of mask words changes', async () => {
  const [path] = (await make('whole', 0)) as [string]
  const read = { read: [path] }
  const [before] = (await runPython<Described[]>('gguf_files.py', read)) as [Described]
  expect((await patchTokenTypesInPlace(path)).changed).toBe(18)
  const [after] = (await runPython<Described[]>('gguf_files.py', read)) as [Described]
  expect(after).toEqual({ ...before, fields: { ...before.fields, [TYPES]: patched } })
})

it('a split file: a copy has all parts under the names that loaders look for, and a later part says where to go', async () => {
  const parts = await make('split', 2)
  expect(parts.map((path) => path.slice(-20))).toEqual(
    ['l-00001-of-00002.gguf', 'l-00002-of-00002.gguf'].map((s) => s.slice(-20)),
  )
  const later = await maskwords(['patch-gguf', parts[1]!, '-o', join(root, 'split', 'x.gguf')])
  expect(later.code).toBe(1)
  expect(later.stderr).toContain('this is part 2 of 2, which has no tokenizer')
  expect(later.stderr).toContain('model-00001-of-00002.gguf')
  const copy = await maskwords(['patch-gguf', parts[0]!, '-o', join(root, 'split', 'shown.gguf')])
  expect(copy.stdout).toContain('18 of 18 mask words made user-defined')
  const outputs = [1, 2].map((k) => join(root, 'split', `shown-0000${k}-of-00002.gguf`))
  expect(existsSync(join(root, 'split', 'shown.gguf'))).toBe(false)
  const [first, second, shown, rest] = (await runPython<Described[]>('gguf_files.py', {
    read: [...parts, ...outputs],
  })) as [Described, Described, Described, Described]
  expect(shown).toEqual({ ...first, fields: { ...first.fields, [TYPES]: patched } })
  expect(rest).toEqual(second)
})
