// The eyes of the nano model: a detector (NanoDet) whose maps and boxes become the picture's tokens, 13 x 13 cells and behind them rows
// of things that it found. Definition: ours.
import { GraphError } from '@maskwords/graph'
import type { NanodetConfig } from '../nanodet/config.ts'
import { NANODET_G, nanodetProblems, nanodetSides } from '../nanodet/config.ts'
import { Fields } from '../qwen/fields.ts'

export type DetectorEyesConfig = {
  readonly kind: 'detector'
  readonly detector: NanodetConfig
  /** Things that are shown at most, the surest first: a whole number of rows of cells. */
  readonly objects: number
  /** Width between the two layers that make vectors of what the detector says. */
  readonly hiddenWidth: number
  /** Width of the vectors: the text model's. */
  readonly outputWidth: number
  /** Every cell and every thing is one token, and no layer of text sees more of them. */
  readonly merge: 1
  readonly deepstackBlocks: readonly []
  readonly positionsPerSecond: 1
}

/** Frequencies at which each side of a box is shown, beside its plain value: 2^k pi, as in positions of radiance fields (arXiv 2003.08934). */
export const BOX_FREQUENCIES = 6

/** Sizes of what the eyes look at. */
export type DetectorEyesShape = {
  /** Cells in a row, and rows of cells. */
  readonly side: number
  readonly cells: number
  readonly cellWidth: number
  readonly objectWidth: number
  /** The grid of tokens: rows of cells, then rows of things. */
  readonly rows: number
  readonly columns: number
}

/**
 * Of each cell the coarse map, four cells of the middle one, the mean of sixteen of the fine one, and the best score of each class; of
 * each thing its class with its score, its box, and the means of the three maps under it.
 */
export function detectorEyesShape({ detector, objects }: DetectorEyesConfig): DetectorEyesShape {
  const side = nanodetSides(detector)[2]!
  const { width, classes } = detector
  return {
    side,
    cells: side * side,
    cellWidth: width + 4 * width + width + classes,
    objectWidth: classes + 1 + 4 * (1 + 2 * BOX_FREQUENCIES) + 3 * width,
    rows: side + objects / side,
    columns: side,
  }
}

type Json = Readonly<Record<string, unknown>>

/**
 * Reads `vision_config`. What it does not say of the detector is NanoDet-g's.
 * @throws GraphError `malformed`.
 */
export function readDetectorEyes(json: Json): DetectorEyesConfig {
  const fields = new Fields(json, 'vision_config.')
  const given = fields.get('detector') ?? {}
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new GraphError('malformed', 'config.json: vision_config.detector is no object')
  }
  const detector = { ...NANODET_G, ...(given as Partial<NanodetConfig>) }
  const objects = fields.number('num_objects', 26)
  const problems = nanodetProblems(detector)
  const side = problems.length === 0 ? nanodetSides(detector)[2]! : 1
  if (objects % side !== 0) problems.push(`num_objects must be rows of ${side}, got ${objects}`)
  if (problems.length > 0)
    throw new GraphError('malformed', `config.json: vision_config: ${problems.join('; ')}`)
  return {
    kind: 'detector',
    detector,
    objects,
    hiddenWidth: fields.number('hidden_size', 512),
    outputWidth: fields.number('out_hidden_size', 256),
    merge: 1,
    deepstackBlocks: [],
    positionsPerSecond: 1,
  }
}
