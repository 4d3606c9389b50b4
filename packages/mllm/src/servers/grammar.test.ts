// The regular expressions allow what the neutral machine allows, token by token; grammars of llama.cpp and XGrammar are held to it by the
// real libraries (interop/servers.test.ts).
import {
  himtokVocabulary,
  type SpanVocabulary,
  samtokVocabulary,
  withTokenIds,
  wordsOf,
} from '@maskwords/words'
import { describe, expect, it } from 'vitest'
import { type ConstraintMachine, constraintMachine, walk } from '../constraint.ts'
import { gbnfOfTokens, type Imposed, regexOf } from './grammar.ts'

const FIRST = 100
/** Text that nearly is a mask word, and text that is none; ids below the words'. */
const TEXTS = ['a', '<', '<|', '<|m', '<|mt', '|', 'mt_', '\n', '>', '<<', 'é']

const takes = (states: ConstraintMachine, ids: readonly number[]) => {
  const machine = walk(states)
  for (const id of ids) {
    const allowed = machine.allowed()
    if (allowed === undefined ? machine.refused().includes(id) : !allowed.includes(id)) return false
    machine.take(id)
  }
  return machine.mayEnd()
}

describe.each([
  ['SAMTok', samtokVocabulary()],
  ['SAMTok of three levels of 40', samtokVocabulary({ codesPerLevel: 40, levels: 3 })],
  ['HiMTok', himtokVocabulary({ codes: 1024, maxLength: 4 })],
])('%s', (_, plain) => {
  const vocabulary = withTokenIds(plain, { firstTokenId: FIRST }) as SpanVocabulary
  const words = wordsOf(vocabulary)
  const samtok = vocabulary.kind === 'samtok'
  const endAt = samtok ? words.length - 1 : 1
  let seed = 5
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return (seed >> 8) % below
  }
  const code = (level: number) =>
    FIRST +
    (samtok ? 1 + level * vocabulary.codesPerLevel + random(vocabulary.codesPerLevel) : 2 + random(1024))
  const span = () => {
    const length = samtok ? vocabulary.levels : 1 + random(vocabulary.maxLength)
    return [FIRST, ...Array.from({ length }, (_, level) => code(level)), FIRST + endAt]
  }
  const textOf = (ids: readonly number[]) =>
    ids.map((id) => (id < FIRST ? TEXTS[id]! : words[id - FIRST]!)).join('')
  const strays = (ids: readonly number[]) => {
    let inside = false
    return ids.some((id) => {
      if (id === FIRST) inside = true
      const stray = id > FIRST && !inside
      if (id === FIRST + endAt) inside = false
      return stray
    })
  }

  it.each<[string, Imposed]>([
    ['forced', { mode: 'forced' }],
    ['free', { mode: 'free' }],
    ['none', { mode: 'count', masks: 0 }],
    ['two', { mode: 'count', masks: 2 }],
  ])('%s', (_, constraint) => {
    const whole = new RegExp(`^(?:${regexOf(constraint, vocabulary)})$`)
    const machine = constraintMachine(constraint, vocabulary)!
    const taken = { yes: 0, no: 0 }
    for (let round = 0; round < 1500; round++) {
      const masks = random(4)
      const parts = Array.from({ length: masks }, () => [
        ...(constraint.mode === 'forced' && random(3) > 0
          ? []
          : Array.from({ length: random(3) }, () => random(TEXTS.length))),
        ...span(),
      ])
      const ids = [...parts.flat(), ...Array.from({ length: random(3) }, () => random(TEXTS.length))]
      // Often something is wrong: a token too much, too little or of another kind.
      const at = random(ids.length + 1)
      const change = random(5)
      if (change === 0) ids.splice(at, 1)
      else if (change === 1) ids.splice(at, 0, FIRST + random(words.length))
      else if (change === 2) ids.splice(at, 1, random(TEXTS.length))
      // Texts that spell a mask word together are another matter: read, they are one.
      const text = textOf(ids)
      const spelled = ids.some(
        (id, i) =>
          id < FIRST &&
          (ids[i + 1] ?? FIRST) < FIRST &&
          `${TEXTS[id]}${TEXTS[ids[i + 1]!]}`.includes('<|mt_'),
      )
      if (spelled || (constraint.mode === 'free' && strays(ids))) continue
      const wanted = takes(machine, ids)
      expect(whole.test(text), JSON.stringify(text)).toBe(wanted)
      taken[wanted ? 'yes' : 'no']++
    }
    expect(taken.yes).toBeGreaterThan(20)
    expect(taken.no).toBeGreaterThan(100)
  })
})

it('grammars over tokens need ids, and no more masks than can be counted', () => {
  expect(() => gbnfOfTokens({ mode: 'forced' }, samtokVocabulary())).toThrow(
    'ids of the samtok words are not known',
  )
  expect(() => regexOf({ mode: 'count', masks: 1001 }, samtokVocabulary())).toThrow('up to 1000')
})
