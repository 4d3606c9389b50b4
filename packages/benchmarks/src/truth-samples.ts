// What answers are compared with: samples from a file of truth, from gseval.jsonl, or from a published dataset's folder.

import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord } from '@maskwords/base'
import { annotationKind, jsonLines } from '@maskwords/datasets'
import type { Context, Size } from '@maskwords/files'
import {
  checkShape,
  type ErrorReport,
  isTypedError,
  located,
  MaskwordsError,
  reportOf,
} from '@maskwords/files'
import {
  type CocoSegmentation,
  cocoStringFromMask,
  emptyMask,
  type Mask,
  maskFromCocoRle,
  maskFromCocoSegmentation,
  unionAll,
} from '@maskwords/mask'
import { maskPlaces } from '@maskwords/mllm'
import { withoutPlace } from './predictions.ts'
import { groundingSuiteSchema, type TruthRecord, truthSchema } from './record.ts'
import type { MaskedText, Truth, TruthOptions, TruthSample } from './truth.ts'

/** Reads the truth at a path: a `.jsonl` file, a folder with `gseval.jsonl`, or a dataset's folder. */
export async function readTruth(context: Context, options: TruthOptions): Promise<Truth> {
  const path = context.path(options.path)
  const info = statSync(path, { throwIfNoEntry: false })
  if (info === undefined) {
    throw new MaskwordsError('not-found', 'there is no such file or folder', { file: options.path })
  }
  const kind = info.isDirectory() ? undefined : annotationKind(path)
  // JSON Lines are samples here, whatever records they could be.
  if (!info.isDirectory() && (kind === undefined || kind === 'jsonl'))
    return await readTruthLines(context, path, options.path, join(path, '..'))
  const suite = join(path, 'gseval.jsonl')
  if (info.isDirectory() && statSync(suite, { throwIfNoEntry: false })?.isFile()) {
    return await readTruthLines(context, suite, join(options.path, 'gseval.jsonl'), path)
  }
  const { readDatasetTruth } = await import('./dataset-truth.ts')
  return await readDatasetTruth(context, { ...options, root: path })
}

async function readTruthLines(context: Context, path: string, file: string, root: string): Promise<Truth> {
  const samples: TruthSample[] = []
  const failures: ErrorReport[] = []
  const lineOfId = new Map<string, number>()
  const lines = jsonLines(path, {
    file,
    signal: context.io.signal,
    onProblem: ({ message, at }) =>
      failures.push({ code: 'malformed', message: withoutPlace(message, at), file, ...(at && { at }) }),
  })
  for await (const { line, value } of lines) {
    try {
      const isSuite = isRecord(value) && Object.hasOwn(value, 'idx') && Object.hasOwn(value, 'class_id')
      const sample = isSuite ? suiteSample(value, file, line) : lineSample(value, file, line)
      const before = lineOfId.get(sample.id)
      if (before !== undefined) {
        throw new MaskwordsError('malformed', `sample ${JSON.stringify(sample.id)} is on line ${before}, too`)
      }
      lineOfId.set(sample.id, line)
      samples.push(sample)
    } catch (error) {
      if (!isTypedError(error)) throw error
      failures.push(reportOf(located(error, file, `line ${line}`)))
    }
  }
  return { samples, failures, root }
}

function suiteSample(value: unknown, file: string, line: number): TruthSample {
  const record = checkShape(groundingSuiteSchema, value, file, `line ${line}`, 'not a line of gseval.jsonl')
  const mask = maskFromCocoRle(record.segmentation as Parameters<typeof maskFromCocoRle>[0])
  return {
    id: record.idx,
    picture: record.image_path,
    size: { widthPx: mask.widthPx, heightPx: mask.heightPx },
    phrase: record.caption,
    groups: [`class ${record.class_id}`],
    masks: [mask],
    boxes: [record.box],
  }
}

function lineSample(value: unknown, file: string, line: number): TruthSample {
  const record = checkShape(truthSchema, value, file, `line ${line}`, 'not a sample of truth')
  const size = sizeOf(record)
  const masks = record.masks?.map((mask) => maskOf(mask, size))
  if (masks?.length === 0 && size === undefined) {
    throw new MaskwordsError('malformed', 'the size of the picture is not known', {
      hint: 'add "size": [height, width]',
    })
  }
  const ignored = record.ignored === undefined ? undefined : maskOf(record.ignored, size)
  for (const mask of [...(masks ?? []), ...(ignored === undefined ? [] : [ignored])]) {
    if (mask.widthPx === size?.widthPx && mask.heightPx === size.heightPx) continue
    throw new MaskwordsError(
      'size-mismatch',
      `a mask of ${mask.widthPx} x ${mask.heightPx} in a picture of ${size?.widthPx} x ${size?.heightPx} (width x height)`,
      { hint: 'size is [height, width], as in COCO' },
    )
  }
  const groups = [record.group ?? []].flat()
  const right = rightIndex(record)
  if (record.labels !== undefined && record.labels.length !== (masks?.length ?? 0)) {
    throw new MaskwordsError(
      'size-mismatch',
      `${record.labels.length} labels for ${masks?.length ?? 0} masks: one for each is needed`,
    )
  }
  return {
    id: record.id,
    ...(record.picture !== undefined && { picture: record.picture }),
    ...(size !== undefined && { size }),
    ...(record.phrase !== undefined && { phrase: record.phrase }),
    ...(record.given !== undefined && {
      question: withMasks(
        record.phrase ?? '',
        record.given.map((mask) => maskOf(mask, size)),
      ),
    }),
    ...(record.history !== undefined && {
      history: record.history.map(({ role, text, masks: said = [] }) => ({
        role,
        pieces: withMasks(
          text,
          said.map((mask) => maskOf(mask, size)),
        ),
      })),
    }),
    groups: record.round === undefined ? groups : [...groups, `round ${record.round}`],
    ...(masks !== undefined && { masks }),
    ...(record.labels !== undefined && { labels: record.labels }),
    ...(record.captions !== undefined && { captions: record.captions }),
    ...(record.asks !== undefined && { asks: record.asks }),
    ...(record.relations !== undefined && { relations: checkedRelations(record.relations, masks) }),
    ...(ignored !== undefined && { ignored }),
    ...(record.boxes !== undefined && { boxes: record.boxes }),
    ...(record.lines !== undefined && { lines: record.lines.map((one) => one.flat()) }),
    ...(record.options !== undefined && { options: record.options }),
    ...(right !== undefined && { right }),
  }
}

/** A text with masks in its places for them. */
export function withMasks(text: string, masks: readonly Mask[]): MaskedText {
  return maskPlaces(masks.length)(text).map((piece) =>
    typeof piece === 'number' ? { mask: masks[piece]! } : piece,
  )
}

function checkedRelations(relations: NonNullable<TruthRecord['relations']>, masks: readonly Mask[] = []) {
  for (const [subject, , object] of relations) {
    if (Math.max(subject, object) < masks.length) continue
    throw new MaskwordsError(
      'malformed',
      `a relation of mask ${Math.max(subject, object)}: there are ${masks.length}`,
      {
        hint: 'masks count from 0',
      },
    )
  }
  return relations
}

function rightIndex({ right, options }: TruthRecord): number | undefined {
  if (right === undefined) return undefined
  const index = typeof right === 'number' ? right : right.charCodeAt(0) - 65
  if (options !== undefined && index < options.length) return index
  throw new MaskwordsError(
    'malformed',
    `the right option ${right} is not among ${options?.length ?? 0} options`,
  )
}

function sizeOf(record: TruthRecord): Size | undefined {
  if (record.size !== undefined) return { heightPx: record.size[0], widthPx: record.size[1] }
  for (const mask of [...(record.masks ?? []), record.ignored]) {
    if (isRecord(mask) && Array.isArray(mask['size'])) {
      const [heightPx, widthPx] = mask['size'] as [number, number]
      return { widthPx, heightPx }
    }
  }
  return undefined
}

/** A mask as COCO states it: run lengths, or polygons in a picture of known size. Throws MaskError or MaskwordsError. */
export function maskOf(value: unknown, size: Size | undefined): Mask {
  if (!Array.isArray(value)) return maskFromCocoRle(value as Parameters<typeof maskFromCocoRle>[0])
  if (size !== undefined) {
    return maskFromCocoSegmentation({ ...size, segmentation: value as CocoSegmentation })
  }
  throw new MaskwordsError('malformed', 'polygons need the size of the picture', {
    hint: 'add "size": [height, width] to the truth',
  })
}

/** The masks of a sample. Throws MaskwordsError where the truth says nothing of masks. */
export function truthMasks(sample: TruthSample): readonly Mask[] {
  if (sample.masks !== undefined) return sample.masks
  throw new MaskwordsError('malformed', 'the truth of this sample has no masks', { at: sample.id })
}

/** The union of the true masks, empty where there is no target. */
export function unionOfTruth(sample: TruthSample): Mask {
  const masks = truthMasks(sample)
  return masks.length === 0 ? nothing(sample) : unionAll(masks)
}

/** The size of the sample's picture. Throws MaskwordsError where nothing says it. */
export function sizeOfSample(sample: TruthSample): Size {
  const size = sample.size ?? sample.masks?.[0]
  if (size !== undefined) return { widthPx: size.widthPx, heightPx: size.heightPx }
  throw new MaskwordsError('malformed', 'the size of the picture is not known', {
    at: sample.id,
    hint: 'add "size": [height, width] to the truth',
  })
}

/** An empty mask of the sample's size. */
export function nothing(sample: TruthSample): Mask {
  const { widthPx, heightPx } = sizeOfSample(sample)
  return emptyMask(widthPx, heightPx)
}

/** SHA-256 of all that numbers depend on, whatever the order of the samples or the layout of the files. */
export function truthHash(samples: readonly TruthSample[]): string {
  const rle = (mask: Mask) => [mask.heightPx, mask.widthPx, cocoStringFromMask(mask)]
  const lines = samples.map(({ id, masks, ignored, labels, boxes, lines: drawn, options, right, ...more }) =>
    JSON.stringify([
      id,
      masks?.map(rle) ?? null,
      ignored === undefined ? null : rle(ignored),
      labels ?? null,
      boxes ?? null,
      drawn ?? null,
      options ?? null,
      right ?? null,
      more.captions ?? null,
      more.relations ?? null,
      // Only where it is, so that the hashes of truths without it stay.
      ...(more.asks === undefined ? [] : [more.asks]),
    ]),
  )
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
}
