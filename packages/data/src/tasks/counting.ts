// Counting with masks: how many things of a category there are, answered with the number and a mask of each; none is said in words.
// Wording: ours.
import { NO_TARGET } from '@maskwords/words'
import type { Task } from '../conversation.ts'
import { ANSWER_SETTING, answerStyle, masksAnswer } from './answers.ts'
import { conversationId, fillTemplate, maskPiece, pieces, setting, singleExchange } from './compose.ts'
import { absentNames } from './coverage.ts'
import { categoriesOf } from './open-vocabulary.ts'
import { inReadingOrder } from './regions.ts'
import { pick, seededBy, shuffled, someOf } from './seeded.ts'

const REQUESTS: readonly string[] = [
  'How many of these are there: {name}? Show each.',
  'Count what belongs to the category {name}, and mark every one.',
  'Give the number of {name} in the picture, then a mask of each.',
  'Counting {name}: how many, and where?',
]

export const counting: Task = {
  name: 'counting',
  title: 'How many of a category there are, and a mask of each',
  needs: ['masks'],
  settings: {
    answer: ANSWER_SETTING,
    most: { default: 20, help: 'categories with more things than this are not asked for' },
    limit: { default: 4, help: 'categories counted in one picture at most; 0 for all' },
    absent: { default: true, help: 'also ask for one category that the picture is known not to have' },
  },
  build(record, options) {
    const random = seededBy(options.seed, 'counting', record.id)
    const most = setting(options, 'most', 20)
    const countable = [...categoriesOf(record)].filter(([, regions]) => regions.length <= most)
    if (countable.length === 0) return []
    const asked = (name: string) => fillTemplate(pick(random, REQUESTS), { name: JSON.stringify(name) })
    const id = (number: number) => conversationId(record.id, 'counting', number)
    const chosen = someOf(random, countable, setting(options, 'limit', 4))
    const conversations = chosen.map(([name, regions], number) => {
      const entries = inReadingOrder(record, regions).map((region) => ({
        mask: maskPiece([region.id]),
        label: name,
      }))
      const masks = masksAnswer(answerStyle(options), entries, random)
      return singleExchange({
        id: id(number),
        task: 'counting',
        request: asked(name),
        answer: pieces(`${entries.length}\n`, masks),
        truth: { kind: 'masks', pieces: masks, extra: { masks: entries.length } },
      })
    })
    const [other] = setting(options, 'absent', true)
      ? shuffled(random, absentNames(record, options.categories))
      : []
    if (other === undefined) return conversations
    const none = singleExchange({
      id: id(conversations.length),
      task: 'counting',
      request: asked(other),
      answer: [NO_TARGET],
      truth: { kind: 'no-target', pieces: [NO_TARGET], extra: { masks: 0 } },
    })
    return [...conversations, none]
  },
}
