// Intersection over union as a reward: of boxes read from text, and of masks (decoded from words or given as RLE).

import { boxIouXyxy, cellsToBox, gridOf, readRegions } from '@maskwords/codecs'
import { iou, leastCostPairs, type Mask, pairwiseIou, unionAll } from '@maskwords/mask'
import {
  getokVocabulary,
  parseReferences,
  saysGetokWords,
  saysMaskWords,
  saysNothing,
  unreadableTruth,
} from '@maskwords/words'
import { LearnError } from '../error.ts'
import { type Box, MAX_MATCHED, readBoxes, type SideBoxes } from './boxes.ts'
import { defineReward } from './reward.ts'
import { GETOK_FRAME_PX, saysNoMask } from './true-region.ts'

/** IoU of what all masks of either side cover; 1 where both sides cover nothing. Throws MaskError on different sizes. */
export function unionIou(masks: readonly Mask[], truths: readonly Mask[]): number {
  const said = masks.length === 0 ? undefined : unionAll(masks)
  const there = truths.length === 0 ? undefined : unionAll(truths)
  const nothingSaid = said === undefined || said.edges.length === 0
  const nothingThere = there === undefined || there.edges.length === 0
  if (nothingSaid || nothingThere) return nothingSaid && nothingThere ? 1 : 0
  return iou(said, there)
}

/** IoU of each pair of the best assignment of masks to truths: min(masks, truths) values. */
export function matchedIous(masks: readonly Mask[], truths: readonly Mask[]): Float64Array {
  if (masks.length > MAX_MATCHED || truths.length > MAX_MATCHED) {
    throw new LearnError('too-large', `${masks.length} masks for ${truths.length} true ones in one sample`, {
      hint: `at most ${MAX_MATCHED} are matched; unite them, or use mask-iou over the union`,
    })
  }
  const ious = pairwiseIou({ detections: masks, truths })
  return matched(ious, masks.length, truths.length)
}

function matched(ious: Float64Array, rows: number, columns: number): Float64Array {
  const pairs = leastCostPairs(
    ious.map((value) => 1 - value),
    rows,
    columns,
  )
  const values: number[] = []
  for (const [row, column] of pairs.entries()) if (column >= 0) values.push(ious[row * columns + column]!)
  return Float64Array.from(values)
}

/** Whether a text has words of some codec: where they gave no mask, they could not be read. */
const saysWords = (text: string): boolean => saysMaskWords(text) || saysGetokWords(text)

type BoxForm = 'brackets' | 'references' | 'getok'

function boxesOf(text: string, form: BoxForm, grid: number): SideBoxes {
  if (form === 'brackets') return readBoxes(text)
  let boxes: Box[]
  let unread = false
  if (form === 'references') {
    const references = parseReferences(text)
    boxes = references.flatMap((reference) => [...reference.boxes])
    unread = references.some(({ problems }) => problems.some((problem) => problem !== 'corner-order'))
  } else {
    boxes = getokBoxes(text, grid)
    unread = boxes.length === 0 && (text.includes('<box>') || saysGetokWords(text))
  }
  return { boxes: boxes.slice(0, MAX_MATCHED), count: boxes.length, unread }
}

/** The true boxes. Throws WordsError `unreadable` where the truth is not empty and one of its boxes, or all, cannot be read. */
function trueBoxes(truth: string, form: BoxForm, grid: number): SideBoxes {
  const there = boxesOf(truth, form, grid)
  const isLost = there.count === 0 ? !saysNothing(truth) : there.unread
  if (isLost) throw unreadableTruth(truth, `boxes of the form ${form}`)
  return there
}

function getokBoxes(text: string, cells: number): Box[] {
  const frame = gridOf({ widthPx: GETOK_FRAME_PX, heightPx: GETOK_FRAME_PX, cells })
  try {
    return readRegions(text, getokVocabulary({ gridSize: cells })).flatMap(({ boxCells }) =>
      boxCells === undefined ? [] : [cellsToBox(frame, boxCells[0], boxCells[1])],
    )
  } catch (error) {
    if (saysNoMask(error)) return []
    throw error
  }
}

export const IOU_REWARDS = [
  defineReward({
    name: 'box-iou',
    what: 'sum of the IoU of boxes matched for the largest sum, over the larger number of boxes; no box on either side: 1',
    source: 'ours (IoU of referring comprehension, extended to several boxes)',
    range: [0, 1],
    needs: [],
    options: {
      form: {
        type: 'choice',
        choices: ['brackets', 'references', 'getok'],
        default: 'brackets',
        help: 'brackets: [x1, y1, x2, y2] and the other forms of numbers; references: <box>[[..]]</box> of 0..999; getok: <box> of two grid words',
      },
      threshold: {
        type: 'number',
        min: 0,
        max: 1,
        default: 0,
        help: 'above 0: a pair counts 1 from this IoU on and 0 below it, instead of its IoU',
      },
      grid: {
        type: 'number',
        whole: true,
        min: 2,
        max: 128,
        default: 32,
        help: 'getok: cells a side of the grid',
      },
    },
    make: ({ form, threshold, grid }) => {
      const least = threshold as number
      return ({ answer, truth }) => {
        const there = trueBoxes(truth, form as BoxForm, grid as number)
        if (answer === null) return 0
        const said = boxesOf(answer, form as BoxForm, grid as number)
        const most = Math.max(said.count, there.count)
        // A box that no one can read is not the answer that nothing is there.
        if (most === 0) return said.unread ? 0 : 1
        const columns = there.boxes.length
        const ious = new Float64Array(said.boxes.length * columns)
        for (const [row, box] of said.boxes.entries()) {
          for (let c = 0; c < columns; c++) {
            const value = boxIouXyxy(box, there.boxes[c]!)
            ious[row * columns + c] = least === 0 ? value : value >= least ? 1 : 0
          }
        }
        let sum = 0
        for (const value of matched(ious, said.boxes.length, columns)) sum += value
        return sum / most
      }
    },
  }),
  defineReward({
    name: 'mask-iou',
    what: 'IoU of masks, decoded from the words or given as RLE; nothing on either side: 1',
    source: 'ours (IoU of referring segmentation)',
    range: [0, 1],
    needs: ['true-masks', 'masks'],
    options: {
      over: {
        type: 'choice',
        choices: ['union', 'instances'],
        default: 'union',
        help: 'union: all masks of a side as one; instances: best matching, sum over the larger number of masks',
      },
    },
    make:
      ({ over }) =>
      (judged) => {
        const truths = judged.trueMasks()
        if (judged.answer === null) return 0
        const masks = judged.masks()
        if (masks.length + truths.length === 0) return saysWords(judged.answer) ? 0 : 1
        if (over === 'union') return unionIou(masks, truths)
        const most = Math.max(masks.length, truths.length)
        if (most === 0) return 1
        let sum = 0
        for (const value of matchedIous(masks, truths)) sum += value
        return sum / most
      },
  }),
] as const
