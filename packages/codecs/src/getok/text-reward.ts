// Rewards of GETok that look at the text alone: structure and repetition (arXiv 2512.10554 names them in its reward
// figure; what counts as valid is ours, the repetition rule is that of VisionReasoner, which GETok builds on).

import { type AnswerOptions, type GetokVocabulary, pairGetokOffsets, parseGetok } from '@maskwords/words'

/**
 * 1 for an answer of stage one in good form: thoughts, then an answer in which every line has one box and one set of
 * points, nothing outside it, all in canonical spelling; else 0.
 */
export function proposalFormatReward(
  text: string,
  vocabulary: GetokVocabulary,
  options: AnswerOptions = {},
): 0 | 1 {
  const { think, answer, instances, refinements, problems } = parseGetok(text, vocabulary, options)
  if (think === undefined || answer === undefined || think.end > answer.start || problems.length > 0) return 0
  if (instances.length === 0 || refinements.length > 0) return 0
  for (const [k, { geometries, start, end }] of instances.entries()) {
    if (k > 0 && !text.slice(instances[k - 1]!.end, start).includes('\n')) return 0
    const kinds = geometries.map((geometry) => geometry.kind).join(' ')
    if (kinds !== 'box seg' || start < answer.start || end > answer.end) return 0
  }
  return 1
}

/** 1 for a refinement (stage two) that mirrors the answer it refines: one offset for every grid word; else 0. */
export function refinementFormatReward(
  answerText: string,
  text: string,
  vocabulary: GetokVocabulary,
  options: AnswerOptions = {},
): 0 | 1 {
  const { instances, refinements, problems } = parseGetok(text, vocabulary, options)
  if (instances.length > 0 || refinements.length !== 1 || problems.length > 0) return 0
  return pairGetokOffsets(parseGetok(answerText, vocabulary).instances, refinements[0]!).ok ? 1 : 0
}

/** 0 where two or more sentences repeat an earlier one (split at full stops, trimmed), else 1. */
export function nonRepeatReward(text: string): 0 | 1 {
  const seen = new Set<string>()
  let repeats = 0
  for (const part of text.split('.')) {
    const sentence = part.trim()
    if (sentence === '') continue
    if (seen.has(sentence) && ++repeats === 2) return 0
    seen.add(sentence)
  }
  return 1
}
