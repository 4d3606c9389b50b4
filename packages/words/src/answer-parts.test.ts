// Answers taken apart: what is thought and what is said, for every family's tags, turn ends and padding.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerOnly, answerParts, PADDING_WORDS, saidAnswer, TURN_ENDS, thoughtsOnly } from './index.ts'

/** Text, what it says, and what it thinks. */
const table: [text: string, said: string, thought?: string][] = [
  ['A', 'A'],
  ['<think>a</think>A', 'A', 'a'],
  ['<think>\n\n</think>\n\nA<|im_end|>\n', 'A', ''],
  ['<think>a</think>\n<answer>A</answer>', 'A', 'a'],
  ['<think>a</think><answer>A', 'A', 'a'],
  // The template wrote the opening tag.
  ['a</think>A', 'A', 'a'],
  ['a</think><answer>A</answer>', 'A', 'a'],
  // Cut off, and closed by the answer.
  ['<think>a', '', 'a'],
  ['<think>a<|im_end|>', '', 'a'],
  ['<think>a <answer>A</answer>', 'A', 'a'],
  ['a <answer>A</answer>', 'A', 'a'],
  // Tags that a thought talks about.
  ['<think>use `</think>` and "<answer>Z</answer>" b</think>A', 'A'],
  ['<think>x </think> y</think>A', 'A', 'x </think> y'],
  ['<think>use <answer>Z</answer></think><answer>A</answer>', 'A'],
  ['<think>first <think>, then</think>A', 'A'],
  ['<think><think>a</think></think>A', 'A'],
  ['<think>I end with <|im_end|> here</think>A<|im_end|>', 'A'],
  ['I would write "</think>"? no</think>A', 'A'],
  // Quotes and fences at both sides of a tag quote nothing.
  ['<think>"cat"</think>"dog"', '"dog"', '"cat"'],
  ['<think>```\na\n```</think>```\nA\n```', '```\nA\n```', '```\na\n```'],
  // Several thoughts.
  ['<think>a</think><think>b</think>A', 'A'],
  ['<think>a</think>A<think>b</think>B', 'A\nB'],
  ['<think>a</think>A<think>b', 'A'],
  // Other families.
  ['<thinking>a</thinking>A', 'A', 'a'],
  ['\u25c1think\u25b7a\u25c1/think\u25b7A', 'A', 'a'],
  ['[THINK]a[/THINK]A</s>', 'A', 'a'],
  [
    '<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>A<|return|>',
    'A',
    'a',
  ],
  ['<|begin_of_thought|>a<|end_of_thought|>\n<|begin_of_solution|>A<|end_of_solution|>', 'A', 'a'],
  ['<SUMMARY>s</SUMMARY><REASONING>a</REASONING><CONCLUSION>A</CONCLUSION>', 'A', 'a'],
  ['<think>a</think>\n<response>A</response>', 'A', 'a'],
  ['<|inner_prefix|>a<|inner_suffix|>A<|assistant_end|>', 'A', 'a'],
  ['<|channel>thought\na<channel|>A<turn|>', 'A'],
  ['<think >a</think >A', 'A', 'a'],
  ['<thoughts>a</thoughts>A', 'A', 'a'],
  // Headers, padding, and turns that were never asked for.
  ['<|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\n\nA<|eot_id|>', 'A'],
  ['<|im_start|>assistant\nA<|im_end|>\n<|im_start|>user\nB<|im_end|>', 'A'],
  ['<pad><pad><s>A</s><unk><unk>', 'A'],
  ['', ''],
]

describe('an answer taken apart', () => {
  for (const [text, said, thought] of table) {
    it(`${JSON.stringify(text)} says ${JSON.stringify(said)}`, () => {
      const parts = answerParts(text)
      expect(saidAnswer(text, parts)).toBe(said)
      if (thought !== undefined) expect(thoughtsOnly(text, parts).trim()).toBe(thought)
    })
  }

  it('knows who opened the thought, whether it ended, and where the answer stood', () => {
    expect(answerParts('<think>a</think>A')).toMatchObject({
      thoughtBy: 'model',
      cutOff: false,
      tagged: 'none',
    })
    expect(answerParts('a</think><answer>A</answer>')).toMatchObject({
      thoughtBy: 'template',
      tagged: 'closed',
    })
    expect(answerParts('<think>a')).toMatchObject({ thoughtBy: 'model', cutOff: true, answers: [] })
    expect(answerParts('A')).toMatchObject({ thoughtBy: 'none', thoughts: [], answer: { start: 0, end: 1 } })
  })

  it('every turn end and every padding word is taken off, once or many times', () => {
    for (const word of [...TURN_ENDS, ...PADDING_WORDS]) {
      expect([word, saidAnswer(`<think>a</think>A${word}`)]).toEqual([word, 'A'])
      expect([word, saidAnswer(`${word}A ${word}\n${word}`)]).toEqual([word, 'A'])
      expect([word, saidAnswer(`<think>a${word}`)]).toEqual([word, ''])
    }
  })

  it('keeps all places, and never says a character twice, on any text', () => {
    const piece = fc.constantFrom(
      ...[
        '<think>',
        '</think>',
        '<answer>',
        '</answer>',
        '<|im_end|>',
        '<pad>',
        '`',
        '"',
        ' ',
        'x',
        '\n',
        '[INST]',
      ],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (list) => {
        const text = list.join('')
        const [only, thought] = [answerOnly(text), thoughtsOnly(text)]
        expect([only.length, thought.length]).toEqual([text.length, text.length])
        for (let k = 0; k < text.length; k++) {
          expect([' ', text[k]]).toContain(only[k])
          if (only[k] !== ' ') expect(thought[k]).toBe(' ')
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('takes a megabyte of any tag in time linear in its length', () => {
    for (const unit of [
      '<think>',
      '</think>',
      '<think></think>',
      '<answer>',
      '</answer>',
      '<pad>',
      'a<|im_end|>',
      '`<think>`',
    ]) {
      const text = unit.repeat(1_000_000 / unit.length)
      const start = performance.now()
      answerOnly(text)
      expect([unit, performance.now() - start < 3000]).toEqual([unit, true])
    }
  })
})
