// Rewards on SAMTok answers: text against text (arXiv 2601.16093, Eq. 5, and the reward functions released with it). The
// functions are those of @maskwords/words; here they get names, ranges and options.

import {
  type AnswerOptions,
  answerParts,
  captionMaskAccuracy,
  cleanCaptionReward,
  formatReward,
  maskFormatReward,
  maskTokenAccuracy,
  NO_TARGET,
  nonRepeatReward,
  noTargetReward,
  phraseReward,
  sceneGraphReward,
  trigramReward,
} from '@maskwords/words'
import { judgement } from './reward.ts'

const RELEASED = 'released reward functions of SAMTok and CycleGRPO'

const EMPTY = {
  type: 'number',
  min: 0,
  max: 1,
  default: 1,
  help: 'the value where neither side has anything to compare (the released code divides by zero there)',
} as const

/** The turn of an answer in the form that the released code judges: without what stands around it, opened where the template did. */
function bareTurn(text: string, opened: 'either' | 'written', options: AnswerOptions): string | null {
  const { turn, thoughtBy, tagged } = answerParts(text, options)
  // Tags inside of a thought are no form.
  if (tagged !== 'closed') return null
  const bare = text.slice(turn.start, turn.end).trim()
  return opened === 'either' && thoughtBy === 'template' ? `<think>${bare}` : bare
}

export const SAMTOK_REWARDS = [
  judgement({
    name: 'mask-true-positives',
    what: 'pairs of equal masks, one to one, over the larger number of masks; no mask on either side: 1',
    source: 'arXiv 2601.16093, Eq. 5: N_TP / max(N_pred, N_gt)',
    score: ({ answer, truth }) => maskTokenAccuracy(answer, truth, { grading: 'paper' }),
  }),
  judgement({
    name: 'mask-accuracy',
    what: 'each distinct mask said scores its best true one (1 equal, 0.4 same first code), summed, over the larger number of masks',
    source: `${RELEASED} (mask token accuracy)`,
    score: ({ answer, truth }) => maskTokenAccuracy(answer, truth),
  }),
  judgement({
    name: 'caption-mask-accuracy',
    what: 'mask-accuracy over the masks behind the phrases of a grounded caption; 0.8 where only blanks differ',
    source: `${RELEASED} (grounded captions)`,
    options: {
      compare: {
        type: 'choice',
        choices: ['items', 'masks'],
        default: 'items',
        help: 'items: masks right behind phrases; masks: all masks of the text',
      },
      empty: EMPTY,
    },
    score: ({ answer, truth }, { compare, empty }) =>
      captionMaskAccuracy(answer, truth, {
        compare: compare as 'items' | 'masks',
        emptyValue: empty as number,
      }),
  }),
  judgement({
    name: 'caption-phrases',
    what: 'distinct phrases with a mask that are among the true ones, over the larger number of phrases; no true phrase: 1',
    source: `${RELEASED} (phrase reward)`,
    score: ({ answer, truth }) => phraseReward(answer, truth),
  }),
  judgement({
    name: 'scene-graph',
    what: 'each distinct triple scores its best true one: 1 same text; same labels 0.5 + 0.25 s(subject) + 0.25 s(object), s = 1, 0.8, 0.4, 0; over the larger number of triples',
    source: `${RELEASED} (PSG reward)`,
    options: { empty: EMPTY },
    score: ({ answer, truth }, { empty }) => sceneGraphReward(answer, truth, { emptyValue: empty as number }),
  }),
  judgement({
    name: 'mask-format',
    what: '1 where the text has at least one whole mask, else 0',
    source: `${RELEASED} (mask token format)`,
    score: ({ answer }) => maskFormatReward(answer),
  }),
  judgement({
    name: 'mask-repetition',
    reads: 'text',
    what: '0 where one mask occurs more than three times or there is no text, else 1',
    source: `${RELEASED} (non-repeat reward)`,
    score: ({ answer }) => nonRepeatReward(answer),
  }),
  judgement({
    name: 'think-format',
    reads: 'text',
    what: '1 where the whole text is <think>...</think>, blanks, <answer>...</answer>, else 0',
    source: `${RELEASED} (format reward)`,
    options: {
      turnEnd: {
        type: 'choice',
        choices: ['strip', 'keep'],
        default: 'strip',
        help: 'strip: an end-of-turn word behind the answer is taken off first; keep: it breaks the form, as in the released code',
      },
      opened: {
        type: 'choice',
        choices: ['either', 'written'],
        default: 'either',
        help: 'either: the template may have written the <think> that the answer begins in; written: the answer has to',
      },
    },
    score: ({ answer, thoughtOpen }, { turnEnd, opened }) =>
      formatReward(
        answer === null || turnEnd === 'keep'
          ? answer
          : bareTurn(answer, opened as 'either' | 'written', { thoughtOpen }),
      ),
  }),
  judgement({
    name: 'word-repetition',
    reads: 'text',
    what: '0 where three words in a row occur more than twice or there is no text, else 1',
    source: `${RELEASED} (3-gram reward)`,
    score: ({ answer }) => (answer === null ? 0 : trigramReward(answer)),
  }),
  judgement({
    name: 'no-target',
    what: '1 where the sentence is there and nothing forbidden is, 0.2 where only the sentence is missing, else 0',
    source: `${RELEASED} (gres_no_target)`,
    options: {
      forbid: {
        type: 'choice',
        choices: ['box', 'mask'],
        default: 'mask',
        help: 'what must not be there: a whole mask, or (as the released code checks) a box [int, int, int, int]',
      },
      sentence: { type: 'text', default: NO_TARGET, help: 'the sentence that has to be there' },
    },
    score: ({ answer }, { forbid, sentence }) =>
      noTargetReward(answer, { forbid: forbid as 'box' | 'mask', truth: sentence as string }),
  }),
  judgement({
    name: 'clean-caption',
    what: '1 where the text has no box [int, int, int, int] and no Chinese character, else 0',
    source: `${RELEASED} (caption gate)`,
    score: ({ answer }) => (answer === null ? 0 : cleanCaptionReward(answer)),
  }),
] as const
