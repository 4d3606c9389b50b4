// Boxes and masks, each from the other, and referring expressions answered with a box, with a mask before or behind it
// (HiMTok 8.1 and 8.2: mask then box helps boxes; GETok and SA-1B box prompts). Wording: ours.

import type { DataRecord, Region } from '@maskwords/datasets'
import { formatReference } from '@maskwords/words'
import type { Task, TaskConversation, TaskOptions } from '../conversation.ts'
import { ANSWER_SETTING, answerStyle, masksAnswer } from './answers.ts'
import { conversationId, fillTemplate, maskPiece, pieces, setting, singleExchange } from './compose.ts'
import { PHRASE_SETTINGS, requestsOf } from './referring.ts'
import { nameOf } from './region-text.ts'
import { hasMask } from './regions.ts'
import { pick, seededBy, someOf } from './seeded.ts'

const BOX_TO_MASK: readonly string[] = [
  'Segment the object in {box}.',
  'Give the mask of what {box} encloses.',
  'Turn the box {box} into a mask.',
  'Which pixels inside {box} belong to its object?',
  'Mark the object that {box} frames.',
]

const MASK_TO_BOX: readonly string[] = [
  'Give the box around {mask}.',
  'Which box encloses {mask}?',
  'Turn the mask {mask} into a box.',
  'Frame {mask} with a box.',
  'Where does {mask} begin and end? Answer with a box.',
]

const REFERRING_BOX: readonly string[] = [
  'Find {phrase} and give its box.',
  'Where do you see {phrase}? Answer with a box.',
  'Frame {phrase}.',
  'Give the box of {phrase}.',
  'Locate {phrase} by a box.',
]

const REFERRING_BOTH: readonly string[] = [
  'Find {phrase}; give its mask and its box.',
  'Mark and frame {phrase}.',
  'Where do you see {phrase}? Answer with a mask and a box.',
  'Locate {phrase} by its mask and its box.',
  'I need the mask and the box of {phrase}.',
]

const REGION_SETTINGS = {
  limit: { default: 8, help: 'regions of one picture at most; 0 for all' },
} as const

export const boxToMask: Task = {
  name: 'box-to-mask',
  title: 'The mask of the object in a box',
  needs: ['masks'],
  settings: { ...REGION_SETTINGS, answer: ANSWER_SETTING },
  build: (record, options) =>
    regionExchanges('box-to-mask', record, options, (region, own) => {
      const entry = { mask: maskPiece([region.id]), label: nameOf(region) }
      return {
        request: fillTemplate(pick(own, BOX_TO_MASK), { box: [maskPiece([region.id], { as: 'box' })] }),
        answer: masksAnswer(answerStyle(options), [entry], own),
        kind: 'masks',
      }
    }),
}

export const maskToBox: Task = {
  name: 'mask-to-box',
  title: 'The box around a mask',
  needs: ['masks'],
  settings: REGION_SETTINGS,
  build: (record, options) =>
    regionExchanges('mask-to-box', record, options, (region, own) => ({
      request: fillTemplate(pick(own, MASK_TO_BOX), { mask: [maskPiece([region.id])] }),
      answer: [maskPiece([region.id], { as: 'box' })],
      kind: 'box',
    })),
}

type Exchange = Pick<Parameters<typeof singleExchange>[0], 'request' | 'answer'> & { readonly kind: string }

function regionExchanges(
  task: string,
  record: DataRecord,
  options: TaskOptions,
  exchange: (region: Region, random: () => number) => Exchange,
): TaskConversation[] {
  const usable = record.regions.filter((region) => hasMask(region) && region.isCrowd !== true)
  const random = seededBy(options.seed, task, record.id)
  return someOf(random, usable, setting(options, 'limit', 8)).map((region, number) => {
    const { request, answer, kind } = exchange(region, seededBy(options.seed, task, record.id, number))
    const id = conversationId(record.id, task, number)
    return singleExchange({ id, task, request, answer, truth: { kind, pieces: answer } })
  })
}

export const referringBox: Task = {
  name: 'referring-box',
  title: 'A referring expression answered with a box, and a mask before or behind it',
  needs: ['masks', 'phrases'],
  settings: {
    limit: PHRASE_SETTINGS.limit,
    order: { default: 'mask-box', help: 'mask-box, box-mask, or box alone' },
  },
  build(record, options) {
    const random = seededBy(options.seed, 'referring-box', record.id)
    const choice = { limit: setting(options, 'limit', 0), random, noTarget: false }
    const order = setting(options, 'order', 'mask-box')
    return requestsOf(record, 'phrase', choice)
      .filter(({ targets }) => targets.length === 1)
      .map(({ text, targets, number }) => {
        const own = seededBy(options.seed, 'referring-box', record.id, number)
        const phrase = formatReference({
          phrase: text.replace(/</g, '\u2039').replace(/>/g, '\u203a'),
          boxes: [],
        })
        const mask = maskPiece([targets[0]!.id])
        const box = maskPiece([targets[0]!.id], { as: 'box' })
        const answer =
          order === 'box' ? [box] : order === 'box-mask' ? pieces(box, ' ', mask) : pieces(mask, ' ', box)
        const templates = order === 'box' ? REFERRING_BOX : REFERRING_BOTH
        return singleExchange({
          id: conversationId(record.id, 'referring-box', number),
          task: 'referring-box',
          request: fillTemplate(pick(own, templates), { phrase }),
          answer,
          truth: { kind: order === 'box' ? 'box' : 'mask-and-box', pieces: answer },
        })
      })
  },
}
