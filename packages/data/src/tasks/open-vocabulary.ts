// Open-vocabulary lists: every object of some categories, among category names that the picture does not have (SAMTok 5,
// COCONUT and V3Det data after rewriting with 0 to 10 distractors). Wording: ours.

import { randomInt } from '@maskwords/codecs'
import type { DataRecord, Region } from '@maskwords/datasets'
import type { Task, TaskOptions } from '../conversation.ts'
import { ANSWER_SETTING, type AnswerStyle, answerStyle, masksAnswer } from './answers.ts'
import { requestPhrase } from './clean-text.ts'
import { conversationId, fillTemplate, maskPiece, setting, singleExchange } from './compose.ts'
import { absentNames, isWhole } from './coverage.ts'
import { inReadingOrder } from './regions.ts'
import { pick, sample, seededBy, shuffled } from './seeded.ts'

export const LIST_REQUESTS: readonly string[] = [
  'Find every object of these kinds and give its mask: {names}.',
  'Which of these are in the picture: {names}? List all of them with masks.',
  'Segment all that belongs to one of these categories: {names}.',
  'Check the picture for the following and mask each one you see: {names}.',
  'List the masks of all objects named here, and nothing else: {names}.',
]

/** Categories of the record, cleaned, of which its regions are all that the picture shows, with these regions. */
export function categoriesOf(record: DataRecord): Map<string, Region[]> {
  const byName = new Map<string, Region[]>()
  for (const region of record.regions) {
    const name = region.category === undefined ? '' : requestPhrase(region.category)
    if (name !== '') byName.set(name, [...(byName.get(name) ?? []), region])
  }
  for (const name of [...byName.keys()]) if (!isWhole(record, name)) byName.delete(name)
  return byName
}

/**
 * Some categories of the record with all their regions, at most `most` masks together, and names to ask for: these and
 * distractors, mixed. Undefined where no category fits.
 */
export function listOf(
  record: DataRecord,
  categories: readonly string[],
  limits: { readonly most: number; readonly distractors: number },
  random: () => number,
): { readonly names: readonly string[]; readonly regions: readonly Region[] } | undefined {
  const names: string[] = []
  const regions: Region[] = []
  for (const [name, members] of shuffled(random, [...categoriesOf(record)])) {
    if (regions.length + members.length > limits.most) continue
    names.push(name)
    regions.push(...members)
  }
  if (regions.length === 0) return undefined
  const count = randomInt(random, 0, Math.max(0, limits.distractors))
  const others = sample(random, absentNames(record, categories), count)
  return { names: shuffled(random, [...names, ...others]), regions }
}

/** The published style of the codec where it writes labels, else lines. */
function labelledStyle(options: TaskOptions): AnswerStyle {
  const style = answerStyle(options)
  return style === 'sentence' ? 'lines' : style
}

export const openVocabulary: Task = {
  name: 'open-vocabulary',
  title: 'All objects of named categories, among names that are not there',
  needs: ['masks'],
  settings: {
    answer: ANSWER_SETTING,
    distractors: { default: 10, help: 'names that are not in the picture: up to so many, by chance' },
    most: { default: 50, help: 'masks of one answer at most; categories that do not fit are not asked for' },
    instances: { default: true, help: 'a mask for each object; false: one mask for each category' },
  },
  build(record, options) {
    const random = seededBy(options.seed, 'open-vocabulary', record.id)
    const limits = { most: setting(options, 'most', 50), distractors: setting(options, 'distractors', 10) }
    const list = listOf(record, options.categories, limits, random)
    if (list === undefined) return []
    const label = (region: Region) => requestPhrase(region.category!)
    const ordered = inReadingOrder(record, list.regions)
    const entries = setting(options, 'instances', true)
      ? ordered.map((region) => ({ mask: maskPiece([region.id]), label: label(region) }))
      : [...new Set(ordered.map(label))].map((name) => ({
          mask: maskPiece(ordered.filter((region) => label(region) === name).map((region) => region.id)),
          label: name,
        }))
    // A list of several names needs a label for each mask, which a sentence has not.
    const style =
      setting(options, 'answer', 'auto') === 'auto' ? labelledStyle(options) : answerStyle(options)
    const answer = masksAnswer(style, entries, random)
    return [
      singleExchange({
        id: conversationId(record.id, 'open-vocabulary', 0),
        task: 'open-vocabulary',
        request: fillTemplate(pick(random, LIST_REQUESTS), { names: quotedList(list.names) }),
        answer,
        truth: { kind: 'masks', pieces: answer, extra: { masks: entries.length } },
      }),
    ]
  },
}

/** `"cat", "dog"`. */
export function quotedList(names: readonly string[]): string {
  return names.map((name) => JSON.stringify(name)).join(', ')
}
