// True masks to reconstruct, planned before anything is decoded: which pictures there are, and how to read each one's masks.

import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { annotationKind, inHoldout, recogniseData } from '@maskwords/datasets'
import type { TruthMask, TruthPicture } from '@maskwords/eval'
import {
  type ErrorReport,
  isTypedError,
  located,
  MAX_JSON_BYTES,
  MaskwordsError,
  readFileCapped,
  readPicture,
  reportOf,
  throwIfAborted,
} from '@maskwords/files'
import { area } from '@maskwords/mask'
import { planCocoTruth } from './truth-coco.ts'
import { planLabelTruth } from './truth-labels.ts'
import type { PlannedPicture, TruthOptions, TruthPlan } from './truth-plan.ts'
import { planRecordTruth } from './truth-records.ts'

/** Reads what there is to evaluate: a COCO file, a folder of label maps with its index, or what a reader reads. Throws MaskwordsError, DataError. */
export async function planTruth(options: TruthOptions): Promise<TruthPlan> {
  const { truth } = options
  const info = await stat(truth).catch(() => undefined)
  if (info?.isDirectory()) {
    const hasIndex = (await stat(join(truth, 'index.json')).catch(() => undefined))?.isFile() === true
    return hasIndex ? await planLabelTruth(options) : await planRecordTruth(recogniseData(truth), options)
  }
  const isOther = info?.isFile() === true && !['coco', undefined].includes(annotationKind(truth))
  if (isOther) return await planRecordTruth(recogniseData(truth), options)
  const bytes = await readFileCapped(options.truth, options.truth, MAX_JSON_BYTES, options.signal)
  return await planCocoTruth(bytes, options)
}

export type Holdout = { readonly part: number; readonly parts: number }

/** `0/4` as part 0 of 4. Throws MaskwordsError `usage`. */
export function parseHoldout(text: string): Holdout {
  const match = /^(\d{1,7})\/(\d{1,7})$/.exec(text)
  const [part, parts] = [Number(match?.[1]), Number(match?.[2])]
  if (match && parts >= 1 && part < parts) return { part, parts }
  throw new MaskwordsError('usage', `--holdout takes a part and a number of parts; got "${text}"`, {
    hint: '--holdout 0/4 is the first of four parts',
  })
}

export type Choice = {
  readonly holdout: Holdout | undefined
  readonly ids: ReadonlySet<string> | undefined
  readonly limit: number | undefined
}

/** The pictures that are evaluated, sorted by id: the part held out, those named, and of these the first `limit`. */
export function choosePictures(pictures: readonly PlannedPicture[], choice: Choice): PlannedPicture[] {
  const { holdout, ids, limit } = choice
  const known = new Set(pictures.map(({ id }) => id))
  for (const id of ids ?? []) {
    if (known.has(id)) continue
    throw new MaskwordsError('not-found', `there is no picture with the id "${id}" in the truth`, {
      hint: pictures[0] && `ids look like "${pictures[0].id}"`,
    })
  }
  return pictures
    .filter(({ id }) => holdout === undefined || inHoldout(id, holdout.part, holdout.parts))
    .filter(({ id }) => ids === undefined || ids.has(id))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, limit)
}

export type Skipped = { crowd: number; small: number; empty: number }

/**
 * The pictures with their masks, one at a time. Crowds and masks under `minShare` of the picture are counted in `skipped`;
 * a picture that cannot be read, or is of another size than the truth says, goes to `failures` and is passed over, and so
 * is a mask. Pictures without masks to evaluate are not decoded.
 */
export async function* truthPictures(
  planned: readonly PlannedPicture[],
  options: {
    readonly minShare: number
    readonly skipped: Skipped
    readonly failures: ErrorReport[]
    readonly maxPixels: number | undefined
    readonly signal: AbortSignal
    /** Called for every planned picture that yields nothing. */
    readonly onPassed: () => void
  },
): AsyncGenerator<TruthPicture> {
  const { failures, onPassed, signal } = options
  for (const one of planned) {
    throwIfAborted(signal)
    const picture = await truthPicture(one, options).catch((error: unknown) => {
      if (signal.aborted || !isTypedError(error)) throw error
      failures.push(reportOf(located(error, basename(one.path))))
      return undefined
    })
    if (picture === undefined) onPassed()
    else yield picture
  }
}

async function truthPicture(
  one: PlannedPicture,
  options: Parameters<typeof truthPictures>[1],
): Promise<TruthPicture | undefined> {
  const { minShare, skipped, failures, maxPixels, signal } = options
  const masks: TruthMask[] = []
  for (const stated of await one.masks()) {
    if (stated.isCrowd) {
      skipped.crowd++
      continue
    }
    try {
      const mask = stated.read()
      const pixels = area(mask)
      if (pixels === 0) skipped.empty++
      else if (pixels < minShare * one.widthPx * one.heightPx) skipped.small++
      else masks.push({ id: stated.id, mask })
    } catch (error) {
      if (!isTypedError(error)) throw error
      failures.push(reportOf(located(error, basename(one.path), `mask ${stated.id}`)))
    }
  }
  if (masks.length === 0) return undefined
  // Masks of data sets are drawn on the stored pixels, unless their reader knows better.
  const name = basename(one.path)
  const { widthPx, heightPx, rgb } = await readPicture(one.path, {
    name,
    exif: one.exif ?? 'ignore',
    signal,
    ...(maxPixels !== undefined && { maxPixels }),
  })
  if (widthPx !== one.widthPx || heightPx !== one.heightPx) {
    throw new MaskwordsError(
      'size-mismatch',
      `the picture is ${widthPx} x ${heightPx}, the truth is of ${one.widthPx} x ${one.heightPx} (width x height)`,
      { file: name },
    )
  }
  return { id: one.id, widthPx, heightPx, rgb, masks }
}
