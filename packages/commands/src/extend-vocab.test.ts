import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { tinyGguf } from '../../learn/test/tiny-gguf.ts'
import { writeTinyModel } from '../../learn/test/tiny-model.ts'
import { makeFolder, type RunOptions, runCommand } from '../test/command.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)
const run = (argv: string[], options: Partial<RunOptions> = {}) =>
  runCommand(argv, { cwd: folder, ...options })
const json = async (argv: string[]) => {
  const { code, out } = await run([...argv, '--json'])
  return { code, value: JSON.parse(out) }
}

await writeTinyModel(join(folder, 'qwen'), { shards: 3, tied: false })
file('two.txt', '<a>\n<b>\n')

describe('extend-vocab', () => {
  it('says with --dry-run what it would do, and writes nothing', async () => {
    const before = readdirSync(folder)
    const { code, value } = await json(['extend-vocab', 'qwen', '--words', 'samtok-256x2', '--dry-run'])
    expect(code).toBe(0)
    expect(value).toMatchObject({
      dryRun: true,
      words: { name: 'samtok-256x2', count: 514, firstId: 270, lastId: 783 },
      rows: { before: 384, after: 896, withoutToken: 112 },
      tied: false,
      growthBytes: 2 * 512 * 24 * 2,
    })
    const actions = value.files.map((one: { action: string; path: string }) => `${one.action} ${one.path}`)
    expect(actions).toContain('rewrite model-00001-of-00003.safetensors')
    expect(actions).toContain('link model-00002-of-00003.safetensors')
    expect(readdirSync(folder)).toEqual(before)
  })

  it('makes a folder that inspect finds in order, and refuses to make it twice', async () => {
    const argv = ['extend-vocab', 'qwen', '--words', 'samtok-16x2', '-o', 'base']
    const { code, out, err } = await run(argv)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('words      samtok-16x2: 34 words, ids 270 to 303')
    expect(out).toContain('each of 34 words is one token in 12 contexts')
    const { value } = await json(argv)
    expect(value.error).toMatchObject({ code: 'exists', message: 'the output is there already' })
    const again = await json(['extend-vocab', 'base', '--words', 'samtok-16x2', '-o', 'base2'])
    expect([again.code, again.value.error.code]).toEqual([1, 'exists'])
  })

  it('takes words from a file', async () => {
    const { value } = await json(['extend-vocab', 'qwen', '--words', 'two.txt', '-o', 'two', '--seed', '3'])
    expect(value).toMatchObject({
      words: { count: 2, firstId: 270 },
      check: { words: 2, failureCount: 0 },
      seed: 3,
    })
  })

  it('explains command lines that make no sense', async () => {
    const said = async (...argv: string[]) => {
      const { code, value } = await json(['extend-vocab', 'qwen', ...argv])
      return [code, value.error.code]
    }
    expect(await said('--words', 'samtok-256x2')).toEqual([2, 'usage'])
    expect(await said('-o', 'x', '--words', 'samtok')).toEqual([1, 'not-found'])
    expect(await said('-o', 'x', '--words', 'himtok-0')).toEqual([1, 'bad-option'])
    expect(existsSync(join(folder, 'x'))).toBe(false)
  })
})

describe('inspect of a language model', () => {
  const problems = (value: { reports: { problems: { problem: string }[] }[] }) =>
    value.reports[0]!.problems.map((one) => one.problem).join('\n')

  it('says that a base has no words, and of an extended one which ids they have and who hides them', async () => {
    const base = await json(['inspect', 'qwen'])
    expect([base.code, base.value.reports[0].facts['mask words']]).toEqual([0, 'none'])
    const { code, value } = await json(['inspect', 'base'])
    expect(code).toBe(0)
    expect(value.reports[0].facts).toMatchObject({
      tokens: 304,
      'mask words': 'samtok with 32 codes',
      'embedding rows': 384,
      'rows without token': 80,
      head: 'its own',
      'vocabulary, words, first id, last id, contiguous, special': [
        ['samtok with 32 codes', 34, 270, 303, 'yes', 'no'],
      ],
    })
    expect(problems(value)).toContain('80 padding rows have no token')
    expect(problems(value)).toContain('llama.cpp takes <|...|> for control tokens')
    expect(problems(value)).toContain('repetition_penalty 1.05')
  })

  it('warns of special words, rows that were never drawn, and a vocabulary larger than the embedding', async () => {
    await run(['extend-vocab', 'qwen', '--words', 'samtok-16x2', '-o', 'broken', '--spread', '0', '--copy'])
    const path = join(folder, 'broken/tokenizer.json')
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"special": false', '"special": true'))
    const { code, value } = await json(['inspect', 'broken'])
    expect(code).toBe(1)
    expect(problems(value)).toContain(
      '34 words are marked special: vLLM, SGLang, TRL and EasyR1 leave them out',
    )
    expect(problems(value)).toContain('verl decodes for its rewards with skip_special_tokens=True')
    expect(problems(value)).toContain(
      'the rows of all samtok words in model.embed_tokens.weight are the same',
    )
    await writeTinyModel(join(folder, 'short'), { rows: 200 })
    const short = await json(['inspect', 'short'])
    expect(problems(short.value)).toContain('270 tokens, 200 rows: ids from 200 on crash the embedding')
  })
})

describe('patch-gguf', () => {
  it('makes words visible, which inspect sees, and takes it back', async () => {
    file(
      'model.gguf',
      tinyGguf([
        ['a', 1],
        ['<|mt_start|>', 3],
        ['<|mt_0|>', 3],
        ['<|mt_1|>', 3],
        ['<|mt_end|>', 3],
      ]),
    )
    const hidden = await json(['inspect', 'model.gguf'])
    expect([hidden.code, hidden.value.reports[0].problems[0].broken]).toEqual([1, true])
    const { value } = await json(['patch-gguf', 'model.gguf', '--in-place'])
    expect(value).toMatchObject({ changed: 4, words: 4 })
    const shown = await json(['inspect', 'model.gguf'])
    expect([shown.code, shown.value.reports[0].facts['type, words']]).toEqual([0, [['user-defined', 4]]])
    expect((await json(['patch-gguf', 'model.gguf', '--undo'])).value.changed).toBe(4)
    expect((await json(['inspect', 'model.gguf'])).code).toBe(1)
    expect((await run(['patch-gguf', 'model.gguf'])).code).toBe(2)
    expect((await run(['extend-vocab', 'model.gguf', '--words', 'himtok-2', '-o', 'y'])).err).toContain(
      'patch-gguf',
    )
  })
})
