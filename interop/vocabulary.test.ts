// `extend-vocab` beside `add_tokens` and `resize_token_embeddings` of transformers: ids, flags, texts, rows, heads, configuration.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { executeExtension, planExtension, wordSetOfName } from '@maskwords/learn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runPython } from './python.ts'

const root = mkdtempSync(join(tmpdir(), 'interop-vocabulary-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const MODELS = [
  { name: 'Qwen2.5-VL, tied, padded rows', kind: 'qwen2.5-vl', tied: true, rows: 384 },
  {
    name: 'Qwen2.5-VL, own head, bfloat16, shards',
    kind: 'qwen2.5-vl',
    tied: false,
    dtype: 'bfloat16',
    shard: '20KB',
  },
  {
    name: 'Qwen3-VL, tied, bfloat16, shards',
    kind: 'qwen3-vl',
    tied: true,
    rows: 384,
    dtype: 'bfloat16',
    shard: '20KB',
  },
  { name: 'Qwen3-VL, own head, float16', kind: 'qwen3-vl', tied: false, dtype: 'float16' },
  { name: 'LLaVA, own head, no padding rows', kind: 'llava', tied: false },
  { name: 'LLaVA, tied, padded rows', kind: 'llava', tied: true, rows: 448 },
  { name: 'Llama, own head, shards', kind: 'llama', tied: false, shard: '20KB' },
  { name: 'Llama, tied', kind: 'llama', tied: true, dtype: 'bfloat16' },
  { name: 'Qwen2, rows for all words', kind: 'qwen2', tied: false, rows: 1000 },
  { name: 'Qwen2, tied, the head saved all the same', kind: 'qwen2', tied: true, saved_head: 'same' },
  { name: 'Qwen2, tied, another head saved', kind: 'qwen2', tied: true, saved_head: 'other' },
] as const

const MASK = '<|mt_start|><|mt_0011|><|mt_0040|><|mt_end|>'
const TEXTS = [
  MASK,
  `It is ${MASK}.`,
  `a${MASK}b ${MASK} ${MASK}\n`,
  `小猫${MASK}，é🙂`,
  `[{"mask_2d": "${MASK}", "label": "cup"}]`,
]

describe('an extended folder in transformers', () => {
  const words = wordSetOfName('samtok-32x2')!
  const found = new Map<string, string[]>()
  beforeAll(async () => {
    await runPython('make_models.py', { folder: root, models: MODELS })
    const pairs = MODELS.map(({ name }) => ({
      base: join(root, name),
      extended: join(root, `${name} extended`),
    }))
    for (const { base, extended } of pairs) {
      await executeExtension(await planExtension(base, { words }), { output: extended })
    }
    const differences = await runPython<string[][]>('extended_models.py', {
      words: words.words,
      texts: TEXTS,
      pairs,
    })
    MODELS.forEach(({ name }, k) => {
      found.set(name, differences[k]!)
    })
  })
  it.each(MODELS.map(({ name }) => name))('%s: nothing differs but the values of new rows', (name) => {
    expect(found.get(name)).toEqual([])
  })
})

describe('a folder that has the words already as special tokens, or a head of its own size', () => {
  const { words } = wordSetOfName('samtok-32x2')!
  const special = ['additional', 'flag', 'each'].flatMap((how) => [
    { name: `Qwen2, special: ${how}`, kind: 'qwen2', tied: false, special: how, words },
    { name: `Llama, special: ${how}`, kind: 'llama', tied: true, special: how, words },
  ])
  const short = [false, true].map((tied) => ({
    name: `short ${tied}`,
    kind: 'qwen2',
    tied,
    saved_head: 'short',
  }))
  const check = special.map(({ name }) => ({
    before: join(root, name),
    after: join(root, `${name}, normal`),
  }))
  const load = short.map(({ name }) => join(root, name))
  let said: { differences: string[][]; loads: boolean[] }
  beforeAll(async () => {
    await runPython('make_models.py', { folder: root, models: [...special, ...short] })
    for (const { before, after } of check) {
      const plan = await planExtension(before, { words: wordSetOfName('samtok-32x2')! })
      expect(plan.rows.after).toBe(plan.rows.before)
      await executeExtension(plan, { output: after })
    }
    said = await runPython('special_words.py', { words, texts: TEXTS, check, load })
  })
  it('has them as normal ones after the same command: ids, texts and all other special words stay', () => {
    expect(said.differences).toEqual(special.map(() => []))
  })
  it('is not loaded by transformers where the head has fewer rows than the embedding, and not extended here', async () => {
    expect(said.loads).toEqual([false, false])
    for (const folder of load) {
      await expect(planExtension(folder, { words: wordSetOfName('samtok-32x2')! })).rejects.toThrow(
        /lm_head\.weight has \d+ rows, model\.embed_tokens\.weight has \d+/,
      )
    }
  })
})
