import { DataError } from '@maskwords/datasets'
import { describe, expect, it } from 'vitest'
import { picturesOf, STREET, wordsOf } from '../../test/sample-records.ts'
import type { Piece, TaskConversation } from '../conversation.ts'
import { fillConversation } from './fill.ts'
import { pick, seededBy, seedOf, someOf } from './seeded.ts'

const MAN: Piece = { regions: ['man'], form: { as: 'words' } }
const words = '<|mt_start|><|mt_0000|><|mt_0257|><|mt_end|>'

function conversation(user: readonly Piece[], more: Partial<TaskConversation> = {}): TaskConversation {
  return {
    id: '17/test/0',
    task: 'test',
    pictures: [{}],
    turns: [
      { role: 'user', pieces: user },
      { role: 'assistant', pieces: [MAN, '.'] },
    ],
    ...more,
  }
}

const fill = (one: TaskConversation, more = {}) =>
  fillConversation(one, {
    record: STREET,
    wordsOf: wordsOf(STREET, 'samtok'),
    pictures: picturesOf(one, STREET),
    ...more,
  })

describe('filling a conversation', () => {
  it('puts words for regions and places for pictures', () => {
    const { turns, dataset, pictures } = fill(conversation([{ picture: 0 }, '\nMark ', MAN]))
    expect(turns).toEqual([
      { role: 'user', text: `<image>\nMark ${words}` },
      { role: 'assistant', text: `${words}.` },
    ])
    expect(dataset).toBe('street')
    expect(pictures).toHaveLength(1)
  })

  it('puts an empty thought before answers without a thought, on request', () => {
    const think = { emptyThink: true }
    expect(fill(conversation([{ picture: 0 }]), think).turns[1]!.text).toBe(
      `<think>\n\n</think>\n\n${words}.`,
    )
    const thought = conversation([{ picture: 0 }], {
      turns: [
        { role: 'user', pieces: [{ picture: 0 }] },
        { role: 'assistant', pieces: ['<think>so</think><answer>no</answer>'] },
      ],
    })
    expect(fill(thought, think).turns[1]!.text).toBe('<think>so</think><answer>no</answer>')
  })

  it('gives the true masks on request, each set of regions once', () => {
    const both: Piece = { regions: ['man', 'dog'], form: { as: 'words' } }
    const truth = { kind: 'masks', pieces: [MAN, ' ', both, ' ', MAN], previous: ['before ', MAN] }
    const rleOf = (regions: readonly string[]) => ({ size: [480, 640] as const, counts: regions.join('+') })
    const one = conversation([{ picture: 0 }], { truth })
    expect(fill(one, { rleOf }).truth).toEqual({
      kind: 'masks',
      text: `${words} <|mt_start|><|mt_0000|><|mt_0258|><|mt_end|> ${words}`,
      previous: `before ${words}`,
      masks: [
        { size: [480, 640], counts: 'man' },
        { size: [480, 640], counts: 'man+dog' },
      ],
    })
    expect(fill(one).truth).not.toHaveProperty('masks')
  })

  it('refuses pictures that are not shown once each, in order, and forged places', () => {
    const two = { pictures: [{}, {}] }
    for (const one of [
      conversation(['no picture']),
      conversation([{ picture: 0 }, { picture: 0 }]),
      conversation([{ picture: 1 }, { picture: 0 }], two),
      conversation([{ picture: 0 }, '<image>']),
      conversation([{ picture: 0 }], two),
    ]) {
      expect(() => fill(one)).toThrow(DataError)
      expect(() => fill(one)).toThrow(/17\/test\/0/)
    }
    expect(() => fill(conversation([{ picture: 0 }]), { pictures: [] })).toThrow(/it has 1 and was given 0/)
  })
})

describe('chance', () => {
  it('depends on every part and its boundaries', () => {
    const seeds = [
      seedOf(1, 'ab', 'c'),
      seedOf(1, 'a', 'bc'),
      seedOf(1, 'abc'),
      seedOf(2, 'ab', 'c'),
      seedOf(1, 'ab', 'c', 0),
    ]
    expect(new Set(seeds).size).toBe(5)
    expect(seedOf(1, 'ab', 'c')).toBe(seeds[0])
  })

  it('uses all templates about equally', () => {
    const counts = new Map<string, number>()
    for (let k = 0; k < 4000; k++) {
      const one = pick(seededBy(0, 'task', String(k), 0), ['a', 'b', 'c', 'd'])
      counts.set(one, (counts.get(one) ?? 0) + 1)
    }
    // 1000 each; the standard deviation is 27.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(140)
  })

  it('takes some of a list in its order', () => {
    const some = someOf(seededBy(1, 'x'), [1, 2, 3, 4, 5, 6], 3)
    expect(some).toHaveLength(3)
    expect([...some].sort((a, b) => a - b)).toEqual(some)
    expect(someOf(seededBy(1, 'x'), [1, 2], 0)).toEqual([1, 2])
  })
})
