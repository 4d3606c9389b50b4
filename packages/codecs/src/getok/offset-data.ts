// Training examples for offset words (arXiv 2512.10554, Algorithm 1 and the data figure): one conversation for a picture,
// a mask and a request. The user turn quotes a simulated prediction, the assistant turn answers it with offsets. The
// wording of the turns is ours.

import type { Mask } from '@maskwords/mask'
import { formatGetokInstance, formatGetokRefinement, getokVocabulary } from '@maskwords/words'
import { CodecError } from '../error.ts'
import { cornerLabel, jitterCorners } from './corners.ts'
import type { GridRegion, RegionOffsets } from './offset.ts'
import { tightBoxXyxy } from './pixel.ts'
import { type OffsetFieldOptions, offsetField } from './pools.ts'
import { randomFrom } from './random.ts'
import { squashMask } from './raster.ts'
import { sampleCells } from './sampling.ts'
import { offsetGeometries } from './words.ts'

export type OffsetExampleOptions = OffsetFieldOptions & {
  /** Whole number; the same seed gives the same example. */
  seed: number
  /** Points of the simulated prediction; 4 to 16 at random by default. */
  count?: number
  /** Side of the square frame to which the mask is squashed: 840 pixels, the paper's. */
  framePx?: number
}

/** A simulated prediction and its right answer. */
export type OffsetExample = { readonly region: GridRegion; readonly offsets: RegionOffsets }

/** A simulated prediction for a mask: sampled points, a jittered box, and their labels. Throws CodecError for an empty mask. */
export function offsetExample(mask: Mask, options: OffsetExampleOptions): OffsetExample {
  const { seed, count, framePx = 840, ...fieldOptions } = options
  const random = randomFrom(seed)
  const framed = squashMask(mask, framePx)
  const truth = tightBoxXyxy(framed)
  if (truth === undefined) {
    throw new CodecError(
      'missing-input',
      `a mask without foreground in a frame of ${framePx} pixels has no offsets`,
      {
        hint: 'leave out masks smaller than a pixel of the frame',
      },
    )
  }
  const field = offsetField(framed, fieldOptions)
  const pointCells = sampleCells(field, random, count)
  const boxCells = jitterCorners(field.grid, truth, random)
  const { offsets } = cornerLabel(field.grid, boxCells[0], boxCells[1], truth)
  return {
    region: { boxCells, pointCells },
    offsets: { box: offsets, points: pointCells.map((cell) => field.label[cell]!) },
  }
}

/** One line of a training file: picture paths and turns. */
export type OffsetConversation = {
  readonly images: readonly string[]
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[]
}

/** An example as a conversation; `request` is what the user asked to find, `picture` the path that the trainer reads. */
export function offsetConversation(
  example: OffsetExample,
  options: { picture: string; request: string; cells?: number },
): OffsetConversation {
  const vocabulary = getokVocabulary(options.cells === undefined ? {} : { gridSize: options.cells })
  const { boxCells, pointCells } = example.region
  const geometries = [
    ...(boxCells === undefined ? [] : [{ kind: 'box' as const, codes: boxCells }]),
    ...(pointCells.length === 0 ? [] : [{ kind: 'seg' as const, codes: pointCells }]),
  ]
  const said = formatGetokInstance({ geometries }, vocabulary)
  return {
    images: [options.picture],
    messages: [
      {
        role: 'user',
        content: `<image>${options.request}\nPrediction: ${said}\nRefine it: answer every grid word with an offset word.`,
      },
      {
        role: 'assistant',
        content: formatGetokRefinement(
          offsetGeometries(example.region, example.offsets, vocabulary),
          vocabulary,
        ),
      },
    ],
  }
}
