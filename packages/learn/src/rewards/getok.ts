// GETok's rewards (arXiv 2512.10554, Eqs. 6-13 and the reward figure) as named rewards: from the words of an answer and
// the true masks to the terms of @maskwords/codecs. Lengths are pixels of its 840 x 840 frame.

import {
  boxGainReward,
  boxIouXyxy,
  boxReward,
  gridOf,
  maskGainReward,
  maskReward,
  matchRegions,
  nonRepeatReward,
  type PredictedRegion,
  pointsReward,
  proposalFormatReward,
  type ReadRegion,
  readRegions,
  refinementFormatReward,
  refinementReward,
  regionPrompt,
  slotMean,
} from '@maskwords/codecs'
import { type GetokVocabulary, getokVocabulary, saidAnswer } from '@maskwords/words'
import { matchedIous, unionIou } from './iou.ts'
import { judgement } from './reward.ts'
import { GETOK_FRAME_PX, saysNoMask, trueRegion } from './true-region.ts'

const PAPER = 'arXiv 2512.10554'
const GRID = {
  type: 'number',
  whole: true,
  min: 2,
  max: 128,
  default: 32,
  help: 'cells a side of the grid of the words',
} as const
const OPTIONS = { grid: GRID } as const

const vocabularies = new Map<number, GetokVocabulary>()
const vocabularyOf = (grid: unknown): GetokVocabulary => {
  const cells = grid as number
  let vocabulary = vocabularies.get(cells)
  if (vocabulary === undefined) {
    vocabulary = getokVocabulary({ gridSize: cells })
    vocabularies.set(cells, vocabulary)
  }
  return vocabulary
}
const frameOf = (grid: unknown) =>
  gridOf({ widthPx: GETOK_FRAME_PX, heightPx: GETOK_FRAME_PX, cells: grid as number })

/** The last answer that was read: most sums ask for the regions of one answer several times. */
let last: { text: string; vocabulary: GetokVocabulary; regions: ReadRegion[] } | undefined
const MAX_KEPT_CHARS = 65_536

/** The regions that an answer names; none where it cannot be read (its form is judged by another reward). */
function regionsOf(text: string | null, vocabulary: GetokVocabulary): readonly ReadRegion[] {
  if (text === null) return []
  if (last?.text === text && last.vocabulary === vocabulary) return last.regions
  let regions: ReadRegion[] = []
  try {
    regions = readRegions(text, vocabulary)
  } catch (error) {
    if (!saysNoMask(error)) throw error
  }
  if (text.length <= MAX_KEPT_CHARS) last = { text, vocabulary, regions }
  return regions
}

const prompts = (regions: readonly ReadRegion[], grid: unknown, refined: boolean): PredictedRegion[] =>
  regions.map((region) => regionPrompt(frameOf(grid), region, refined ? region.offsets : undefined))

/** The previous answer and the offsets behind it: the regions carry offsets where these mirror them. */
const refinedRegions = (previous: string, answer: string | null, vocabulary: GetokVocabulary) =>
  answer === null
    ? []
    : regionsOf(`${saidAnswer(previous)}\n${answer}`, vocabulary).filter(
        (region) => region.offsets !== undefined,
      )

export const GETOK_REWARDS = [
  judgement({
    name: 'getok-format',
    reads: 'text',
    what: '1 for thoughts and an answer whose lines have one box and one set of points each, in canonical spelling, else 0',
    source: `${PAPER} (R_fmt of stage 1; what counts as valid is ours)`,
    options: OPTIONS,
    score: ({ answer, thoughtOpen }, { grid }) =>
      answer === null ? 0 : proposalFormatReward(answer, vocabularyOf(grid), { thoughtOpen }),
  }),
  judgement({
    name: 'getok-repetition',
    reads: 'text',
    what: '0 where two or more sentences repeat an earlier one or there is no text, else 1',
    source: `${PAPER} (R_nr), rule of VisionReasoner`,
    score: ({ answer }) => (answer === null ? 0 : nonRepeatReward(answer)),
  }),
  judgement({
    name: 'getok-points',
    what: 'T of Eq. 12: quality of the points (share that hits, spread, count) of matched regions over all points',
    source: `${PAPER}, Eqs. 6-12`,
    needs: ['true-masks'],
    options: OPTIONS,
    score: (judged, { grid }) => {
      const predicted = prompts(regionsOf(judged.answer, vocabularyOf(grid)), grid, true)
      return pointsReward(predicted, judged.trueMasks().map(trueRegion))
    },
  }),
  judgement({
    name: 'getok-box',
    what: 'mean over max(said, true) regions of 0.5 clip((IoU - 0.5) / 0.3) + 0.5 clip(1 - corner error / 18 px)',
    source: `${PAPER} (R_bbox; the formula is ours)`,
    needs: ['true-masks'],
    options: OPTIONS,
    score: (judged, { grid }) => {
      const predicted = prompts(regionsOf(judged.answer, vocabularyOf(grid)), grid, true)
      const truths = judged.trueMasks().map(trueRegion)
      const match = matchRegions(predicted, truths)
      const rewards = predicted.map((region, p) =>
        match[p]! < 0 ? 0 : boxReward(region.boxXyxyPx, truths[match[p]!]!.boxXyxyPx),
      )
      return slotMean(rewards, predicted.length, truths.length)
    },
  }),
  judgement({
    name: 'getok-mask',
    what: 'mean over max(decoded, true) masks of 0 below IoU 0.3, IoU below 0.5, 1 + (IoU - 0.5) / 0.3 below 0.8, then 2',
    source: `${PAPER} (R_iou; the pieces are ours)`,
    range: [0, 2],
    needs: ['true-masks', 'masks'],
    score: (judged) => {
      const masks = judged.masks()
      const truths = judged.trueMasks()
      return slotMean(Array.from(matchedIous(masks, truths), maskReward), masks.length, truths.length)
    },
  }),
  judgement({
    name: 'getok-refine-format',
    reads: 'text',
    what: '1 where the text is one offset block that mirrors the answer it refines, else 0',
    source: `${PAPER} (R_fmt of stage 2; what counts as valid is ours)`,
    needs: ['previous'],
    options: OPTIONS,
    score: (judged, { grid }) =>
      judged.answer === null
        ? 0
        : refinementFormatReward(saidAnswer(judged.previous()), judged.answer, vocabularyOf(grid), judged),
  }),
  judgement({
    name: 'getok-refine-points',
    what: 'Eq. 13: mean over points of +1 (inside after, or rightly deleted), -1 (lost), 0 else; mean over the regions refined',
    source: `${PAPER}, Eq. 13`,
    range: [-1, 1],
    needs: ['previous', 'true-masks'],
    options: OPTIONS,
    score: (judged, { grid }) => {
      const regions = refinedRegions(judged.previous(), judged.answer, vocabularyOf(grid))
      const truths = judged.trueMasks().map(trueRegion)
      const match = matchRegions(prompts(regions, grid, false), truths)
      const rewards = regions.map(({ pointCells, offsets }, p) =>
        match[p]! < 0
          ? 0
          : refinementReward(frameOf(grid), truths[match[p]!]!.mask, pointCells, offsets!.points),
      )
      return slotMean(rewards, regions.length, 0)
    },
  }),
  judgement({
    name: 'getok-refine-box',
    what: 'mean over refined regions with a box of clip((IoU after - IoU before) / 0.05, -1, 1); unchanged 0.5 from IoU 0.9',
    source: `${PAPER} (R_bbox of stage 2; the formula is ours)`,
    range: [-1, 1],
    needs: ['previous', 'true-masks'],
    options: OPTIONS,
    score: (judged, { grid }) => {
      const regions = refinedRegions(judged.previous(), judged.answer, vocabularyOf(grid))
      const truths = judged.trueMasks().map(trueRegion)
      const before = prompts(regions, grid, false)
      const after = prompts(regions, grid, true)
      const match = matchRegions(before, truths)
      const rewards: number[] = []
      for (const [p, { boxXyxyPx }] of before.entries()) {
        const truth = truths[match[p]!]
        if (boxXyxyPx === undefined || truth === undefined) continue
        const refined = after[p]!.boxXyxyPx
        rewards.push(
          boxGainReward(
            boxIouXyxy(boxXyxyPx, truth.boxXyxyPx),
            refined === undefined ? 0 : boxIouXyxy(refined, truth.boxXyxyPx),
          ),
        )
      }
      return slotMean(rewards, rewards.length, 0)
    },
  }),
  judgement({
    name: 'getok-refine-mask',
    what: '2 clip(2 (IoU after - IoU before) / max(0.05, 1 - IoU before), -1, 1), IoU of the united masks',
    source: `${PAPER} (mask gain; the formula is ours)`,
    range: [-2, 2],
    needs: ['previous-masks', 'true-masks', 'masks'],
    score: (judged) => {
      const truths = judged.trueMasks()
      return maskGainReward(unionIou(judged.previousMasks(), truths), unionIou(judged.masks(), truths))
    },
  }),
] as const
