import { readFileSync } from 'node:fs'
import { evaluateMetrics, type Metric } from '@maskwords/eval'
import { maskFromRowMajor } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DlcQuestion, dlcMetrics, dlcQuestions, readDlcReply, scoreDlc, worstDlc } from './dlc-bench.ts'
import { isPlural, withArticle } from './english-name.ts'
import { markedPicture, mdvpMetrics, readMdvpReply, scoreMdvp } from './mdvp-bench.ts'
import { filled, promptOfFile } from './template.ts'
import { readVideoReferReply, scoreVideoRefer, videoReferMetrics } from './videorefer-d.ts'

const recorded = JSON.parse(
  readFileSync(new URL('../fixtures/recorded-scores.json', import.meta.url), 'utf8'),
)
type Values = Readonly<Record<string, number>>
const numbers = (metrics: readonly Metric[], values: readonly Values[]) =>
  evaluateMetrics(
    values.map((one, k) => ({ id: String(k), status: 'scored', values: one })),
    metrics,
  )

describe('official mode gives what the published scripts give for the same replies', () => {
  it('DLC-Bench: the option that each reply names, and the three averages', () => {
    const values = recorded.dlc.regions.map(
      (region: {
        questions: { type: string; choices: [string, number | string][] }[]
        answers: string[]
        indices: (number | null)[]
      }) => {
        const questions = region.questions.map(
          ({ type, choices }): DlcQuestion => ({
            kind: type,
            text: '?',
            options: choices.map(([option]) => option),
            scores: choices.map(([, score]) => score),
          }),
        )
        const chosen = questions.map(({ options }, k) =>
          readDlcReply(region.answers[k]!, options, 'official'),
        )
        expect(chosen.map((index) => index ?? null)).toEqual(region.indices)
        return scoreDlc(questions, chosen, 'official')
      },
    )
    const { positive, negative, average } = numbers(dlcMetrics(), values)
    for (const [k, value] of [positive, negative, average].entries())
      expect(value).toBeCloseTo(recorded.dlc.average[k], 12)
  })

  it('MDVP-Bench: grades, -1 where there are none, and the ratio', () => {
    const { replies, tuples, ratio } = recorded.mdvp
    const grades = replies.map((reply: string) => readMdvpReply(reply, 'official'))
    expect(grades.map((one: unknown) => one ?? [-1, -1])).toEqual(tuples)
    const values = grades.map((one: ReturnType<typeof readMdvpReply>) => scoreMdvp(one, 'official'))
    expect(numbers(mdvpMetrics(), values)['relativeScore']).toBeCloseTo(ratio, 12)
  })

  it('VideoRefer-Bench-D: points of numbered lines, means over the samples that have them, the mean of the four', () => {
    const { replies, points, means, average } = recorded.videorefer
    const columns = [
      'subjectCorrespondence',
      'appearanceDescription',
      'temporalDescription',
      'hallucinationDetection',
    ] as const
    const read = replies.map((reply: string) => readVideoReferReply(reply, 'official'))
    expect(
      read.map(
        (one: ReturnType<typeof readVideoReferReply>) => one && columns.map((column) => one[column] ?? null),
      ),
    ).toEqual(points.map((one: unknown) => one ?? undefined))
    const values = read.map((one: ReturnType<typeof readVideoReferReply>) => scoreVideoRefer(one, 'official'))
    const found = numbers(videoReferMetrics(), values)
    for (const [k, column] of columns.entries()) expect(found[column]).toBeCloseTo(means[k], 12)
    expect(found['average']).toBeCloseTo(average, 12)
  })

  it('articles and plurals are those of the library that the script asks', () => {
    for (const [name, article, plural] of recorded.names as [string, string, boolean][])
      expect([name, withArticle(name), isPlural(name)]).toEqual([name, article, plural])
  })
})

const QUESTIONS: DlcQuestion[] = [
  { kind: 'positive', text: 'Colour?', options: ['Red', 'Blue', 'Not said'], scores: [1, -1, 0] },
  { kind: 'negative', text: 'A lid?', options: ['Yes', 'No'], scores: [-1, 1] },
]

describe('correct mode', () => {
  it('DLC-Bench by hand: right, not recognised, unreadable, no description', () => {
    const questions = dlcQuestions('traffic lights', QUESTIONS)
    expect(questions[0]).toMatchObject({ kind: 'recognition', options: ['Yes', 'No'] })
    expect(questions[0]!.text).toContain('be traffic lights, or')
    expect(dlcQuestions('owl', QUESTIONS)[0]!.text).toContain('be an owl, or')
    const values = (...chosen: (number | undefined)[]) => scoreDlc(questions, chosen, 'correct')
    expect(values(0, 0, 1)).toMatchObject({ recognised: 1, positive: 1, negative: 1 })
    expect(values(1, 0, 0)).toMatchObject({ recognised: 0, positive: 0, negative: -1 })
    expect(values(undefined, 0, 1)).toMatchObject({ recognised: 0, positive: 0, negative: 0 })
    expect(values(0, undefined, undefined)).toMatchObject({ positive: -1, negative: -1 })
    expect(worstDlc(questions)).toMatchObject({ recognised: 0, positive: -1, negative: -1 })
  })

  it('a reply with two points for one thing, outside the scale, or for three of four says nothing', () => {
    const four = (points: string) =>
      `Subject Correspondence: 4\n**Appearance Description**: 3.5/5\n- Temporal Description = ${points}\n"Hallucination Detection": 0,`
    expect(readVideoReferReply(four('5'), 'correct')).toEqual({
      subjectCorrespondence: 4,
      appearanceDescription: 3.5,
      temporalDescription: 5,
      hallucinationDetection: 0,
    })
    for (const points of ['6', '-1', '50', '1e9', 'very good', '5.1', '4/10', '4 out of 10', '80%', '5x'])
      expect(readVideoReferReply(four(points), 'correct')).toBeUndefined()
    expect(readVideoReferReply(`${four('2')}\nTemporal Description: 4`, 'correct')).toBeUndefined()
    expect(readVideoReferReply('All of them: 5', 'correct')).toBeUndefined()
    expect(readVideoReferReply(`<think>${four('1')}</think>${four('2')}`, 'correct')).toMatchObject({
      temporalDescription: 2,
    })
  })

  it('grades are two numbers from 1 to 10, alone on the first line', () => {
    const read = (reply: string) => readMdvpReply(reply, 'correct')
    for (const reply of ['8 9.5\nwhy', '\n 8, 9.5 ', '**8 9.5**\n', '<think>1 1</think>\n8 9.5'])
      expect(read(reply)).toEqual([8, 9.5])
    for (const reply of [
      '',
      '8',
      '8 9 10',
      '0 9',
      '8 11',
      '8/10 9/10',
      'I grade 8 9',
      '-8 9',
      '8 9 because',
      '80 90',
    ])
      expect(read(reply)).toBeUndefined()
  })

  it('no reply is better than the best or crashes, whatever it says', () => {
    const bits = [
      '1. ',
      'Subject Correspondence',
      'Temporal Description',
      ': ',
      '5',
      '10',
      '.',
      ' ',
      '\n',
      'A',
      'Yes',
      '{',
      '"',
      '<think>',
      '-',
      'e5',
      '∞',
    ]
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...bits), { maxLength: 30 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(text, fc.constantFrom('correct' as const, 'official' as const), (reply, mode) => {
        const index = readDlcReply(reply, ['Yes', 'No'], mode)
        expect([undefined, 0, 1]).toContain(index)
        const points = readVideoReferReply(reply, mode) ?? {}
        if (mode === 'correct')
          for (const value of Object.values(points)) expect(value >= 0 && value <= 5).toBe(true)
        const grades = readMdvpReply(reply, mode)
        if (mode === 'correct') for (const grade of grades ?? []) expect(grade >= 1 && grade <= 10).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

describe('prompts of a file', () => {
  const places = { answer: ['pred'], reference: [] }
  const usual = { system: 'ours', user: '{reference} {answer}' }
  it('without a place it is the system message; with places the user message; a line of --- parts both', () => {
    const read = (text: string) => promptOfFile(text, usual, places, 'p.txt')
    expect(read('Be fair.\n')).toEqual({ system: 'Be fair.', user: usual.user })
    expect(read('Is {pred} good?\r\n')).toEqual({ user: 'Is {pred} good?' })
    expect(read('Be fair.\n---\nIs {answer} good?')).toEqual({
      system: 'Be fair.',
      user: 'Is {answer} good?',
    })
    expect(() => read('Is {anser} good?')).toThrow('nothing stands for {anser}')
    expect(() => read(' \n')).toThrow('no prompt')
    const needing = (text: string) => promptOfFile(text, usual, places, 'p.txt', ['answer'])
    expect(needing('Be fair.')).toEqual({ system: 'Be fair.', user: usual.user })
    expect(needing('Is {pred} good?').user).toBe('Is {pred} good?')
    expect(() => needing('{reference}')).toThrow('no place for the answer')
    expect(() => needing('Be fair.\n---\nYes?')).toThrow('no place for the answer')
  })

  it('what stands in a place is not looked into', () => {
    expect(filled('{pred} {reference} {x}', places, { answer: '{reference}', reference: 'b' })).toBe(
      '{reference} b {x}',
    )
  })
})

it('marked regions are outlined in green on a dimmed picture', () => {
  const rgb = new Uint8Array(40 * 30 * 3).fill(200)
  const bytes = new Uint8Array(40 * 30)
  for (let y = 5; y < 25; y++) bytes.fill(1, y * 40 + 5, y * 40 + 35)
  const mask = maskFromRowMajor({ widthPx: 40, heightPx: 30, bytes })
  const drawn = markedPicture({ widthPx: 40, heightPx: 30, rgb }, [mask])
  const at = (x: number, y: number) => [...drawn.rgb.subarray((y * 40 + x) * 3, (y * 40 + x) * 3 + 3)]
  expect(at(0, 0)).toEqual([160, 160, 160])
  expect(at(5, 15)).toEqual([0, 255, 0])
  expect(at(30, 22)).toEqual([160, 160, 160])
  expect(rgb[0]).toBe(200)
})
