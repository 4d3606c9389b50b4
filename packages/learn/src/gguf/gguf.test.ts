import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { samtokVocabulary, wordsOf } from '@maskwords/words'
import { afterAll, describe, expect, it } from 'vitest'
import { type GgufToken, tinyGguf } from '../../test/tiny-gguf.ts'
import { LearnError } from '../error.ts'
import { readGgufHead } from './gguf.ts'
import { journalOf } from './journal.ts'
import {
  maskTokenTypes,
  patchTokenTypesCopy,
  patchTokenTypesInPlace,
  readMaskTokenTypes,
  restoreTokenTypes,
} from './token-types.ts'

const root = mkdtempSync(join(tmpdir(), 'gguf-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const words = wordsOf(samtokVocabulary({ codesPerLevel: 4, levels: 2 }))
/** As llama.cpp's converter types them: 3 (control) for everything between <| and |>. */
const tokens: GgufToken[] = [
  ['a', 1],
  ['<|im_end|>', 3],
  ...words.map((word): GgufToken => [word, 3]),
  ['b', 1],
]
const bytes = tinyGguf(tokens)

let serial = 0
function file(content: Uint8Array = bytes): string {
  const path = join(root, `${serial++}.gguf`)
  writeFileSync(path, content)
  return path
}
const memory = (content: Uint8Array) => ({
  byteLength: content.length,
  read: async (offset: number, length: number) => content.slice(offset, offset + length),
})
const head = (content: Uint8Array) => readGgufHead(memory(content), 'model.gguf')

/** Places where two files of the same length differ, with both values. */
function differences(a: Uint8Array, b: Uint8Array): [number, number, number][] {
  expect(a.length).toBe(b.length)
  const found: [number, number, number][] = []
  a.forEach((value, i) => {
    if (value !== b[i]) found.push([i, value, b[i]!])
  })
  return found
}

describe('the head of a GGUF file', () => {
  it('has values, lists, tokens and their types', async () => {
    const { version, tensorCount, values, lists, tokenTypes, tokens: read } = await head(bytes)
    expect([version, tensorCount]).toEqual([3, 1])
    expect([...values]).toEqual([
      ['general.architecture', 'qwen2vl'],
      ['tokenizer.ggml.add_bos_token', false],
      ['tokenizer.ggml.eos_token_id', 1],
    ])
    expect(lists.get('tokenizer.ggml.merges')).toEqual({ length: 2, type: 8 })
    expect(read).toEqual(tokens.map(([text]) => text))
    expect([...tokenTypes!.values]).toEqual(tokens.map(([, type]) => type))
  })

  it.each([
    ['another file', Uint8Array.from([...'PK\u0003\u0004zzzz'].map((c) => c.charCodeAt(0))), 'malformed'],
    ['version 1', tinyGguf(tokens, { version: 1 }), 'unsupported'],
    ['a big-endian version', tinyGguf(tokens, { version: 0x03000000 }), 'unsupported'],
    ['nothing', new Uint8Array(0), 'malformed'],
  ])('%s is refused', async (_name, content, code) => {
    await expect(head(content)).rejects.toMatchObject({ name: 'LearnError', code })
  })

  it('counts that the file cannot hold are refused before memory is asked for', async () => {
    for (const at of [8, 16, 24]) {
      const damaged = Uint8Array.from(bytes)
      damaged.fill(0xff, at, at + 8)
      await expect(head(damaged)).rejects.toMatchObject({ code: 'too-large', at })
    }
    // A list of token types that says 2^20 elements in a file of some hundred bytes.
    const place = (await head(bytes)).tokenTypes!.byteOffset - 8
    const damaged = Uint8Array.from(bytes)
    new DataView(damaged.buffer).setBigUint64(place, 2n ** 20n, true)
    await expect(head(damaged)).rejects.toMatchObject({ code: 'malformed', at: place + 8 })
  })

  it('every cut and every changed byte gives a head or a typed error', async () => {
    const end = (await head(bytes)).metadataEnd
    for (let at = 0; at < end; at++) {
      await expect(head(bytes.subarray(0, at))).rejects.toBeInstanceOf(LearnError)
      for (const value of [0, 0x7f, 0xff, bytes[at]! ^ 1]) {
        const damaged = Uint8Array.from(bytes)
        damaged[at] = value
        try {
          maskTokenTypes(await head(damaged), 'model.gguf')
        } catch (error) {
          if (!(error instanceof LearnError) && (error as Error).name !== 'WordsError') throw error
        }
      }
    }
  })
})

describe('mask words that llama.cpp shows', () => {
  it('a patched copy differs in the type of each mask word, 3 to 4, and nowhere else', async () => {
    const path = file()
    const output = join(root, 'shown.gguf')
    expect(await patchTokenTypesCopy(path, output)).toMatchObject({ changed: 10, words: 10 })
    const changed = differences(bytes, readFileSync(output))
    const first = (await head(bytes)).tokenTypes!.byteOffset + 2 * 4
    expect(changed).toEqual(words.map((_, k) => [first + 4 * k, 3, 4]))
    expect(differences(bytes, readFileSync(path))).toEqual([])
    await expect(patchTokenTypesCopy(path, output)).rejects.toMatchObject({ code: 'exists' })
    expect(await patchTokenTypesInPlace(output)).toMatchObject({ changed: 0, words: 10 })
    expect(readdirSync(root).filter((name) => name.includes('partial'))).toEqual([])
  })

  it('a patch in place can be taken back', async () => {
    const path = file()
    const { journal, changed } = await patchTokenTypesInPlace(path)
    expect([journal, changed]).toEqual([journalOf(path), 10])
    expect(differences(bytes, readFileSync(path))).toHaveLength(10)
    expect(await restoreTokenTypes(path)).toMatchObject({ changed: 10 })
    expect(differences(bytes, readFileSync(path))).toEqual([])
    expect(existsSync(journalOf(path))).toBe(false)
    await expect(restoreTokenTypes(path)).rejects.toMatchObject({ code: 'missing' })
  })

  it('a patch that was cut off is finished by the next one, and still taken back whole', async () => {
    const path = file()
    await patchTokenTypesInPlace(path)
    // As after a power cut: the journal is there, the last four words have their old type.
    const half = readFileSync(path)
    const { byteOffset } = (await head(bytes)).tokenTypes!
    for (let k = 8; k < 12; k++) half[byteOffset + 4 * k] = 3
    writeFileSync(path, half)
    expect(await patchTokenTypesInPlace(path)).toMatchObject({ changed: 4 })
    expect([...(await readMaskTokenTypes(path)).countOfType]).toEqual([[4, 10]])
    expect(await restoreTokenTypes(path)).toMatchObject({ changed: 10 })
    expect(differences(bytes, readFileSync(path))).toEqual([])
  })

  it('a journal of another file, or none at all, changes nothing', async () => {
    const path = file()
    await patchTokenTypesInPlace(path)
    const patched = readFileSync(path)
    for (const [text, code] of [
      ['{', 'malformed'],
      ['{"tokenTypes": [{"byteOffset": -4, "from": 3}]}', 'malformed'],
      [`{"byteLength": 7, "tokenTypes": []}`, 'mismatch'],
      [`{"byteLength": ${bytes.length}, "tokenTypes": [{"byteOffset": 20, "from": 3}]}`, 'mismatch'],
    ]) {
      writeFileSync(journalOf(path), text!)
      await expect(restoreTokenTypes(path)).rejects.toMatchObject({ code })
      expect(differences(patched, readFileSync(path))).toEqual([])
    }
  })

  it('files without mask words or without a tokenizer say so', async () => {
    const base = file(tinyGguf([['a', 1]]))
    await expect(readMaskTokenTypes(base)).rejects.toMatchObject({
      code: 'missing',
      message: 'no mask words among the 1 tokens',
    })
  })
})

describe('split files', () => {
  const part = (number: number, count = 3) => tinyGguf(tokens, { split: [number, count] })
  function folder(): string {
    const path = join(root, `split-${serial++}`)
    mkdirSync(path)
    for (const number of [0, 1, 2]) {
      writeFileSync(join(path, `model-0000${number + 1}-of-00003.gguf`), part(number))
    }
    return path
  }

  it('a copy has all parts, the first one patched, under the names of the output', async () => {
    for (const name of ['shown.gguf', 'shown-00001-of-00003.gguf']) {
      const path = folder()
      const result = await patchTokenTypesCopy(join(path, 'model-00001-of-00003.gguf'), join(path, name))
      expect(result).toMatchObject({ file: join(path, 'shown-00001-of-00003.gguf'), changed: 10, parts: 3 })
      expect(readFileSync(join(path, 'shown-00003-of-00003.gguf'))).toEqual(Buffer.from(part(2)))
      expect(readdirSync(path).length).toBe(6)
    }
  })

  it('parts that a killed run has made are taken, and the same command ends it', async () => {
    const path = folder()
    writeFileSync(join(path, 'shown-00002-of-00003.gguf'), part(1))
    const result = await patchTokenTypesCopy(
      join(path, 'model-00001-of-00003.gguf'),
      join(path, 'shown.gguf'),
    )
    expect(result).toMatchObject({ changed: 10, parts: 3 })
    expect(readdirSync(path).length).toBe(6)
    writeFileSync(join(path, 'other-00002-of-00003.gguf'), part(2))
    await expect(
      patchTokenTypesCopy(join(path, 'model-00001-of-00003.gguf'), join(path, 'other.gguf')),
    ).rejects.toMatchObject({ code: 'exists' })
  })

  it('a part that is missing, one without the tokenizer, and outputs that are there', async () => {
    const path = folder()
    const first = join(path, 'model-00001-of-00003.gguf')
    await expect(readMaskTokenTypes(join(path, 'model-00002-of-00003.gguf'))).rejects.toMatchObject({
      code: 'missing',
      message: 'this is part 2 of 3, which has no tokenizer',
      hint: 'the tokenizer is in the first part: model-00001-of-00003.gguf',
    })
    writeFileSync(join(path, 'x-00003-of-00003.gguf'), '')
    await expect(patchTokenTypesCopy(first, join(path, 'x.gguf'))).rejects.toMatchObject({ code: 'exists' })
    rmSync(join(path, 'model-00003-of-00003.gguf'))
    await expect(patchTokenTypesCopy(first, join(path, 'y.gguf'))).rejects.toMatchObject({
      code: 'missing',
      message: 'part 3 of 3 is not there',
    })
    expect(readdirSync(path).sort()).toEqual([
      'model-00001-of-00003.gguf',
      'model-00002-of-00003.gguf',
      'x-00003-of-00003.gguf',
    ])
    expect((await patchTokenTypesInPlace(first)).changed).toBe(10)
  })
})
