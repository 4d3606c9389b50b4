import { describe, expect, it } from 'vitest'
import { isTypedError } from '../error.ts'
import { sniff } from './sniff.ts'
import { findGetokWords, readWords } from './words.ts'

const FIRST = '<box><grid_1_1><grid_3_4></box><seg><grid_2_2></seg>'
const SECOND = '<seg><grid_8_8><grid_9_8></seg>'

describe('words in text', () => {
  it('one entry an object, cut out of the text exactly, with its label', () => {
    const text = `I found two.\ncat: ${FIRST}\nthe dog: ${SECOND} Done.`
    const { found } = findGetokWords(text)
    expect(found.map((one) => [one.label, one.status, one.codes.length])).toEqual([
      ['cat', 'complete', 3],
      ['the dog', 'complete', 2],
    ])
    expect(found.map((one) => one.words)).toEqual([FIRST, SECOND])
    expect(text.slice(found[0]!.start, found[0]!.end)).toBe(FIRST)
  })

  it('an object takes the offsets behind it', () => {
    const own = '<offset><box>[OFF_0_0][OFF_1_1]</box><seg><DELETE></seg></offset>'
    const { found } = findGetokWords(`${FIRST} ${own}\n${SECOND}`)
    expect(found.map((one) => one.words)).toEqual([`${FIRST}\n${own}`, SECOND])
  })

  it('one block of offsets for all objects is shared out by lines', () => {
    const block =
      '<offset><box>[OFF_0_0][OFF_1_1]</box><seg><DELETE></seg>\n<seg>[OFF_0_1][OFF_1_0]</seg></offset>'
    const { found } = findGetokWords(`${FIRST}\n${SECOND}\n${block}`)
    expect(found).toHaveLength(2)
    expect(found[0]!.words).toBe(
      `${FIRST}\n<offset><box>[OFF_0_0][OFF_1_1]</box>\n<seg><DELETE></seg></offset>`,
    )
    expect(found[1]!.words).toContain('<offset><seg>[OFF_0_1][OFF_1_0]</seg></offset>')
  })

  it('the language is told from the words, and the grid from the largest cell', () => {
    expect(readWords(FIRST)?.codec).toBe('getok')
    expect(readWords('<seg><grid_40_40></seg>')?.found[0]).toMatchObject({ status: 'complete' })
    expect(readWords('<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>')).toMatchObject({
      codec: 'samtok',
      found: [{ codes: [11, 91] }],
    })
    expect(readWords('nothing')).toBeUndefined()
  })

  it('text is read in linear time; too many objects are a typed error', () => {
    const started = performance.now()
    for (const piece of ['<seg>', '<offset>', '<grid_1_1>', `${FIRST}\n<offset>`, 'x: <box><grid_1_1>\n']) {
      try {
        findGetokWords(piece.repeat(20_000))
      } catch (error) {
        if (!isTypedError(error)) throw error
      }
    }
    // 1.5 MB of text; quadratic work would take minutes.
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

describe('what bytes are', () => {
  const kind = (text: string) => sniff(new TextEncoder().encode(text))

  it('text kinds are told by their first element', () => {
    expect(kind('\ufeff  {"a": 1}')).toBe('json')
    expect(kind('<?xml version="1.0"?>\n<!-- by hand --><svg xmlns="x">')).toBe('svg')
    expect(kind('<?xml version="1.0"?><annotations>')).toBe('xml')
    expect(kind('<box><grid_1_1></box>')).toBe('text')
    expect(kind('caf\u00e9'.repeat(1000))).toBe('text')
    expect(sniff(new Uint8Array(0))).toBe('empty')
    expect(sniff(Uint8Array.of(0, 1, 2))).toBe('binary')
  })

  it('hostile prologs take no time', () => {
    const started = performance.now()
    for (const text of ['<!---->'.repeat(600), '<!--'.repeat(1000), '<?xml?>'.repeat(600)]) kind(text)
    expect(performance.now() - started).toBeLessThan(500)
  })
})
