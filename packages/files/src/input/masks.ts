// Masks from files, folders and stdin: what each file is, the masks in it, and their names. One bad file does not stop the others.

import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { declaredXmlEncoding, soundName } from '@maskwords/words'
import {
  type ErrorReport,
  isTypedError,
  located,
  MaskwordsError,
  reportOf,
  throwIfAborted,
} from '../error.ts'
import { type Io, resolvePath } from '../io.ts'
import { DEFAULT_MAX_PIXELS } from '../picture/describe.ts'
import { MAX_JSON_BYTES, readInput } from './bytes.ts'
import { findCvatXml } from './cvat-xml.ts'
import { decodedText } from './decoded-text.ts'
import type { ReadDialect } from './dialect.ts'
import type { FoundMasks, JsonDialect } from './found-masks.ts'
import { parseJson } from './json-text.ts'
import { onTheirGround } from './laid-outlines.ts'
import { findMasks } from './mask-json.ts'
import { masksOfPicture } from './mask-picture.ts'
import type { MaskReading, NamedMask, ReadMasksOptions } from './named-mask.ts'
import { stemOf } from './named-mask.ts'

import { type FileKind, kindInWords, PICTURE_KINDS, sniff } from './sniff.ts'
import { maskOfRaw, maskOfStated } from './stated-mask.ts'

/** Files of one folder. SA-1B has a thousand in a shard; a folder of a million frames is listed, not swallowed. */
export const MAX_FOLDER_FILES = 100_000

/**
 * Reads every mask of the given files and folders, in the order given (folders by name). A file that cannot be read
 * becomes a failure; the others go on.
 *
 * @throws MaskwordsError where nothing at all can be read, or on an abort
 */
export async function readMasks(
  io: Pick<Io, 'stdin' | 'cwd' | 'signal'>,
  names: readonly string[],
  options: ReadMasksOptions,
): Promise<MaskReading> {
  const files: string[] = []
  const failures: ErrorReport[] = []
  for (const name of names) {
    try {
      files.push(...(await filesOf(io, name)))
    } catch (error) {
      if (!isTypedError(error)) throw error
      failures.push(reportOf(error))
    }
  }
  const results = await mapInOrder(files, options.jobs ?? 4, io.signal, async (file) => {
    try {
      return await masksOfFile(io, file, options)
    } catch (error) {
      throwIfAborted(io.signal)
      if (!isTypedError(error)) throw error
      return reportOf(located(error, file === '-' ? 'stdin' : file))
    } finally {
      options.onFile?.(files.length)
    }
  })
  const masks: NamedMask[] = []
  for (const result of results) {
    if ('masks' in result) {
      for (const mask of result.masks) masks.push(mask)
      for (const failure of result.failures) failures.push(failure)
    } else {
      failures.push(result)
    }
  }
  return { masks, failures }
}

async function filesOf(io: Pick<Io, 'cwd'>, name: string): Promise<string[]> {
  if (name === '-') return ['-']
  const info = await stat(resolvePath(io, name)).catch(() => undefined)
  if (!info?.isDirectory()) return [name]
  const found: string[] = []
  for await (const entry of await opendir(resolvePath(io, name))) {
    if (entry.name.startsWith('.') || entry.isDirectory()) continue
    found.push(join(name, entry.name))
    if (found.length > MAX_FOLDER_FILES) {
      throw new MaskwordsError('too-large', `more than ${MAX_FOLDER_FILES} files in one folder`, {
        file: name,
        hint: 'give the files in batches, for example with xargs',
      })
    }
  }
  if (found.length === 0) throw new MaskwordsError('not-found', 'the folder holds no files', { file: name })
  return found.sort()
}

async function masksOfFile(
  io: Pick<Io, 'stdin' | 'cwd' | 'signal'>,
  file: string,
  options: ReadMasksOptions,
): Promise<MaskReading> {
  const known = options.parsed?.get(file)
  if (known !== undefined) return await masksOfJson(known, file, options)
  const input = await readInput(io, file, MAX_JSON_BYTES)
  return await masksOfBytes(input.bytes, input.name, options)
}

/** The masks in some bytes. `name` is what errors call them and where labels come from. */
export async function masksOfBytes(
  bytes: Uint8Array,
  name: string,
  options: ReadMasksOptions,
): Promise<MaskReading> {
  const kind = sniff(bytes)
  const { dialect } = options
  if (dialect === 'raw') {
    const mask = maskOfRaw(bytes, options.size, name)
    return { masks: [{ label: stemOf(name), mask, file: name }], failures: [] }
  }
  if (PICTURE_KINDS.includes(kind)) {
    refuseMismatch(dialect, ['auto', 'png', 'alpha', 'label-map', 'panoptic'], kind, name)
    return { masks: await masksOfPicture(bytes, kind, name, options), failures: [] }
  }
  if (kind === 'json') {
    refuseMismatch(
      dialect,
      ['auto', 'coco-rle', 'coco-counts', 'coco-polygon', 'cvat-rle', 'labelstudio-rle'],
      kind,
      name,
    )
    const value = parseJson(bytes, name, options.encoding)
    if (options.parsed?.has(name)) options.parsed.set(name, value)
    return await masksOfJson(value, name, options)
  }
  if (kind === 'xml') {
    refuseMismatch(dialect, ['auto', 'cvat-rle', 'coco-polygon'], kind, name)
    const text = decodedText(bytes, name, {
      encoding: options.encoding,
      declared: declaredXmlEncoding(bytes),
    })
    return await decodeAll(findCvatXml(text, { ...jsonOptions(options), name }), name, options)
  }
  if (kind === 'text') return await textMasks(bytes, name, options)
  throw new MaskwordsError('unsupported', `${kindInWords(kind)}, no masks are read from that`, {
    file: name,
    hint: 'masks come as PNG, COCO, CVAT, Label Studio or labelme JSON, CVAT XML, or a folder of such files',
  })
}

async function masksOfJson(value: unknown, name: string, options: ReadMasksOptions): Promise<MaskReading> {
  return await decodeAll(findMasks(value, { ...jsonOptions(options), name }), name, options)
}

/** A compressed COCO string on its own: it needs a size, and only an explicit dialect makes text a mask. */
async function textMasks(bytes: Uint8Array, name: string, options: ReadMasksOptions): Promise<MaskReading> {
  if (options.dialect !== 'coco-rle') {
    throw new MaskwordsError('unsupported', 'plain text, no masks are read from that', {
      file: name,
      hint: 'a bare compressed COCO string: --mask-format coco-rle --size WIDTHxHEIGHT (convert: --from coco-rle)',
    })
  }
  if (options.size === undefined) {
    throw new MaskwordsError('ambiguous', 'a bare RLE string does not say how large the picture is', {
      file: name,
      hint: 'say it: --size WIDTHxHEIGHT',
    })
  }
  const { widthPx, heightPx } = options.size
  const counts = decodedText(bytes, name, { encoding: options.encoding }).trim()
  const stated = { dialect: 'coco-rle' as const, size: [heightPx, widthPx] as const, counts }
  const common = { label: stemOf(name), id: undefined, at: '', iscrowd: false }
  return await decodeAll({ stated: [{ ...stated, ...common }], failures: [], notes: [] }, name, options)
}

function jsonOptions(options: ReadMasksOptions) {
  const json: readonly ReadDialect[] = [
    'coco-rle',
    'coco-counts',
    'coco-polygon',
    'cvat-rle',
    'labelstudio-rle',
  ]
  return {
    imageId: options.imageId,
    picks: options.picks,
    fileName: options.pictureName,
    size: options.size,
    dialect: json.includes(options.dialect) ? (options.dialect as JsonDialect) : undefined,
  }
}

async function decodeAll(found: FoundMasks, name: string, options: ReadMasksOptions): Promise<MaskReading> {
  const { stated, said } =
    options.isLaid === undefined
      ? { stated: found.stated }
      : onTheirGround(found.stated, options.size, options.isLaid)
  if (said !== undefined) await options.note?.(`${name}: ${said}`)
  const masks: NamedMask[] = []
  const failures: ErrorReport[] = [...found.failures]
  for (const note of found.notes) await options.note?.(note)
  const lost = stated.find(({ label }) => label.includes('\uFFFD'))
  if (lost !== undefined) {
    await options.note?.(
      `${name}: the label ${JSON.stringify(lost.label.slice(0, 80))} holds U+FFFD, which stands for a letter that an earlier tool could not read`,
    )
  }
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS
  for (const item of stated) {
    try {
      const mask = maskOfStated(item, { name, size: options.size, maxPixels })
      masks.push({
        label: soundName(item.label),
        mask,
        file: name,
        ...(stated.length > 1 && { at: item.at.replace(/^\./, '') }),
        ...(item.id !== undefined && { id: item.id }),
        ...(item.iscrowd && { iscrowd: true }),
        ...(item.drawnOn !== undefined && { drawnOn: item.drawnOn }),
      })
    } catch (error) {
      if (!isTypedError(error)) throw error
      failures.push(reportOf(located(error, name, item.at.replace(/^\./, '') || undefined)))
    }
  }
  return { masks, failures }
}

function refuseMismatch(
  dialect: ReadDialect,
  allowed: readonly ReadDialect[],
  kind: FileKind,
  name: string,
): void {
  if (allowed.includes(dialect)) return
  throw new MaskwordsError('unsupported', `${kindInWords(kind)} cannot be read as ${dialect}`, {
    file: name,
    hint: `leave the format out, or give one of ${allowed.filter((other) => other !== 'auto').join(', ')}`,
  })
}

/** Runs `work` on all items, at most `jobs` at a time; results keep the order of the items whatever finishes first. */
export async function mapInOrder<T, R>(
  items: readonly T[],
  jobs: number,
  signal: AbortSignal,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  let next = 0
  const worker = async () => {
    while (next < items.length) {
      throwIfAborted(signal)
      const index = next++
      results[index] = await work(items[index]!, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker))
  return results
}
