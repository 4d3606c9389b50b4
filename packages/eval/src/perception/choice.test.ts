import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { officialChoice, readChoice, scoreChoice } from './choice.ts'

const options = ['a dog', 'a cat', 'two birds', 'nothing']

describe('multiple choice', () => {
  it('a letter is read alone, with its option, or after "Answer:"; an option is read by its text', () => {
    const answers = [
      'B',
      '(b)',
      'B. a cat',
      'Answer: B',
      'The answer is B.',
      'A cat.',
      '<think>A?</think>B',
      '**B**',
    ]
    expect(answers.map((answer) => readChoice(answer, options))).toEqual(answers.map(() => 1))
  })

  it('a letter is read in the frames that models write it in, and on a line above its reasons', () => {
    const answers = [
      ...['\\boxed{B}', '<|begin_of_box|>B<|end_of_box|>', '$B$', '[B]', '{"answer": "B"}', '$\\boxed{(B)}$'],
      ...[
        'Final answer: B',
        '\u7b54\u6848\uff1aB',
        '\u7b54\u6848\u662fB',
        '\uff22',
        'B\n\nExplanation: A is wrong',
      ],
      ...['<think>A</think>\n\nB<|im_end|>', 'A it is</think>B', '<conclusion>B</conclusion>'],
    ]
    for (const answer of answers) expect([answer, readChoice(answer, options)]).toEqual([answer, 1])
  })

  it('an answer without an option is unreadable, and so is a letter that no option has', () => {
    for (const answer of ['', 'I cannot tell', 'E', 'a small animal', 'both A and B']) {
      expect(readChoice(answer, options)).toBeUndefined()
    }
  })

  it('the published rule reads "X." first, then a letter that stands alone; all else is A', () => {
    expect(['C. two birds', 'It is (D)', 'E. none', 'nonsense', '', 'b'].map(officialChoice)).toEqual([
      'C',
      'D',
      'A',
      'A',
      'A',
      'A',
    ])
  })

  it('an unreadable answer is right by accident in official mode only', () => {
    const sample = { prediction: 'no idea', options, right: 0 }
    expect(scoreChoice(sample, { mode: 'official' }).values).toMatchObject({ right: 1, unreadable: 1 })
    expect(scoreChoice(sample, { mode: 'correct' }).values).toMatchObject({ right: 0, unreadable: 1 })
    expect(scoreChoice({ ...sample, prediction: undefined }, { mode: 'correct' })).toMatchObject({
      status: 'missing',
      values: { questions: 1, right: 0 },
    })
  })

  it('any text is read in little time, to an option or to nothing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const index = readChoice(text, options)
        expect(index === undefined || (index >= 0 && index < 4)).toBe(true)
        expect('ABCD').toContain(officialChoice(text))
      }),
    )
    const started = performance.now()
    for (const text of [`answer${' '.repeat(100_000)}x`, '('.repeat(100_000), '"'.repeat(100_000)])
      readChoice(text, options)
    expect(performance.now() - started).toBeLessThan(2000)
  })
})
