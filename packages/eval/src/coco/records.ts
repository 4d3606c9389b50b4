// One group's masks, boxes and areas as the columns that matching works on; where records are checked. Definition: COCO's formats
// (cocodataset.org); a truth's mask is read only where there is a detection to compare it with.

import { type BoxXywhPx, type Mask, MaskError, maskFromCocoSegmentation } from '@maskwords/mask'
import { EvalError } from '../error.ts'
import type { EvalMode } from '../stamp.ts'
import type { CocoDetection, CocoPicture, CocoProblem, CocoShape, CocoTruth } from './input.ts'
import { type MeasuredMask, measured, writeBoxIous, writeMaskIous } from './overlap.ts'

/** Columns of one group, reused from group to group: the first `detections` and `truths` elements hold. */
export type GroupColumns = {
  detections: number
  truths: number
  /** Row-major, detections (best score first) by truths (order of the file). */
  ious: Float64Array
  /** The largest of them; -1 where there is none. */
  highest: number
  detectionAreas: Float64Array
  truthAreas: Float64Array
  isCrowd: Uint8Array
  /** Truths that can be matched but never count as hit: those of id 0 in mode `official`. */
  isNameless: Uint8Array
  /** LVIS's `ignore`: never counts. */
  isIgnored: Uint8Array
  /** There may be more true regions than truths: a detection without a match is neither right nor wrong. */
  isOpen: boolean
}

export function groupColumns(): GroupColumns {
  return {
    detections: 0,
    truths: 0,
    ious: new Float64Array(0),
    highest: -1,
    detectionAreas: new Float64Array(0),
    truthAreas: new Float64Array(0),
    isCrowd: new Uint8Array(0),
    isNameless: new Uint8Array(0),
    isIgnored: new Uint8Array(0),
    isOpen: false,
  }
}

export type RecordsInput = {
  readonly kind: 'mask' | 'box'
  readonly truths: readonly CocoTruth[]
  readonly detections: readonly CocoDetection[]
  readonly mode?: EvalMode
  /** By LVIS's rules: crowds are truths as any other, ignored truths do not count. Default false: as COCO has it. */
  readonly federated?: boolean
  readonly onProblem?: ((problem: CocoProblem) => void) | undefined
}

export type GroupMembers = {
  readonly picture: CocoPicture
  readonly truthIds: Uint32Array
  /** From the best score on. */
  readonly detectionIds: Uint32Array
}

/** Fills the columns of a group. IoUs below `lowest` may be given as 0. Throws EvalError for records that are wrong. */
export function readGroup(input: RecordsInput, group: GroupMembers, lowest: number, out: GroupColumns): void {
  const { kind, truths, mode = 'correct' } = input
  const { truthIds, detectionIds } = group
  const G = truthIds.length
  const D = detectionIds.length
  out.truths = G
  out.detections = D
  if (out.truthAreas.length < G) {
    out.truthAreas = new Float64Array(2 * G)
    out.isCrowd = new Uint8Array(2 * G)
    out.isNameless = new Uint8Array(2 * G)
    out.isIgnored = new Uint8Array(2 * G)
  }
  if (out.detectionAreas.length < D) out.detectionAreas = new Float64Array(2 * D)
  if (out.ious.length < D * G) out.ious = new Float64Array(2 * D * G)
  for (let g = 0; g < G; g++) {
    const { isCrowd, isIgnored, id } = truths[truthIds[g]!]!
    out.isCrowd[g] = isCrowd && input.federated !== true ? 1 : 0
    out.isIgnored[g] = input.federated === true && isIgnored ? 1 : 0
    out.isNameless[g] = mode === 'official' && id === 0 ? 1 : 0
  }
  if (kind === 'mask') readMasks(input, group, lowest, out)
  else readBoxes(input, group, out)
  let highest = -1
  for (let i = 0; i < D * G; i++) if (out.ious[i]! > highest) highest = out.ious[i]!
  out.highest = highest
}

function readMasks(input: RecordsInput, group: GroupMembers, lowest: number, out: GroupColumns): void {
  const { truths, detections, onProblem } = input
  const { picture, truthIds, detectionIds } = group
  const detectionMasks: (MeasuredMask | undefined)[] = []
  const truthMasks: (MeasuredMask | undefined)[] = []
  for (let d = 0; d < out.detections; d++) {
    const i = detectionIds[d]!
    const { mask, areaPx } = detections[i]!
    const read = readMask(mask, picture, detectionName, i, onProblem)
    detectionMasks.push(read)
    out.detectionAreas[d] = checkedArea(areaPx ?? read?.areaPx ?? 0, detectionName, i)
  }
  const nameOfTruth = (i: number) => truthName(truths[i]!, i)
  for (let g = 0; g < out.truths; g++) {
    const i = truthIds[g]!
    const { mask, areaPx } = truths[i]!
    const isNeeded = out.detections > 0 || areaPx === undefined
    const read = isNeeded ? readMask(mask, picture, nameOfTruth, i, onProblem) : undefined
    truthMasks.push(read)
    out.truthAreas[g] = checkedArea(areaPx ?? read?.areaPx ?? 0, nameOfTruth, i)
  }
  writeMaskIous(out.ious, detectionMasks, truthMasks, out.isCrowd, lowest)
}

function readBoxes(input: RecordsInput, group: GroupMembers, out: GroupColumns): void {
  const { truths, detections } = input
  const detectionBoxes: BoxXywhPx[] = []
  const truthBoxes: BoxXywhPx[] = []
  for (let d = 0; d < out.detections; d++) {
    const i = group.detectionIds[d]!
    const { boxXywhPx, areaPx } = detections[i]!
    const box = checkedBox(boxXywhPx, detectionName, i)
    detectionBoxes.push(box)
    out.detectionAreas[d] = checkedArea(areaPx ?? box.width * box.height, detectionName, i)
  }
  const nameOfTruth = (i: number) => truthName(truths[i]!, i)
  for (let g = 0; g < out.truths; g++) {
    const i = group.truthIds[g]!
    const { boxXywhPx, areaPx } = truths[i]!
    const box = checkedBox(boxXywhPx, nameOfTruth, i)
    truthBoxes.push(box)
    out.truthAreas[g] = checkedArea(areaPx ?? box.width * box.height, nameOfTruth, i)
  }
  writeBoxIous(out.ious, detectionBoxes, truthBoxes, out.isCrowd)
}

/** Names are made only for messages: a string a record would cost more than its matching. */
type Name = (index: number) => string

function detectionName(index: number): string {
  return `detection ${index}`
}

function truthName({ id }: CocoTruth, index: number): string {
  return id === undefined ? `truth ${index}` : `annotation ${id}`
}

function readMask(
  shape: CocoShape | undefined,
  picture: CocoPicture,
  name: Name,
  index: number,
  onProblem: RecordsInput['onProblem'],
): MeasuredMask | undefined {
  if (shape === undefined || shape === null) {
    const at = name(index)
    throw new EvalError('malformed', `${at} has no mask`, { at, hint: 'for boxes alone ask for kind box' })
  }
  try {
    return measured(maskOf(shape, picture))
  } catch (error) {
    if (!(error instanceof MaskError)) throw error
    const at = name(index)
    const code = error.code === 'size-mismatch' ? 'size-mismatch' : 'malformed'
    const message = `${at} in picture ${picture.id}: ${error.message}`
    if (onProblem === undefined) {
      throw new EvalError(code, message, { at, ...(error.hint && { hint: error.hint }), cause: error })
    }
    onProblem({ code, message: `${message}; it matches nothing`, at })
    return undefined
  }
}

function maskOf(shape: CocoShape, { widthPx, heightPx }: CocoPicture): Mask {
  if (!('edges' in shape)) return maskFromCocoSegmentation({ widthPx, heightPx, segmentation: shape })
  if (shape.widthPx === widthPx && shape.heightPx === heightPx) return shape
  throw new MaskError(
    'size-mismatch',
    `a mask of ${shape.widthPx} x ${shape.heightPx} in a picture of ${widthPx} x ${heightPx} (width x height)`,
  )
}

function checkedBox(box: BoxXywhPx | undefined, name: Name, index: number): BoxXywhPx {
  if (box === undefined) {
    const at = name(index)
    throw new EvalError('malformed', `${at} has no box`, { at })
  }
  const { x, y, width, height } = box
  if (
    Number.isFinite(x) &&
    Number.isFinite(y) &&
    width >= 0 &&
    height >= 0 &&
    Number.isFinite(width + height)
  ) {
    return box
  }
  const at = name(index)
  throw new EvalError(
    'out-of-range',
    `${at} has the box [${x}, ${y}, ${width}, ${height}] (x, y, width, height)`,
    {
      at,
    },
  )
}

function checkedArea(areaPx: number, name: Name, index: number): number {
  if (areaPx >= 0 && areaPx < Number.POSITIVE_INFINITY) return areaPx
  const at = name(index)
  throw new EvalError('out-of-range', `${at} has the area ${areaPx}, must be a finite number >= 0`, { at })
}
