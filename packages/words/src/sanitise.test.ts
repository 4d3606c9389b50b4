// Untrusted text: no control word survives, in any disguise that a tokenizer would undo; what is harmless stays.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tookMs } from '../test/timing.ts'
import { parseGetok } from './getok-parse.ts'
import { misspeltGetokWords } from './getok-word.ts'
import { formatMaskWords } from './mask-format.ts'
import { parseMaskLanguages } from './mask-languages.ts'
import { displayedMasks, saidMasks } from './said-masks.ts'
import { sanitiseText } from './sanitise.ts'
import { getokVocabulary, samtokVocabulary } from './vocabulary.ts'

describe('sanitiseText', () => {
  const table: [text: string, kind: string, escaped: string][] = [
    ['a <|im_start|>system', 'control', 'a \u2039|im_start|\u203asystem'],
    ['<|mt_0001|>', 'control', '\u2039|mt\u00b7_0001|\u203a'],
    ['cut <|mt_00 off', 'misspelt', 'cut \u2039|mt\u00b7_00 off'],
    ['of mt_0011', 'misspelt', 'of mt\u00b7_0011'],
    ['&lt;|mt_start|&gt;', 'misspelt', '&lt;|mt\u00b7_start|&gt;'],
    ['<11-347>', 'display', '\u203911-347\u203a'],
    ['<loc_12>', 'tag', '\u2039loc_12\u203a'],
    ['see <image> here', 'tag', 'see \u2039image\u203a here'],
    ['</think>', 'tag', '\u2039/think\u203a'],
    ['<grid 3,4>', 'getok', '\u2039grid\u00b7 3,4\u203a'],
    ['[OFF_0_0]', 'getok', '\u27e6OFF\u00b7_0_0\u27e7'],
    ['a grid_1_2 b', 'misspelt', 'a grid\u00b7_1_2 b'],
    ['<segs>', 'misspelt', '\u2039segs\u203a'],
    ['[/INST]', 'bracket', '\u27e6/INST\u27e7'],
    ['end <|im_', 'dangling', 'end \u2039|im_'],
    ['<\u200b|im_\u00adstart|>', 'control', '\u2039|im_start|\u203a'],
    ['\uff1c\uff5cim_start\uff5c\uff1e', 'control', '\u2039|im_start|\u203a'],
    ['<\uff5cbegin\u2581of\u2581sentence\uff5c>', 'control', '\u2039|begin_of_sentence|\u203a'],
    ['<\u{e0001}image\u0000>', 'tag', '\u2039image\u203a'],
  ]
  for (const [text, kind, escaped] of table) {
    it(`escapes ${JSON.stringify(text)}`, () => {
      const { text: safe, findings } = sanitiseText(text)
      expect(safe).toBe(escaped)
      expect(findings.map((finding) => finding.kind)).toEqual([kind])
      expect(findings[0]!.disguised).toBe(/[^ -~]/.test(text))
    })
  }

  it('leaves ordinary text alone, comparisons, HTML and full-width letters included', () => {
    for (const text of [
      'a < b | c > d',
      'x<b>bold</b>',
      '[1] and [see]',
      '\uff21\uff22',
      'caf\u00e9 \u{1f600}',
      'a <| b',
    ]) {
      expect(sanitiseText(text)).toEqual({ text, findings: [], omittedFindings: 0 })
    }
  })

  it('reports where and what', () => {
    const text = 'a <\u200bimage> b'
    const [finding] = sanitiseText(text).findings
    expect(finding).toEqual({ kind: 'tag', start: 2, end: 10, token: '<image>', disguised: true })
    expect(text.slice(finding!.start, finding!.end)).toBe('<\u200bimage>')
  })

  it('removes words until none is left, those joined by a removal too', () => {
    expect(sanitiseText('a <|im_<|x|>start|>b', { mode: 'remove' }).text).toBe('a b')
    expect(sanitiseText('a <|x<|y', { mode: 'remove' }).text).toBe('a <|x\u2039|y')
    let nested = 'x'
    for (let depth = 0; depth < 30; depth++) nested = `<|a${nested === 'x' ? '' : nested}b|>`
    const { text } = sanitiseText(nested, { mode: 'remove' })
    expect(sanitiseText(text, { mode: 'remove' })).toEqual({ text, findings: [], omittedFindings: 0 })
  })

  it('lets listed words through, exactly as written, and finds listed tokens', () => {
    const words = formatMaskWords([11, 91], samtokVocabulary())
    const allow = words.match(/<.*?>/g)!
    expect(sanitiseText(`${words} <|im_end|>`, { allow }).text).toBe(`${words} \u2039|im_end|\u203a`)
    expect(sanitiseText('<\u200b|mt_0011|>', { allow }).findings).toHaveLength(1)
    const tokens = ['EOT', '<foo bar>', 'OTX', '\n']
    expect(sanitiseText('xEOTX\n<foo bar>', { tokens }).text).toBe(
      'xE\u00b7O\u00b7T\u00b7X\n\u2039foo bar\u203a',
    )
    expect(() => sanitiseText('', { tokens: [''] })).toThrow(/is empty/)
  })

  it('changes nothing the second time, and nothing is left to find', () => {
    const part = fc.constantFrom(
      '<',
      '|',
      '>',
      '[',
      ']',
      '<|',
      '|>',
      'im_start',
      'image',
      'grid_1_1',
      'OFF_0_0',
      '/',
      ' ',
      '\u200b',
      '\uff1c',
      '\uff5c',
      '\uff1e',
      '\u2039',
      'EOT',
      'E',
      'OT',
      '\ud800',
      '\u{1f600}',
      'a',
      '\u338f',
    )
    const tokens = ['EOT', 'TE', '<image', 'a>', 'kg']
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.constantFrom('escape', 'remove'), (parts, mode) => {
        const options = { mode, tokens } as const
        const { text } = sanitiseText(parts.join(''), options)
        expect(sanitiseText(text, options)).toEqual({ text, findings: [], omittedFindings: 0 })
        expect(text.normalize('NFKC').replace(/\u200b/g, '')).not.toMatch(
          /<\|[^\s<>|]+\|>|<image>|<grid_1_1>|\[OFF_0_0\]|EOT/,
        )
      }),
      { numRuns: 5000 },
    )
  })

  it('leaves nothing that a reader of masks would take, or tell as lost', () => {
    const part = fc.constantFrom(
      ...'< | > [ ] <| |> &lt; mt mt_ _0001 0011 start end grid_ _1_2 OFF_1 Off -1 3 1_2 {1 , / box offset segs 11-347 loc_1'.split(
        ' ',
      ),
      ...['\u200b', '\uff1c', '\uff47rid', '\uff11', ' ', '\n', '\\', '\\u003c', '%7c', '\u2212'],
    )
    const grid = getokVocabulary()
    fc.assert(
      fc.property(fc.array(part, { maxLength: 24 }), fc.constantFrom('escape', 'remove'), (parts, mode) => {
        const { text } = sanitiseText(parts.join(''), { mode })
        const { masks, unread } = saidMasks(text)
        const { instances, problems } = parseGetok(text, grid)
        const read = [
          masks,
          unread,
          misspeltGetokWords(text),
          instances,
          problems,
          parseMaskLanguages(text).filter(({ codes }) => codes.length > 0),
          displayedMasks(text) ?? [],
        ]
        expect([text, ...read]).toEqual([text, ...read.map(() => [])])
      }),
      { seed: 17, numRuns: 5000 },
    )
  })

  it('takes two megabytes of openings in time linear in their length', () => {
    for (const unit of ['<', '<|', '<|a|>', '<|a\u200b', '[', '\ufdfa']) {
      const text = unit.repeat(2_000_000 / unit.length / (unit === '\ufdfa' ? 10 : 1))
      const ms = tookMs(() => sanitiseText(text, { mode: 'remove' }), 3000)
      expect([unit, ms < 3000]).toEqual([unit, true])
    }
  })
})
