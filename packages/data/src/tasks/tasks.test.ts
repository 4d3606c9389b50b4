import {
  boxFromXyxyPx,
  getokVocabulary,
  misspeltGetokWords,
  NO_TARGET,
  pairGetokOffsets,
  parseGetok,
  parseGroundedCaption,
  parseJsonAnswer,
  parseMaskWords,
  parseReferences,
  parseSceneGraph,
  parseThinkAnswer,
  plainCaption,
  readAnswer,
  saidMasks,
  sanitiseText,
  saysNoTarget,
} from '@maskwords/words'
import { describe, expect, it } from 'vitest'
import type { DataRecord } from '../../../datasets/src/record.ts'
import {
  CATEGORIES,
  codesOf,
  filled,
  HIMTOK,
  hostileStreet,
  type Language,
  SAMTOK,
  STREET,
} from '../../test/sample-records.ts'
import type { FilledConversation, TaskConversation, TaskOptions } from '../conversation.ts'
import { fillConversation } from './fill.ts'
import { TASKS, taskByName } from './index.ts'

const GRID = getokVocabulary()

function optionsOf(more: Partial<TaskOptions> = {}): TaskOptions {
  return { seed: 1, settings: {}, categories: CATEGORIES, ...more }
}

function built(name: string, more: Partial<TaskOptions> = {}, record: DataRecord = STREET) {
  return taskByName(name).build(record, optionsOf(more))
}

/** Conversations of the street, filled with SAMTok words unless another language is asked for. */
function said(name: string, more: Partial<TaskOptions> = {}): FilledConversation[] {
  return built(name, more).map((one) => filled(one, STREET, more.language ?? 'samtok'))
}

const answerOf = (conversation: FilledConversation) => conversation.turns.at(-1)!.text
const requestOf = (conversation: FilledConversation) => conversation.turns.at(-2)!.text
const codes = (...ids: string[]) => codesOf(STREET, ids)

describe('every task', () => {
  it('has a name of its own, and needs and settings that say something', () => {
    expect(new Set(TASKS.map((task) => task.name)).size).toBe(TASKS.length)
    for (const { needs, settings, title } of TASKS) {
      expect(needs.length).toBeGreaterThan(0)
      expect(title).not.toBe('')
      for (const { help } of Object.values(settings)) expect(help.length).toBeGreaterThan(10)
    }
    expect(() => taskByName('refering')).toThrow(/no task "refering"/)
  })

  it('makes conversations of the street: unique ids, turns that alternate and end with the answer', () => {
    for (const task of TASKS) {
      const conversations = task.build(STREET, optionsOf())
      expect(conversations.length, task.name).toBeGreaterThan(0)
      expect(new Set(conversations.map(({ id }) => id)).size).toBe(conversations.length)
      for (const { id, turns, truth } of conversations) {
        expect(id).toMatch(new RegExp(`^17/${task.name}/\\d+$`))
        expect(turns.map(({ role }) => role)).toEqual(
          turns.map((_, at) => (at % 2 === 0 ? 'user' : 'assistant')),
        )
        expect(turns.length % 2).toBe(0)
        expect(truth).toBeDefined()
      }
    }
  })

  it('depends on seed, task and record alone, not on what was built before', () => {
    const other = { ...STREET, id: '18' }
    for (const task of TASKS) {
      const first = JSON.stringify(task.build(STREET, optionsOf()))
      task.build(other, optionsOf())
      expect(JSON.stringify(task.build(STREET, optionsOf()))).toBe(first)
    }
    const all = (seed: number) => JSON.stringify(TASKS.map((task) => task.build(STREET, optionsOf({ seed }))))
    expect(all(2)).not.toBe(all(1))
  })

  it('takes a record with nothing in it, with dangling ids and with senseless numbers', () => {
    const nothing: DataRecord = {
      ...STREET,
      regions: [],
      phrases: [],
      captions: [],
      relations: [],
      dialogues: [],
      choices: [],
    }
    const dangling: DataRecord = { ...STREET, regions: [] }
    const senseless: DataRecord = {
      ...STREET,
      regions: STREET.regions.map((region) => ({
        ...region,
        boxXywhPx: [Number.NaN, -1e9, 0, Infinity] as const,
      })),
      captions: [
        {
          text: 'abc',
          spans: [
            { start: 2, end: 1, regions: ['man'] },
            { start: -1, end: 9, regions: ['man'] },
            { start: Number.NaN, end: 2, regions: ['man'] },
          ],
        },
      ],
      choices: [{ question: ['?'], options: ['a', 'b'], right: 7 }],
    }
    const settings = { limit: 'many', most: -1, lengths: 'x', rounds: Number.NaN, answer: 'xml' }
    for (const task of TASKS) {
      expect(task.build(nothing, optionsOf()), task.name).toEqual([])
      for (const { truth } of task.build(dangling, optionsOf()))
        expect(['no-target', 'name']).toContain(truth!.kind)
      task.build(senseless, optionsOf({ settings }))
      task.build(STREET, optionsOf({ settings, categories: [] }))
    }
  })
})

describe('answers read back', () => {
  it('referring: the label and codes of each target, the sentence for none', () => {
    const [one, several, none, dog] = said('referring')
    const entries = (conversation: FilledConversation) =>
      parseJsonAnswer(answerOf(conversation), SAMTOK)!.entries.map(({ label, masks, problems }) => ({
        label: label!.text,
        codes: masks[0]!.codes,
        problems,
      }))
    const read = (label: string, id: string) => ({ label, codes: codes(id), problems: [] })
    expect(entries(one!)).toEqual([read('the man in the blue coat', 'man')])
    expect(entries(several!)).toEqual([read('both people', 'man'), read('both people', 'woman')])
    expect(answerOf(none!)).toBe('No target.')
    expect(none!.truth).toEqual({ kind: 'no-target', text: 'No target.', extra: { masks: 0 } })
    expect(entries(dog!)).toEqual([read('the small dog', 'dog')])
    expect(requestOf(one!)).toMatch(/^<image>\n.*the man in the blue coat.*/)
    // The phrase whose region is missing is left out; numbers stay those of the record.
    expect(built('referring').map(({ id }) => id)).toEqual([0, 1, 2, 3].map((n) => `17/referring/${n}`))
  })

  it('referring: one mask for the union, no questions without a target, at most so many', () => {
    const [, several] = said('referring', { settings: { union: true } })
    const { spans } = parseMaskWords(answerOf(several!), SAMTOK)
    expect(spans.map((span) => span.codes)).toEqual([[0, 2]])
    expect(said('referring', { settings: { noTarget: false } })).toHaveLength(3)
    expect(said('referring', { settings: { limit: 2 } })).toHaveLength(2)
  })

  it('referring: GETok answers with lines, HiMTok with a sentence, unless told otherwise', () => {
    const [, several] = said('referring', { language: 'getok' })
    const { instances, problems } = parseGetok(answerOf(several!), GRID)
    expect(problems).toEqual([])
    expect(instances.map(({ label, geometries }) => [label, geometries.map(({ kind }) => kind)])).toEqual([
      ['both people', ['box', 'seg']],
      ['both people', ['box', 'seg']],
    ])
    const [one] = said('referring', { language: 'himtok' })
    expect(answerOf(one!)).toMatch(/^[A-Z][a-z ,:]+<\|mt_start\|>(<\|mt_\d+\|>){32}<\|mt_end\|>\.$/)
    const [bare] = said('referring', { settings: { answer: 'bare' } })
    expect(answerOf(bare!)).toBe('<|mt_start|><|mt_0000|><|mt_0257|><|mt_end|>')
  })

  it('reasoning: masks where the answer has its marker, else in the common form', () => {
    const [spoken, plain] = said('reasoning')
    expect(answerOf(spoken!)).toBe(
      'The man <|mt_start|><|mt_0000|><|mt_0257|><|mt_end|> holds its leash, so he would have to stop.',
    )
    expect(answerOf(plain!)).toMatch(/^[A-Z][a-z ,:]+<\|mt_start\|><\|mt_0003\|><\|mt_0257\|><\|mt_end\|>\.$/)
    const [, list] = said('reasoning', { settings: { answer: 'json' } })
    expect(parseJsonAnswer(answerOf(list!), SAMTOK)!.entries[0]!.label!.text).toBe('car')
    expect(requestOf(plain!)).toContain('What could carry everyone home?')
  })

  it('token-budget: as many words as the request says', () => {
    const conversations = said('token-budget', { language: 'himtok', settings: { lengths: '4, 16' } })
    expect(conversations).toHaveLength(3)
    for (const conversation of conversations) {
      const { length } = conversation.truth!.extra!
      expect([4, 16]).toContain(length)
      expect(requestOf(conversation)).toContain(`${length} tokens`)
      for (const span of parseMaskWords(answerOf(conversation), HIMTOK).spans)
        expect(span.ids).toHaveLength(length as number)
    }
  })

  it('existence: yes and the mask, or no and nothing', () => {
    const [there, , absent] = said('existence')
    expect(there!.turns.map(({ text }) => text)[1]).toBe('Yes')
    expect(parseMaskWords(answerOf(there!), SAMTOK).spans[0]!.codes).toEqual(codes('man'))
    expect(absent!.turns).toHaveLength(2)
    expect(answerOf(absent!)).toBe('No')
  })

  it('counting: the number and a mask of each from left to right, nothing said in words, and only where all are known', () => {
    const answers = said('counting')
    const people = answers.find(({ truth }) => truth!.extra!['masks'] === 2)
    expect(requestOf(people!)).toContain('"person"')
    expect(answerOf(people!)).toMatch(/^2\n/)
    expect(parseMaskWords(answerOf(people!), SAMTOK).spans.map((span) => span.codes)).toEqual(
      ['woman', 'man'].map((id) => codes(id)),
    )
    const none = answers.find(({ truth }) => truth!.extra!['masks'] === 0)
    expect(answerOf(none!)).toBe(NO_TARGET)
    expect(said('counting', { settings: { most: 1, absent: false } }).map(answerOf)).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/^2|No target/)]),
    )
    // The stop sign is in the picture, as a box; benches as a crowd, bicycles in ignored pixels: they are not counted.
    const requests = Array.from({ length: 20 }, (_, seed) =>
      said('counting', { seed, settings: { limit: 0 } }),
    )
      .flat()
      .map(requestOf)
    for (const name of ['stop sign', 'bench', 'bicycle'])
      expect(requests.filter((request) => request.includes(name))).toEqual([])
  })

  it('open-vocabulary: every object once, from left to right, and names that are not there', () => {
    const [list] = said('open-vocabulary')
    const { entries } = parseJsonAnswer(answerOf(list!), SAMTOK)!
    expect(entries.map(({ label }) => label!.text)).toEqual(['person', 'person', 'car', 'dog'])
    expect(entries.map(({ masks }) => masks[0]!.codes)).toEqual(
      ['woman', 'man', 'car', 'dog'].map((id) => codes(id)),
    )
    const names = JSON.parse(`[${/("[^.?]*")/.exec(requestOf(list!))![1]}]`) as string[]
    expect(names).toEqual(expect.arrayContaining(['person', 'dog', 'car']))
    // The stop sign is in the picture, as a box; benches as a crowd, bicycles in ignored pixels: none is a distractor, none asked for.
    for (const name of ['stop sign', 'bench', 'bicycle']) expect(names).not.toContain(name)
    const [kinds] = said('open-vocabulary', { settings: { instances: false } })
    const unions = parseJsonAnswer(answerOf(kinds!), SAMTOK)!.entries
    expect(unions.map(({ label }) => label!.text)).toEqual(['person', 'car', 'dog'])
    expect(unions[0]!.masks[0]!.codes).toEqual([2, 2])
    const most = { most: 1, distractors: 0 }
    expect(
      parseJsonAnswer(answerOf(said('open-vocabulary', { settings: most })[0]!), SAMTOK)!.entries,
    ).toHaveLength(1)
  })

  it('grounded-caption: phrases with their masks; the plain caption is the dataset\u2019s', () => {
    const [conversation] = said('grounded-caption')
    const caption = parseGroundedCaption(answerOf(conversation!), SAMTOK)
    expect(
      caption.phrases.map(({ phrase, masks, problems }) => [phrase.text, masks[0]!.codes, problems]),
    ).toEqual([
      ['A man', codes('man'), []],
      ['his dog', codes('dog'), []],
      ['a parked car', codes('car'), []],
    ])
    expect(plainCaption(answerOf(conversation!))).toBe('A man walks his dog past a parked car .')
  })

  it('scene graphs: the triples in all four forms, and what is given beside the request', () => {
    for (const name of ['scene-graph', 'scene-graph-candidates', 'scene-graph-given', 'scene-graph-rounds']) {
      const [conversation] = said(name)
      const { triples } = parseSceneGraph(answerOf(conversation!), SAMTOK)!
      expect(
        triples.map(({ subject, predicate, object }) => [
          subject.label!.text,
          subject.masks[0]!.codes,
          predicate!.text,
          object.label!.text,
          object.masks[0]!.codes,
        ]),
      ).toEqual([
        ['person', codes('man'), 'walking with', 'dog', codes('dog')],
        ['dog', codes('dog'), 'in front of', 'car', codes('car')],
      ])
      const asked = conversation!.turns.filter(({ role }) => role === 'user').map(({ text }) => text)
      const shown = parseMaskWords(asked.join(''), SAMTOK).spans.map((span) => span.codes)
      expect(shown.map(([first]) => first).sort()).toEqual(name === 'scene-graph-given' ? [0, 1, 3] : [])
      if (name !== 'scene-graph') expect(asked.join('')).toContain('"walking with"')
      if (name === 'scene-graph-rounds') {
        const list = parseJsonAnswer(conversation!.turns[1]!.text, SAMTOK)!.entries
        // Every person, though only one of them relates to anything.
        expect(list.map(({ label }) => label!.text)).toEqual(['person', 'person', 'car', 'dog'])
      }
    }
  })

  it('thinking: a thought, then the answer, which alone is the truth', () => {
    const conversations = said('thinking')
    expect(conversations).toHaveLength(6)
    for (const conversation of conversations) {
      const text = answerOf(conversation)
      const { found, think, answer } = parseThinkAnswer(text)
      expect(found).toBe('tags')
      expect(text.slice(think!.start, think!.end)).not.toBe('')
      expect(text.slice(answer!.start, answer!.end)).toBe(conversation.truth!.text)
      expect(readAnswer(text, SAMTOK).noTarget).toBe(conversation.truth!.kind === 'no-target')
    }
    expect(saysNoTarget(answerOf(conversations[2]!))).toBe(true)
    expect(answerOf(conversations[1]!)).toContain(
      'It means 2 of 2 regions called "person", to be found at the centre, the left.</think>',
    )
    expect(answerOf(conversations[4]!)).toContain(
      '<think>The man holds its leash, so he would have to stop.</think>',
    )
  })

  it('boxes: what the box readers read', () => {
    const size = STREET.picture
    const man = boxFromXyxyPx([300, 100, 380, 340], size)
    const [toMask] = said('box-to-mask')
    expect(parseReferences(requestOf(toMask!))[0]!.boxes).toEqual([man])
    expect(parseMaskWords(answerOf(toMask!), SAMTOK).spans[0]!.codes).toEqual(codes('man'))
    const [toBox] = said('mask-to-box')
    expect(answerOf(toBox!)).toBe('<box>[[468, 208, 593, 708]]</box>')
    for (const [order, start] of [
      ['mask-box', '<|mt_start|>'],
      ['box-mask', '<box>'],
      ['box', '<box>'],
    ] as const) {
      const [both] = said('referring-box', { settings: { order } })
      expect(parseReferences(requestOf(both!))[0]!.phrase!.text).toBe('the man in the blue coat')
      expect(parseReferences(answerOf(both!))[0]!.boxes).toEqual([man])
      expect(answerOf(both!).startsWith(start)).toBe(true)
    }
    const [grid] = said('mask-to-box', { language: 'getok' })
    expect(answerOf(grid!)).toBe('<box><grid_15_6><grid_18_22></box>')
  })

  it('pointing, polylines, refinement: GETok\u2019s own geometry', () => {
    const points = said('pointing', { language: 'getok' })
    expect(answerOf(points[1]!)).toMatch(/^both people: <grid_\d+_\d+>, <grid_\d+_\d+>$/)
    // From left to right: the woman is asked for second but stands first.
    const [woman, man] = parseGetok(answerOf(points[1]!), GRID).instances[0]!.geometries
    expect(woman!.codes[0]! % 32).toBeLessThan(man!.codes[0]! % 32)

    const lines = said('polyline', { language: 'getok', settings: { only: 'dog, person' } })
    expect(lines).toHaveLength(2)
    for (const line of lines) {
      for (const { geometries } of parseGetok(answerOf(line), GRID).instances) {
        expect(geometries.map(({ kind }) => kind)).toEqual(['pl'])
      }
    }

    const refinements = said('refinement', { language: 'getok', settings: { points: 5 } })
    expect(refinements).toHaveLength(2)
    for (const conversation of refinements) {
      const asked = parseGetok(requestOf(conversation), GRID)
      const answer = parseGetok(answerOf(conversation), GRID)
      expect(asked.instances.flatMap(({ geometries }) => geometries.map((one) => one.codes.length))).toEqual([
        2, 5,
      ])
      expect(answer.refinements).toHaveLength(1)
      expect(pairGetokOffsets(asked.instances, answer.refinements[0]!).ok).toBe(true)
      expect(requestOf(conversation)).toContain(conversation.truth!.previous!)
    }
  })

  it('regions: small ones are shown a second time, enlarged, with words of their own', () => {
    const [man, dog] = built('region-caption')
    expect(man!.pictures).toEqual([
      {},
      { crop: { regions: ['man'], margin: 0, leastSidePx: 140, growToPx: 280 } },
    ])
    const text = filled(dog!, STREET)
    expect(requestOf(text).split('<image>')).toHaveLength(3)
    expect(parseMaskWords(requestOf(text), SAMTOK).spans.map((span) => span.codes)).toEqual([
      [1, 1],
      [1, 101],
    ])
    expect(answerOf(text)).toBe('A small brown dog on a leash.')
    // 60 x 50 pixels become 140 x 140 around the same middle, twice enlarged.
    expect(text.pictures[1]).toMatchObject({ widthPx: 280, heightPx: 280 })
    const whole = built('region-caption', { settings: { zoomBelow: 0 } })
    expect(whole.every(({ pictures }) => pictures.length === 1)).toBe(true)
    // The car covers half of the picture.
    const names = said('region-question', { settings: { limit: 0 } })
    expect(names.map((one) => [answerOf(one), one.pictures.length])).toEqual([
      ['person', 2],
      ['dog', 2],
      ['person', 2],
      ['car', 1],
      ['walking with', 1],
      ['in front of', 1],
    ])
  })

  it('mask-choice: the letter stands before the right answer', () => {
    const [own, ...made] = said('mask-choice')
    expect(requestOf(own!)).toMatch(new RegExp(`\\n${answerOf(own!)}\\. Walking\\n`))
    expect(requestOf(own!)).toMatch(
      /^<image>\nWhat is <\|mt_start\|><\|mt_0001\|><\|mt_0257\|><\|mt_end\|> doing\?\n/,
    )
    expect(made).toHaveLength(4)
    const right: Record<number, string[]> = {
      0: ['the man in the blue coat', 'person'],
      1: ['the small dog', 'dog'],
      2: ['person'],
      3: ['car'],
    }
    for (const one of made) {
      const asked = requestOf(one)
      const region = parseMaskWords(asked, SAMTOK).spans[0]!.codes[0]!
      const chosen = new RegExp(`\\n${answerOf(one)}\\. (.*)\\n`).exec(asked)![1]!
      expect(right[region]).toContain(chosen)
    }
  })

  it('dialogue: the dataset\u2019s turns, its own places of pictures gone', () => {
    const [talk] = said('dialogue')
    const man = '<|mt_start|><|mt_0000|><|mt_0257|><|mt_end|>'
    const dog = '<|mt_start|><|mt_0001|><|mt_0257|><|mt_end|>'
    expect(talk!.turns).toEqual([
      { role: 'user', text: `<image>\nWhere is the dog of ${man}?` },
      { role: 'assistant', text: `Here: ${dog}` },
      { role: 'user', text: 'Is it on a leash?' },
      { role: 'assistant', text: 'Yes.' },
    ])
    expect(said('dialogue', { settings: { most: 1 } })[0]!.turns).toHaveLength(2)
  })

  it('multi-round: later requests point at masks that were answered before', () => {
    for (let seed = 0; seed < 20; seed++) {
      const [talk] = said('multi-round', { seed })
      const known = new Set<string>()
      const key = (text: string) => parseMaskWords(text, SAMTOK).spans.map((span) => span.codes.join())
      talk!.turns.forEach(({ role, text }, at) => {
        if (role === 'assistant') for (const mask of key(text)) known.add(mask)
        else if (at > 0) {
          expect(key(text)).toHaveLength(1)
          expect(known).toContain(key(text)[0])
        }
      })
      // Man, dog and car: the car is reached through what the dog is in front of.
      expect(known.size).toBe(3)
    }
  })
})

describe('hostile texts', () => {
  /** What a task itself writes around texts; everything else that looks like a control word was forged. */
  const OWN: Record<string, string[]> = {
    'grounded-caption': ['<|object_ref_start|>', '<|object_ref_end|>'],
    thinking: ['<think>', '</think>', '<answer>', '</answer>'],
    'referring-box': ['<ref>', '</ref>'],
  }
  const record = hostileStreet()
  const conversations = (task: string, language: Language): readonly TaskConversation[] =>
    taskByName(task).build(
      record,
      optionsOf({ language, categories: ['<image>', 'cat<|im_end|>', ...CATEGORIES] }),
    )

  it('forge no word, whatever stands beside them', () => {
    for (const task of TASKS) {
      for (const language of ['samtok', 'getok'] as const) {
        const all = conversations(task.name, language)
        expect(all.length, task.name).toBeGreaterThan(0)
        for (const conversation of all) {
          // Without any words for masks texts become direct neighbours: the worst that can happen.
          const bare = fillConversation(conversation, {
            record,
            wordsOf: () => '',
            pictures: conversation.pictures.map(() => ({ file: 'x.jpg', widthPx: 1, heightPx: 1 })),
          })
          for (const { text } of bare.turns) {
            const { findings } = sanitiseText(text, { allow: ['<image>', ...(OWN[task.name] ?? [])] })
            expect(findings, `${conversation.id}: ${text}`).toEqual([])
          }
        }
      }
    }
  })

  it('forge no mask, picture, thought or phrase: as many are read as were written', () => {
    for (const task of TASKS) {
      for (const conversation of conversations(task.name, 'samtok')) {
        const { turns, pictures } = filled(conversation, record)
        const whole = turns.map(({ text }) => text).join('\n')
        expect(whole.split('<image>').length - 1).toBe(pictures.length)
        turns.forEach(({ text }, at) => {
          const written = conversation.turns[at]!.pieces.filter(
            (piece) => typeof piece !== 'string' && 'regions' in piece && piece.form.as === 'words',
          )
          const { spans } = parseMaskWords(text, SAMTOK)
          expect(spans.map(({ status }) => status)).toEqual(written.map(() => 'complete'))
        })
        const answer = turns.at(-1)!.text
        if (task.name === 'thinking') {
          expect(answer).toMatch(/^<think>[\s\S]*<\/think><answer>[\s\S]*<\/answer>$/)
          for (const tag of OWN.thinking!) expect(answer.split(tag)).toHaveLength(2)
        }
        if (task.name === 'grounded-caption') {
          for (const phrase of parseGroundedCaption(answer, SAMTOK).phrases)
            expect(phrase.problems).toEqual([])
        }
        const fences = answer.split('```')
        expect([1, 3]).toContain(fences.length)
        if (fences.length === 3) JSON.parse(fences[1]!.slice('json\n'.length))
      }
    }
  })

  it('say no mask word that a reader would tell as lost, in any language', () => {
    for (const task of TASKS) {
      for (const language of ['samtok', 'himtok', 'getok'] as const) {
        for (const conversation of conversations(task.name, language)) {
          for (const { text } of filled(conversation, record, language).turns) {
            const lost = [...saidMasks(text).unread, ...misspeltGetokWords(text)]
            const said = lost.map(({ start, end }) => text.slice(start, end))
            expect([task.name, language, text, said]).toEqual([task.name, language, text, []])
          }
        }
      }
    }
  })

  it('do not become lines of GETok', () => {
    for (const conversation of conversations('referring', 'getok')) {
      const answer = filled(conversation, record, 'getok').turns.at(-1)!.text
      const { instances, problems } = parseGetok(answer, GRID)
      expect(problems).toEqual([])
      expect(instances).toHaveLength(answer === NO_TARGET ? 0 : 1)
    }
  })
})
