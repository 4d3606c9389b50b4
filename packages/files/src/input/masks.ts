// Masks from files, folders and stdin: what each file is, the masks in it, and their names. One bad file does not stop the others.
import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { GroundConvention, Mask } from '@maskwords/mask'
import { declaredXmlEncoding } from '@maskwords/words'
import {
  type ErrorReport,
  isTypedError,
  located,
  MaskwordsError,
  reportOf,
  throwIfAborted,
} from '../error.ts'
import { type Io, resolvePath } from '../io.ts'
import type { Size } from '../options.ts'
import { DEFAULT_MAX_PIXELS } from '../picture/describe.ts'
import { MAX_JSON_BYTES, readInput } from './bytes.ts'
import { decodedText } from './decoded-text.ts'
import type { ReadDialect } from './dialect.ts'
import { parseJson } from './json-text.ts'
import { onTheirGround } from './laid-outlines.ts'
import { baseName, type FoundMasks, findMasks, type JsonDialect } from './mask-json.ts'
import { masksOfPicture } from './mask-picture.ts'
import { findCvatXml } from './mask-xml.ts'
import type { Picks } from './picked.ts'
import { type FileKind, kindInWords, PICTURE_KINDS, sniff } from './sniff.ts'
import { maskOfRaw, maskOfStated } from './stated-mask.ts'

export type NamedMask = {
  readonly label: string
  readonly mask: Mask
  /** The file, as the user named it. */
  readonly file: string
  /** Its place in the file (JSON path, label value), where the file holds more than one mask. */
  readonly at?: string
  readonly id?: number | string
  readonly iscrowd?: boolean
  /** Whose pixels its format draws on where sizes cannot tell. Default: shown. */
  readonly drawnOn?: GroundConvention
}

export type MaskReading = { readonly masks: readonly NamedMask[]; readonly failures: readonly ErrorReport[] }

export type ReadMasksOptions = {
  readonly dialect: ReadDialect
  /** The picture's file name, to find its annotations in a dataset. */
  readonly pictureName?: string | undefined
  readonly imageId?: string | undefined
  /** What is meant where a file has several tasks, annotations or frames. */
  readonly picks?: Picks | undefined
  /** The encoding of text files. Default UTF-8, or as a byte order mark or XML declaration says. */
  readonly encoding?: string | undefined
  /** Size of the picture, for dialects that do not carry one. */
  readonly size?: Size | undefined
  /** EXIF lays the picture on its side: outlines that leave the stated size may have been drawn on the other. */
  readonly isLaid?: boolean | undefined
  /** Values of a label map to take; all but 0 where absent. */
  readonly labels?: readonly number[] | undefined
  readonly maxPixels?: number | undefined
  /** Refuse colour pictures of more ids than this. Default MAX_LABELS. */
  readonly maxLabels?: number | undefined
  readonly jobs?: number | undefined
  /** Called with remarks that the user should see (a guess that was made, something left out). */
  readonly note?: (text: string) => Promise<void>
  readonly onFile?: (total: number) => void
}

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
    const found = findMasks(parseJson(bytes, name, options.encoding), { ...jsonOptions(options), name })
    return await decodeAll(found, name, options)
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
    options.isLaid === true ? onTheirGround(found.stated, options.size) : { stated: found.stated }
  if (said !== undefined) await options.note?.(`${name}: ${said}`)
  const masks: NamedMask[] = []
  const failures: ErrorReport[] = [...found.failures]
  for (const note of found.notes) await options.note?.(note)
  const maxPixels = options.maxPixels ?? DEFAULT_MAX_PIXELS
  for (const item of stated) {
    try {
      const mask = maskOfStated(item, { name, size: options.size, maxPixels })
      masks.push({
        label: item.label,
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

/** A file's name without folders and extension. */
export function stemOf(name: string): string {
  return baseName(name).replace(/\.[^.]+$/, '')
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
