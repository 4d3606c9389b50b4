import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import { readTokenizer } from '@maskwords/words'
import { afterAll, describe, expect, it } from 'vitest'
import { TINY_TOKENS, type TinyModel, writeTinyModel } from '../../test/tiny-model.ts'
import { executeExtension } from './extend.ts'
import { type ExtendOptions, planExtension } from './plan.ts'
import { openSecondTokenizer } from './verify.ts'
import { wordSetOfName, wordSetOfText } from './word-list.ts'

const root = mkdtempSync(join(tmpdir(), 'extend-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let serial = 0
async function base(options: TinyModel = {}) {
  const folder = join(root, `base-${serial++}`)
  return { folder, ...(await writeTinyModel(folder, options)) }
}
const samtok = wordSetOfName('samtok-256x2')!
/** 66 words: enough for what does not depend on their number. */
const few = wordSetOfName('samtok-32x2')!
async function extend(folder: string, options: Partial<ExtendOptions> = {}) {
  const output = join(root, `out-${serial++}`)
  const plan = await planExtension(folder, { words: few, ...options })
  return { plan, output, result: await executeExtension(plan, { output }) }
}

async function tensorsOf(folder: string) {
  const checkpoint = await openCheckpointFile(folder)
  const found = new Map<string, { shape: readonly number[]; bytes: Buffer }>()
  for (const [name, { shape }] of checkpoint.tensors) {
    found.set(name, { shape, bytes: Buffer.from(await checkpoint.read(name, { as: 'bytes' })) })
  }
  await checkpoint.close()
  return found
}
const rowsOf = (tensor: { shape: readonly number[]; bytes: Buffer }, from: number, to: number) => {
  const rowBytes = tensor.bytes.length / tensor.shape[0]!
  return tensor.bytes.subarray(from * rowBytes, to * rowBytes)
}
const json = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const thrown = async (work: () => Promise<unknown>) => {
  try {
    await work()
  } catch (error) {
    return error as { name: string; code: string; message: string; hint?: string }
  }
  throw new Error('nothing was thrown')
}

const LAYOUTS: readonly [string, TinyModel, sizes: string][] = [
  ['Qwen2-VL: flat, tied, one shard, bfloat16', {}, 'vocab_size'],
  ['Qwen2.5-VL: flat, own head, shards', { tied: false, shards: 3 }, 'vocab_size'],
  ['Qwen3-VL: text_config, tied, shards', { layout: 'qwen3-vl', shards: 3 }, 'text_config.vocab_size'],
  [
    'InternVL: llm_config, own head, float16',
    { layout: 'internvl', tied: false, shards: 3, dtype: 'float16' },
    'llm_config.vocab_size',
  ],
  ['InternLM2: tok_embeddings and output', { layout: 'internlm2', tied: false }, 'llm_config.vocab_size'],
  [
    'Llama: flat, own head, float32, no padding rows',
    { layout: 'llama', tied: false, dtype: 'float32', rows: TINY_TOKENS },
    'vocab_size',
  ],
]

describe('an extended folder', () => {
  it.each(LAYOUTS)(
    '%s: old rows to the bit, each word one token, sizes that agree',
    async (_name, model, sizes) => {
      const { folder, embedding, head } = await base(model)
      const { output, result, plan } = await extend(folder, { words: samtok })
      const [before, after] = [await tensorsOf(folder), await tensorsOf(output)]
      expect([...after.keys()].sort()).toEqual([...before.keys()].sort())
      for (const [name, tensor] of before) {
        const grown = after.get(name)!
        if (name !== embedding && name !== head) {
          expect(grown).toEqual(tensor)
          continue
        }
        expect(grown.shape).toEqual([896, 24])
        expect(rowsOf(grown, 0, TINY_TOKENS).equals(rowsOf(tensor, 0, TINY_TOKENS))).toBe(true)
      }
      const { samtok: read, warnings } = readTokenizer(json(output, 'tokenizer.json'))
      expect(warnings).toEqual([])
      expect([...read!.tokenIds!.ofWord]).toEqual(Array.from({ length: 514 }, (_, k) => 270 + k))
      expect(json(output, 'added_tokens.json')['<|mt_0511|>']).toBe(782)
      expect(json(output, 'tokenizer_config.json').added_tokens_decoder[783]).toEqual({
        content: '<|mt_end|>',
        lstrip: false,
        normalized: false,
        rstrip: false,
        single_word: false,
        special: false,
      })
      expect(result.check).toMatchObject({ words: 514, wholeText: true, failureCount: 0 })
      const size = sizes.split('.').reduce((value, key) => value[key], json(output, 'config.json'))
      expect(size).toBe(896)
      expect(plan.rows).toEqual({ before: model.rows ?? 384, after: 896 })
      const index = join(output, 'model.safetensors.index.json')
      if (existsSync(index)) {
        const bytes = [...after.values()].reduce((sum, tensor) => sum + tensor.bytes.length, 0)
        expect(json(output, 'model.safetensors.index.json').metadata.total_size).toBe(bytes)
      }
    },
  )

  it('has every other byte of its text files as before, numbers as Python wrote them', async () => {
    const { folder } = await base()
    const { output } = await extend(folder, { words: samtok })
    const text = (name: string, from = folder) => readFileSync(join(from, name), 'utf8')
    expect(text('config.json', output)).toBe(text('config.json').replace('384', '896'))
    for (const name of ['generation_config.json', 'merges.txt', 'vocab.json']) {
      expect(text(name, output)).toBe(text(name))
    }
    const [before, after] = [text('tokenizer.json'), text('tokenizer.json', output)]
    const inserted = after.length - before.length
    const at = [...before].findIndex((character, i) => character !== after[i])
    expect(before).toBe(after.slice(0, at) + after.slice(at + inserted))
  })

  it('links shards that do not change and copies them on request', async () => {
    const { folder } = await base({ layout: 'internvl', tied: false, shards: 3 })
    const plan = await planExtension(folder, { words: few })
    const outputs = [join(root, 'linked'), join(root, 'copied')] as const
    await executeExtension(plan, { output: outputs[0] })
    await executeExtension(plan, { output: outputs[1], copy: true })
    const inode = (path: string, shard: number) =>
      statSync(join(path, `model-0000${shard}-of-00003.safetensors`)).ino
    expect(inode(outputs[0], 2)).toBe(inode(folder, 2))
    expect(inode(outputs[0], 1)).not.toBe(inode(folder, 1))
    expect(inode(outputs[1], 2)).not.toBe(inode(folder, 2))
  })

  it('uses padding rows that are there, never shrinks, and rounds where it is told to', async () => {
    const { folder, embedding } = await base({ rows: 1000 })
    const kept = await extend(folder, { words: samtok })
    expect(kept.plan.rows).toEqual({ before: 1000, after: 1000 })
    const [before, after] = [await tensorsOf(folder), await tensorsOf(kept.output)]
    expect(rowsOf(after.get(embedding)!, 784, 1000)).toEqual(rowsOf(before.get(embedding)!, 784, 1000))
    expect(rowsOf(after.get(embedding)!, 270, 784)).not.toEqual(rowsOf(before.get(embedding)!, 270, 784))
    const rows = async (padTo: number) => (await planExtension(folder, { words: samtok, padTo })).rows.after
    expect([await rows(1), await rows(64), await rows(512)]).toEqual([1000, 1024, 1024])
    const small = await base()
    expect((await planExtension(small.folder, { words: samtok, padTo: 1 })).rows.after).toBe(784)
  })

  it('has new rows with the mean and deviation of the old ones, padding rows at the mean', async () => {
    const { folder, embedding } = await base({ dtype: 'float32', columns: 8 })
    const words = wordSetOfName('samtok-1024x1')!
    const { output } = await extend(folder, { words })
    const values = (tensor: { bytes: Buffer }) => new Float32Array(new Uint8Array(tensor.bytes).buffer)
    const [before, after] = [await tensorsOf(folder), await tensorsOf(output)]
    const moments = (all: Float32Array, from: number, to: number, column: number) => {
      const list = Array.from({ length: to - from }, (_, k) => all[(from + k) * 8 + column]!)
      const mean = list.reduce((a, b) => a + b) / list.length
      return { mean, deviation: Math.sqrt(list.reduce((sum, v) => sum + (v - mean) ** 2, 0) / list.length) }
    }
    const [old, drawn] = [values(before.get(embedding)!), values(after.get(embedding)!)]
    for (let column = 0; column < 8; column++) {
      const wanted = moments(old, 0, 270, column)
      const got = moments(drawn, 270, 270 + 1026, column)
      // 1,026 draws: five standard errors.
      expect(Math.abs(got.mean - wanted.mean)).toBeLessThan((5 * wanted.deviation) / Math.sqrt(1026))
      expect(got.deviation / wanted.deviation).toBeCloseTo(1, 1)
      expect(drawn[(drawn.length / 8 - 1) * 8 + column]).toBeCloseTo(wanted.mean, 6)
    }
  })

  it('is the same for the same seed, and a word has the same row whatever comes after it', async () => {
    const { folder, embedding } = await base()
    const word = wordSetOfText('<|mt_start|>\n<|mt_0000|>\n', 'two.txt')
    const rows = async (options: Partial<ExtendOptions>) => {
      const { output } = await extend(folder, options)
      return rowsOf((await tensorsOf(output)).get(embedding)!, 270, 272)
    }
    const first = await rows({ seed: 7 })
    expect(await rows({ seed: 7 })).toEqual(first)
    expect(await rows({ seed: 7, words: word })).toEqual(first)
    expect(await rows({ seed: 8 })).not.toEqual(first)
  })

  it('gives a tied head that is saved the rows of the embedding; a free one, and one that is tied in name only, its own', async () => {
    const models: TinyModel[] = [{ savesTiedHead: 'same' }, { tied: false }, { savesTiedHead: 'other' }]
    const alike = []
    for (const model of models) {
      const { folder, embedding, head } = await base(model)
      const tensors = await tensorsOf((await extend(folder)).output)
      alike.push(rowsOf(tensors.get(embedding)!, 270, 336).equals(rowsOf(tensors.get(head)!, 270, 336)))
    }
    expect(alike).toEqual([true, false, false])
    const { folder } = await base({ savesTiedHead: 'other' })
    expect((await planExtension(folder, { words: few })).notes).toEqual([
      'the configuration ties the head to the embedding, but lm_head.weight holds other values: it counts as a head of its own, as transformers 5 takes it; older versions throw it away',
    ])
  })

  it('makes words that are there as special tokens normal: ids and rows stay, lists and flags change', async () => {
    const { folder } = await base()
    const { output: normal } = await extend(folder)
    const special = (text: string) => text.replaceAll('"special": false', '"special": true')
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
      writeFileSync(join(normal, name), special(readFileSync(join(normal, name), 'utf8')))
    }
    const lists = { additional_special_tokens: ['<|im_start|>', ...few.words], pad_token: '<|endoftext|>' }
    writeFileSync(join(normal, 'special_tokens_map.json'), JSON.stringify(lists))
    const { plan, output, result } = await extend(normal)
    expect(plan.normal!.changed.size).toBe(66)
    expect([plan.firstId, plan.lastId, plan.rows.after]).toEqual([270, 335, 384])
    expect(result).toMatchObject({
      rewritten: 0,
      edited: 3,
      linked: 1,
      check: { words: 66, failureCount: 0 },
    })
    expect(json(output, 'special_tokens_map.json')).toEqual({
      ...lists,
      additional_special_tokens: ['<|im_start|>'],
    })
    const flags = [
      ...json(output, 'tokenizer.json').added_tokens,
      ...Object.values<{ special: boolean; content: string }>(
        json(output, 'tokenizer_config.json').added_tokens_decoder,
      ),
    ].filter((token) => token.special)
    expect(new Set(flags.map((token) => token.content))).toEqual(
      new Set(['<|endoftext|>', '<|im_start|>', '<|im_end|>']),
    )
    expect(await tensorsOf(output)).toEqual(await tensorsOf(normal))
    expect((await thrown(() => planExtension(output, { words: few }))).code).toBe('exists')
  })

  it('sets every vocab_size of the language model, and trusts the tensors where ties are stated in two ways', async () => {
    const { folder, embedding, head } = await base({ tied: false })
    const config = (size: number) =>
      `{"vocab_size": ${size}, "tie_word_embeddings": true, "text_config": {"vocab_size": ${size}, "tie_word_embeddings": false}, "vision_config": {"vocab_size": 384}}`
    writeFileSync(join(folder, 'config.json'), config(384))
    writeFileSync(join(folder, 'pytorch_model.bin'), 'old')
    const { output, plan } = await extend(folder, { words: samtok })
    expect(plan.weights.tied).toBe(false)
    expect(readFileSync(join(output, 'config.json'), 'utf8')).toBe(config(896))
    const tensors = await tensorsOf(output)
    expect(rowsOf(tensors.get(embedding)!, 270, 784).equals(rowsOf(tensors.get(head)!, 270, 784))).toBe(false)
    expect(existsSync(join(output, 'pytorch_model.bin'))).toBe(false)
    expect(plan.notes).toEqual(['pytorch_model.bin is left out: weights with the old vocabulary'])
  })

  it('works without tokenizer.json: ids go to the decoder table and added_tokens.json', async () => {
    const { folder } = await base({ layout: 'internvl', tied: false, withoutTokenizerJson: true })
    const { output, result, plan } = await extend(folder, { words: wordSetOfName('himtok-64')! })
    expect(result.check).toBeUndefined()
    expect(plan.notes.join()).toContain('spaces_between_special_tokens')
    expect(json(output, 'added_tokens.json')).toMatchObject({ '<|mt_start|>': 270, '<|mt_63|>': 335 })
    expect(json(output, 'tokenizer_config.json').added_tokens_decoder[272].content).toBe('<|mt_0|>')
  })

  it('adds the 74 words of GETok beside those of SAMTok', async () => {
    const { folder } = await base()
    const first = await extend(folder)
    const second = await extend(first.output, { words: wordSetOfName('getok-n8')! })
    expect([second.plan.firstId, second.plan.lastId, second.plan.rows.after]).toEqual([336, 409, 512])
    const tokenizer = (await openSecondTokenizer(second.output))!
    expect(tokenizer.encode('<grid_1_2><|mt_0003|>[OFF_-1_0]<DELETE>')).toEqual([353, 274, 403, 409])
  })
})

describe('refusals', () => {
  it('never overwrites, and an output inside the source is none', async () => {
    const { folder } = await base()
    const { output, plan } = await extend(folder)
    expect(await thrown(() => executeExtension(plan, { output }))).toMatchObject({
      name: 'LearnError',
      code: 'exists',
    })
    expect(await thrown(() => executeExtension(plan, { output: join(folder, 'x') }))).toMatchObject({
      code: 'bad-option',
    })
    expect(await thrown(() => executeExtension(plan, { output: join(root, 'a/b/c') }))).toMatchObject({
      code: 'missing',
    })
  })

  it('recognises what was extended before, whole, in part, or with another vocabulary', async () => {
    const { folder } = await base()
    const { output } = await extend(folder)
    const whole = await thrown(() => planExtension(output, { words: few }))
    expect(whole.code).toBe('exists')
    expect(whole.message).toContain('all 66 words of samtok-32x2 already, ids 270 to 335')
    for (const name of ['samtok-256x2', 'himtok-16']) {
      expect(await thrown(() => planExtension(output, { words: wordSetOfName(name)! }))).toMatchObject({
        code: 'mismatch',
      })
    }
  })

  it('finds out when a base token swallows words, and then leaves nothing behind', async () => {
    const { folder } = await base({
      tokenizer: (file) => {
        file.added_tokens.push({
          id: 270,
          content: '<|mt_start|><|mt_0000|>',
          special: false,
          normalized: false,
        })
        return file
      },
    })
    const plan = await planExtension(folder, { words: few })
    const output = join(root, 'swallowed')
    const error = await thrown(() => executeExtension(plan, { output }))
    expect(error).toMatchObject({ code: 'mismatch' })
    expect(error.message).toContain('all words in a row')
    expect(readdirSync(root).filter((name) => name.includes('swallowed'))).toEqual([])
  })
})

describe('a run that is stopped', () => {
  it('leaves nothing after an abort', async () => {
    const { folder } = await base()
    const plan = await planExtension(folder, { words: few })
    const controller = new AbortController()
    const output = join(root, 'aborted')
    const run = executeExtension(plan, {
      output,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    })
    expect((await thrown(() => run)).name).toBe('AbortError')
    expect(readdirSync(root).filter((name) => name.includes('aborted'))).toEqual([])
  })

  it('leaves no output after SIGKILL, and the next run clears away what remains', async () => {
    const { folder } = await base()
    const output = join(root, 'killed')
    const child = spawnSync(process.execPath, [
      '--conditions=@maskwords/source',
      '--import',
      'tsx',
      join(import.meta.dirname, '../../test/extend-child.ts'),
      folder,
      output,
    ])
    expect(child.signal).toBe('SIGKILL')
    expect(existsSync(output)).toBe(false)
    expect(existsSync(join(root, '.killed.partial'))).toBe(true)
    const plan = await planExtension(folder, { words: few })
    await executeExtension(plan, { output })
    expect(existsSync(join(root, '.killed.partial'))).toBe(false)
    expect((await tensorsOf(output)).get('model.embed_tokens.weight')!.shape).toEqual([384, 24])
    expect(readdirSync(root).filter((name) => name.startsWith('.killed'))).toEqual([])
  }, 180_000)

  it('takes over what a kill left: half a folder, a lock of nobody, a lock that was never given', async () => {
    const { folder } = await base()
    const plan = await planExtension(folder, { words: few })
    for (const [name, owner] of [['none'], ['empty', ''], ['half', '{"pid":']] as const) {
      const output = join(root, `claim-${name}`)
      const partial = join(root, `.claim-${name}.partial`)
      mkdirSync(partial)
      writeFileSync(join(partial, 'config.json'), '{')
      if (owner !== undefined) writeFileSync(`${partial}.lock`, owner)
      // The largest process number of Linux is 2^22.
      const asked = `${partial}.lock.4999999.${crypto.randomUUID()}`
      writeFileSync(asked, '')
      utimesSync(asked, 0, 0)
      await executeExtension(plan, { output })
      expect(readdirSync(root).filter((one) => one.startsWith(`.claim-${name}`))).toEqual([])
      expect(existsSync(join(output, 'config.json'))).toBe(true)
    }
  })

  it('waits for no other run, and clears nothing away that one may be writing', async () => {
    const { folder } = await base()
    const plan = await planExtension(folder, { words: few })
    const output = join(root, 'shared')
    const two = await Promise.allSettled([
      executeExtension(plan, { output }),
      executeExtension(plan, { output }),
    ])
    const refused = two.filter((one) => one.status === 'rejected')
    expect(refused).toHaveLength(1)
    expect((refused[0] as PromiseRejectedResult).reason).toMatchObject({ code: 'exists' })
    expect((await tensorsOf(output)).size).toBe(3)
  })
})
