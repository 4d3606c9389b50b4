// Mask perception: a question with masks in it and several answers to choose from (HiMTok 10.5, Grasp-Any-Region's
// questions). The dataset's own questions, and questions made of phrases and names. Wording: ours.

import type { Choice, DataRecord } from '@maskwords/datasets'
import type { Piece, Task, TaskConversation } from '../conversation.ts'
import { cleanPhrase, cleanStretch, requestPhrase } from './clean-text.ts'
import { conversationId, fillTemplate, maskPiece, pieces, setting, singleExchange } from './compose.ts'
import { absentNames } from './coverage.ts'
import { requestsOf } from './referring.ts'
import { nameOf } from './region-text.ts'
import { hasMask, regionsById } from './regions.ts'
import { pick, sample, seededBy, shuffled, someOf } from './seeded.ts'

const QUESTIONS: readonly string[] = [
  'Which of these fits {mask}?',
  'What does {mask} show?',
  'Which text belongs to the region {mask}?',
  'Choose what {mask} is.',
  'The part {mask} of the picture: which description is right?',
]

const ENDINGS: readonly string[] = [
  'Answer with the letter alone.',
  'Give only the letter of the right answer.',
  'Reply with one letter.',
]

/** Letters of answers; questions with more are left out. */
const LETTERS = 'ABCDEFGHIJ'

export const maskChoice: Task = {
  name: 'mask-choice',
  title: 'Mask perception: the right one of several answers about a mask',
  needs: ['masks'],
  settings: {
    own: { default: true, help: 'use the questions of the dataset where it has some' },
    made: { default: true, help: 'make questions of phrases and category names' },
    options: { default: 4, help: 'answers of a made question' },
    limit: { default: 4, help: 'made questions of one picture at most; 0 for all' },
  },
  build(record, options) {
    const random = seededBy(options.seed, 'mask-choice', record.id)
    const questions = setting(options, 'own', true) ? ownQuestions(record) : []
    if (setting(options, 'made', true)) {
      const count = Math.min(LETTERS.length, Math.max(2, setting(options, 'options', 4)))
      const made = madeQuestions(record, options.categories, count, random)
      questions.push(...someOf(random, made, setting(options, 'limit', 4)))
    }
    return questions.map(({ question, answers, right }, number): TaskConversation => {
      const own = seededBy(options.seed, 'mask-choice', record.id, number)
      const order = shuffled(
        own,
        answers.map((_, at) => at),
      )
      const letter = LETTERS[order.indexOf(right)]!
      const lines = order.map((at, place) => `${LETTERS[place]}. ${answers[at]}`).join('\n')
      return singleExchange({
        id: conversationId(record.id, 'mask-choice', number),
        task: 'mask-choice',
        request: pieces(question, `\n${lines}\n${pick(own, ENDINGS)}`),
        answer: [letter],
        truth: { kind: 'choice', pieces: [letter], extra: { options: answers.length } },
      })
    })
  },
}

/** Names that are not in the picture to choose wrong answers from, for all questions about it. */
const MOST_ABSENT = 32

type Question = {
  readonly question: readonly Piece[]
  readonly answers: readonly string[]
  readonly right: number
}

function ownQuestions(record: DataRecord): Question[] {
  return record.choices.flatMap((choice) => ownQuestion(choice, record) ?? [])
}

function ownQuestion(choice: Choice, record: DataRecord): Question | undefined {
  const byId = regionsById(record)
  const raw: Piece[] = []
  for (const piece of choice.question) {
    if (typeof piece === 'string') raw.push(piece)
    else {
      const region = byId.get(piece.region)
      if (region === undefined || !hasMask(region)) return undefined
      raw.push(maskPiece([region.id]))
    }
  }
  const question = pieces(
    pieces(raw).map((piece) => (typeof piece === 'string' ? cleanStretch(piece) : piece)),
  )
  const answers = choice.options.map((option) => cleanPhrase(option))
  const fits = answers.length >= 2 && answers.length <= LETTERS.length && answers[choice.right] !== undefined
  // Two answers that read alike have no right letter.
  if (!fits || answers.includes('') || new Set(answers).size < answers.length || question.length === 0) {
    return undefined
  }
  return { question, answers, right: choice.right }
}

function madeQuestions(
  record: DataRecord,
  categories: readonly string[],
  count: number,
  random: () => number,
): Question[] {
  const questions: Question[] = []
  const absent = sample(random, absentNames(record, categories), MOST_ABSENT)
  const ask = (region: string, right: string, wrong: readonly string[]) => {
    const others = sample(
      random,
      [...new Set(wrong)].filter((text) => text.toLowerCase() !== right.toLowerCase()),
      count - 1,
    )
    if (others.length === 0) return
    const question = fillTemplate(pick(random, QUESTIONS), { mask: [maskPiece([region])] })
    questions.push({ question, answers: [right, ...others], right: 0 })
  }
  const single = requestsOf(record, 'phrase', { limit: 0, random, noTarget: false }).filter(
    ({ targets }) => targets.length === 1,
  )
  for (const { text, targets } of single) {
    const target = targets[0]!
    const others = single
      .filter((other) => other.targets[0] !== target)
      .map((other) => requestPhrase(other.text))
    ask(target.id, requestPhrase(text), others)
  }
  const names = new Set(record.regions.map(nameOf).filter((name) => name !== ''))
  for (const region of record.regions) {
    const name = nameOf(region)
    if (name === '' || !hasMask(region) || region.isCrowd === true) continue
    ask(region.id, name, [...names, ...absent])
  }
  return questions
}
