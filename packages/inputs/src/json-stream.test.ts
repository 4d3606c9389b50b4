import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseExactJson } from '@maskwords/words'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError } from './error.ts'
import { jsonLines } from './json-lines.ts'
import { type JsonLimits, jsonItems, jsonItemsOf } from './json-stream.ts'
import type { DataProblem } from './problem.ts'

type Read = { values: unknown[]; keys: (string | undefined)[]; problems: DataProblem[]; error?: DataError }

function read(text: string | Uint8Array, list = '', limits: Partial<JsonLimits> = {}): Read {
  const out: Read = { values: [], keys: [], problems: [] }
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  try {
    const onProblem = (problem: DataProblem) => out.problems.push(problem)
    for (const item of jsonItemsOf(bytes, { lists: [list], file: 'x.json', onProblem, limits })) {
      if (item.kind === 'start') {
        out.values = []
        out.keys = []
      } else {
        out.values.push(item.value)
        out.keys.push(item.key)
      }
    }
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    out.error = error
  }
  return out
}

describe('JSON element by element', () => {
  it('gives the elements of the lists asked for and skips everything else', () => {
    const text =
      '{"info": {"annotations": [9]}, "annotations": [{"a": "}]\\""}, [1, 2], 3.5, null], "z": [[]]}'
    expect(read(text, 'annotations').values).toEqual([{ a: '}]"' }, [1, 2], 3.5, null])
    expect(read(text, 'info/annotations').values).toEqual([9])
    expect(read(text, 'nothing')).toMatchObject({ values: [], problems: [] })
    expect(read('[1, [2]]').values).toEqual([1, [2]])
  })

  it('gives the members of an object with their keys, in order', () => {
    const { values, keys } = read('{"b": 1, "a": {"c": 2}, "\\u0041": 3}')
    expect([values, keys]).toEqual([
      [1, { c: 2 }, 3],
      ['b', 'a', 'A'],
    ])
  })

  it('says at which bytes an element stands', () => {
    const items = [
      ...jsonItemsOf(new TextEncoder().encode('[ 10,\n "é" ]'), {
        lists: [''],
        file: 'x',
        onProblem: () => {},
      }),
    ]
    expect(items.slice(1)).toMatchObject([
      { startByte: 2, endByte: 4 },
      { startByte: 7, endByte: 11 },
    ])
  })

  it('loses one element, not the file, where an element is broken', () => {
    const got = read('[1, {"bbox": [NaN, 2]}, {"a": [1, 2}, {"b": tru}, , 5, "x\ty", 6,]')
    expect(got.values).toEqual([1, { bbox: [null, 2] }, 5, 6])
    expect(got.error).toBeUndefined()
    expect(got.problems.map((p) => `${p.at} ${p.message}`)).toEqual([
      'byte 4 element 1 of "" holds NaN, which Python writes and JSON does not know; read as null',
      'byte 24 element 2 of "" has a wrong bracket at byte 35',
      expect.stringMatching(/^byte 38 element 3 of "" is no JSON/),
      'byte 50 element 4 of "" is missing between two commas',
      expect.stringMatching(/^byte 55 element 6 of "" is no JSON/),
      'byte 64 "" ends in a comma',
    ])
  })

  it('says where a file ends early or its brackets make no sense', () => {
    expect(read('{"images": [1, {"a": "b', 'images').error).toMatchObject({ code: 'bad-file', at: 'byte 23' })
    expect(read('{"images": [{"a": 1], "b": 2}', 'images').error?.message).toMatch(
      /byte 12, was never closed/,
    )
    expect(read('{"images" [1]}', 'images').error?.message).toMatch(/byte 10.*a colon should follow/)
    expect(read('nonsense').error).toMatchObject({ code: 'wrong-layout' })
    expect(read('', 'images').error).toMatchObject({
      code: 'wrong-layout',
      message: 'x.json is empty, wanted JSON',
    })
    expect(read('[1]', 'images').error?.message).toMatch(/begins with "\[", wanted an object with images/)
  })

  it('reads a million brackets as one lost element', () => {
    const deep = '['.repeat(1_000_000)
    const got = read(`{"a": [1, ${deep}${']'.repeat(1_000_000)}, 2]}`, 'a')
    expect(got.values).toEqual([1, 2])
    expect(got.problems.map((p) => p.message)).toEqual(['element 1 of "a" nests deeper than 64 levels'])
    expect(read(`[${deep}`).error?.code).toBe('bad-file')
  })

  it('holds no more of an element than its limit', () => {
    const got = read(`[1, "${'x'.repeat(100_000)}", {"a": [${'1,'.repeat(50_000)}1]}, 2]`, '', {
      elementBytes: 1000,
    })
    expect(got.values).toEqual([1, 2])
    expect(got.problems[0]?.message).toBe('element 1 of "" takes 100002 bytes, the limit is 1000')
  })

  it('takes the last of two lists of one name, and a key called __proto__ as a key', () => {
    const got = read('{"a": [1, 2], "b": 0, "a": [3]}', 'a')
    expect(got.values).toEqual([3])
    expect(got.problems).toMatchObject([{ kind: 'duplicate-id' }])
    const [value] = read('[{"__proto__": {"polluted": 1}}]').values
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('beside JSON.parse', () => {
  const document = fc.jsonValue({ maxDepth: 5 }).map((value) => (Array.isArray(value) ? value : [value]))

  it('gives the same elements, however the file is cut into reads', () => {
    fc.assert(
      fc.property(
        document,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 1, 3),
        (list, step, indent) => {
          const bytes = new TextEncoder().encode(
            JSON.stringify({ before: list, list, after: list }, null, indent),
          )
          const onProblem = (problem: DataProblem) => expect(problem).toBeUndefined()
          const items = [...jsonItemsOf(bytes, { lists: ['list'], file: 'x', onProblem })]
          const inSteps = [
            ...jsonItemsOf(
              {
                byteLength: bytes.length,
                read: (into, offset) => {
                  const part = bytes.subarray(offset, offset + Math.min(step, into.length))
                  into.set(part)
                  return part.length
                },
                close: () => {},
              },
              { lists: ['list'], file: 'x', onProblem },
            ),
          ]
          expect(inSteps).toEqual(items)
          const values = items.flatMap((item) => (item.kind === 'element' ? [item.value] : []))
          expect(values).toEqual(parseExactJson(JSON.stringify(list)))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('never passes over a fault in silence, and never hangs', () => {
    const edit = fc.record({
      at: fc.nat(),
      drop: fc.integer({ min: 0, max: 3 }),
      put: fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ':', '0', 'e', ' ', '\u0001', 'é', '-'),
    })
    let faulty = 0
    fc.assert(
      fc.property(document, fc.array(edit, { minLength: 1, maxLength: 4 }), (list, edits) => {
        let text = JSON.stringify(list)
        for (const { at, drop, put } of edits) {
          const place = at % (text.length + 1)
          text = text.slice(0, place) + put + text.slice(place + drop)
        }
        const got = read(text)
        let wanted: unknown
        try {
          wanted = parseExactJson(text)
        } catch {
          faulty++
          expect(got.problems.length + (got.error === undefined ? 0 : 1)).toBeGreaterThan(0)
          return
        }
        if (Array.isArray(wanted)) expect(got).toEqual({ values: wanted, keys: got.keys, problems: [] })
        else expect(got.error !== undefined || typeof wanted === 'object').toBe(true)
      }),
      { numRuns: 3000 },
    )
    expect(faulty).toBeGreaterThan(500)
  })
})

describe('files', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'json-stream-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('skips what nobody asked for at 100 MB a second or more, with flat memory', async () => {
    const element = JSON.stringify({
      id: 1,
      segmentation: [Array.from({ length: 60 }, (_, i) => i * 1.25)],
      s: 'text',
    })
    const path = join(folder, 'large.json')
    writeFileSync(path, `{"annotations": [${`${element},`.repeat(99_999)}${element}], "images": [{"id": 7}]}`)
    const before = process.memoryUsage().rss
    const start = process.cpuUsage().user
    const values: unknown[] = []
    for await (const item of jsonItems(path, {
      lists: ['images'],
      file: 'large.json',
      onProblem: () => {},
    })) {
      if (item.kind === 'element') values.push(item.value)
    }
    const seconds = (process.cpuUsage().user - start) / 1e6
    expect(values).toEqual([{ id: 7 }])
    const megabytes = (element.length * 100_000) / 1e6
    // The aim is 100 MB/s on a free core; the bound leaves room for a machine that does other work.
    expect(megabytes / seconds).toBeGreaterThan(30)
    expect(process.memoryUsage().rss - before).toBeLessThan(64e6)
    if (process.env['MASKWORDS_BENCH'] !== undefined) console.log(`${(megabytes / seconds).toFixed(0)} MB/s`)
  })

  it('stops where it is told to, and says which file is missing', async () => {
    const options = { lists: [''], file: 'none.json', onProblem: () => {} }
    await expect(jsonItems(join(folder, 'none.json'), options).next()).rejects.toMatchObject({ code: 'io' })
    const path = join(folder, 'small.json')
    writeFileSync(path, '[1]')
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(jsonItems(path, { ...options, signal }).next()).rejects.toThrow('enough')
  })

  it('reads JSON lines and loses bad lines alone', async () => {
    const path = join(folder, 'lines.jsonl')
    writeFileSync(path, `\uFEFF{"a": 1}\r\n\n{broken\n${'['.repeat(100)}\n"${'y'.repeat(200)}"\n{"a": "é"}`)
    const problems: DataProblem[] = []
    const values: unknown[] = []
    const options = {
      file: 'lines.jsonl',
      onProblem: (p: DataProblem) => problems.push(p),
      maxLineBytes: 150,
    }
    for await (const { line, value } of jsonLines(path, options)) values.push([line, value])
    expect(values).toEqual([
      [1, { a: 1 }],
      [6, { a: 'é' }],
    ])
    expect(problems.map((problem) => problem.message)).toEqual([
      expect.stringMatching(/^line 3 is no JSON/),
      'line 4 nests deeper than 64 levels',
      'line 5 is longer than 150 bytes',
    ])
  })
})
