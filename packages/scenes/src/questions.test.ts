import { randomFrom } from '@maskwords/codecs'
import { describe, expect, it } from 'vitest'
import { nounOf, pluralOf } from './nouns.ts'
import { QUESTION_KINDS, type Question, type QuestionKind, questionsOf, type Thing } from './questions.ts'

const NAMES = ['person', 'dog', 'bus', 'teddy bear']
const MOST = Object.fromEntries(QUESTION_KINDS.map((kind) => [kind, 50])) as Record<QuestionKind, number>

function draw(seed: number): { things: Thing[]; questions: Question[] } {
  const random = randomFrom(seed)
  const things = Array.from({ length: Math.floor(random() * 7) }, () => ({
    names: [NAMES[Math.floor(random() * 3)]!],
    share: random() < 0.1 ? 0.005 : 0.01 + 0.3 * random(),
    x: random(),
    y: random(),
  }))
  const absent = NAMES.filter((name) => !things.some(({ names }) => names.includes(name)))
  return { things, questions: questionsOf(things, { random, nounOf, absent, most: MOST }) }
}

/** The name that a word of a question stands for. */
const meant = (text: string): string[] =>
  NAMES.filter((name) => {
    const { one, many } = nounOf(name)
    return [...one, ...many].some((word) => new RegExp(`\\b${word}\\b`).test(text))
  })

describe('questions by rules', () => {
  const drawn = Array.from({ length: 400 }, (_, seed) => draw(seed))
  const all = drawn.flatMap(({ things, questions }) => questions.map((question) => ({ things, question })))

  it('are of every kind, none twice about one picture', () => {
    for (const kind of QUESTION_KINDS) {
      expect(all.filter(({ question }) => question.kind === kind).length, kind).toBeGreaterThan(20)
    }
    for (const { questions } of drawn) {
      expect(new Set(questions.map(({ text }) => text)).size).toBe(questions.length)
    }
  })

  it('mean what they say: the one, all of them, the outermost, the largest, nothing', () => {
    for (const { things, question } of all) {
      const { kind, text, targets } = question
      const [name] = meant(text)
      const named = things.flatMap(({ names }, i) => (names.includes(name!) ? [i] : []))
      if (kind === 'none') expect([targets, named], text).toEqual([[], []])
      if (kind === 'class') expect([targets, named.length], text).toEqual([named, 1])
      if (kind === 'all' || kind === 'count') expect(targets, text).toEqual(named)
      if (kind === 'count') expect(text).toContain(['', '', 'both', 'three', 'four', 'five'][named.length]!)
      const at = things[targets[0]!]
      if (kind === 'place') {
        const axis = /left|right/.test(text) ? 'x' : 'y'
        const sign = /left|top|upper/.test(text) ? 1 : -1
        for (const i of named) expect(sign * (things[i]![axis] - at![axis]), text).toBeGreaterThanOrEqual(0)
      }
      if (kind === 'size') {
        const shares = named.map((i) => things[i]!.share)
        expect(at!.share, text).toBe(/large|big/.test(text) ? Math.max(...shares) : Math.min(...shares))
      }
      if (kind === 'two')
        expect(targets.map((i) => things[i]!.names[0]).sort(), text).toEqual(meant(text).sort())
    }
  })

  it('are not asked about what is too small, or of what there may be more', () => {
    for (const { things, questions } of drawn) {
      const small = new Set(things.filter(({ share }) => share < 0.01).flatMap(({ names }) => names))
      for (const { text } of questions)
        expect(
          meant(text).some((name) => small.has(name)),
          text,
        ).toBe(false)
    }
    const things = [{ names: ['dog'], share: 0.2, x: 0.5, y: 0.5 }]
    const options = { random: randomFrom(1), nounOf, absent: [], most: MOST, unsure: new Set(['dog']) }
    expect(questionsOf(things, options)).toEqual([])
  })
})

describe('plurals', () => {
  it('follow the spelling of the last word', () => {
    const names = ['bus', 'couch', 'person', 'wine glass', 'butterfly', 'toy', 'sheep', 'teddy bear', 'knife']
    expect(names.map(pluralOf)).toEqual([
      'buses',
      'couches',
      'people',
      'wine glasses',
      'butterflies',
      'toys',
      'sheep',
      'teddy bears',
      'knives',
    ])
  })
})
