// Any file of masks for the open picture: what it is is told from its bytes, and of an archive from what lies in it.
import { asObject, type JsonObject, readYoloNames } from '@maskwords/annotations'
import { parseExactJson } from '@maskwords/words'
import { stem } from './choose.ts'
import { masksFromCoco } from './coco.ts'
import { isCvatJson, masksFromCvatJson, masksFromCvatXml } from './cvat.ts'
import { StudioError } from './error.ts'
import type { Grounds } from './ground.ts'
import { isPng, isZip } from './kind.ts'
import { isLabelStudio, masksFromLabelStudio } from './label-studio.ts'
import { isLabelme, masksFromLabelme } from './labelme.ts'
import type { LoadedMasks } from './loaded.ts'
import { masksFromPngFile } from './mask-png.ts'
import { isRecordOfPicture, masksFromRecords } from './records.ts'
import { looksLikeYoloLabels, masksFromYolo } from './yolo.ts'
import { type ZipEntry, zipEntries } from './zip.ts'

/** Text that a page reads without stopping for seconds: COCO's file of validation masks has 20 MB. */
const MAX_TEXT_BYTES = 2 ** 27

export type MaskFile = { readonly name: string; readonly bytes: Uint8Array }
/** Names of classes that were opened beside a label file, by their numbers. */
export type ClassNames = ReadonlyMap<number, string>

/** Names of classes, of data.yaml or classes.txt; undefined for any other file. */
export function classNamesOf({ name, bytes }: MaskFile): ClassNames | undefined {
  const isPlain = /(?:^|[/\\])(?:classes|obj)\.(?:txt|names)$/i.test(name)
  if (!isPlain && !/\.ya?ml$/i.test(name)) return undefined
  const names = readYoloNames(textOf(bytes), isPlain)
  if (names.size > 0) return names
  throw new StudioError('malformed', 'it names no classes', {
    hint: '“names: [cup, table]” is wanted, or a name a line.',
  })
}

/** JSON without losing a digit or letter. Throws StudioError with what is wrong with the text. */
export function jsonOf(bytes: Uint8Array): unknown {
  const text = textOf(bytes)
  try {
    return parseExactJson(text)
  } catch (error) {
    throw new StudioError('malformed', `it is not JSON: ${(error as Error).message}`, {
      hint: 'The file is cut off or was changed by hand.',
      cause: error,
    })
  }
}

/**
 * The masks of a file for a picture, whatever tool wrote it. Throws StudioError, AnnotationError or MaskError with what is wrong
 * and what to do.
 */
export async function masksOfFile(
  file: MaskFile,
  picture: Grounds,
  names: ClassNames = new Map(),
): Promise<LoadedMasks> {
  const { bytes, name } = file
  if (isPng(bytes)) return { ...masksFromPngFile(bytes, { ...picture, name }), refused: 0 }
  if (isZip(bytes)) return masksOfArchive(bytes, picture)
  const text = textOf(bytes)
  const first = text.trimStart()
  if (first.startsWith('<')) return masksFromCvatXml(text, picture)
  if (first.startsWith('{') || first.startsWith('[')) {
    const lines = linesOf(text, name)
    return lines === undefined ? masksFromJson(jsonOf(bytes), picture) : masksFromRecords(lines, picture)
  }
  if (looksLikeYoloLabels(text) || (/\.txt$/i.test(name) && first === ''))
    return masksFromYolo(text, picture, names)
  throw new StudioError('unsupported', 'it is no file of masks that is known', {
    hint: 'Masks are read from PNG (black and white, palette or label map), COCO, labelme, CVAT (XML, JSON), Label Studio, YOLO labels, plain JSON lines, archives of them (zip), and sessions. JPEG is no kind of mask: it smears edges.',
  })
}

/** Masks of a parsed JSON value, whichever tool wrote it. */
export function masksFromJson(json: unknown, picture: Grounds): LoadedMasks {
  if (isLabelStudio(json)) return masksFromLabelStudio(json, picture)
  if (isCvatJson(json)) return masksFromCvatJson(json, picture)
  if (isLabelme(json)) return masksFromLabelme(json, picture)
  if (isRecordOfPicture(json)) return masksFromRecords([json], picture)
  return masksFromCoco(json, picture)
}

/** The records of a file of JSON lines; undefined where it is one JSON value. */
function linesOf(text: string, name: string): JsonObject[] | undefined {
  const rows = text.split(/\r?\n/).filter((row) => row.trim() !== '')
  if (!/\.jsonl$/i.test(name) && !(rows.length > 1 && isObject(rows[0]!))) return undefined
  return rows.map((row, i) => {
    let value: JsonObject | undefined
    try {
      value = asObject(parseExactJson(row))
    } catch {
      value = undefined
    }
    if (value !== undefined && isRecordOfPicture(value)) return value
    throw new StudioError('malformed', `line ${i + 1} is no record: an object with “image” and “regions”`)
  })
}

function isObject(row: string): boolean {
  try {
    return asObject(JSON.parse(row)) !== undefined
  } catch {
    return false
  }
}

/** The one file of annotations in an archive, or the label file or map of the picture's name. */
async function masksOfArchive(bytes: Uint8Array, picture: Grounds): Promise<LoadedMasks> {
  const entries = zipEntries(bytes).filter(({ path }) => !/(?:^|\/)(?:\.|__MACOSX\/)/.test(path))
  const of = (ending: RegExp) => entries.filter(({ path }) => ending.test(path))
  const own = (list: readonly ZipEntry[]) => list.filter(({ path }) => stem(path) === stem(picture.name))
  const [names] = of(/(?:^|\/)(?:data\.ya?ml|classes\.txt|obj\.names)$/i)
  const [label, another] = own(of(/\.txt$/i))
  if (names !== undefined && label !== undefined && another === undefined) {
    const classes = classNamesOf({ name: names.path, bytes: await names.bytes() })
    return masksFromYolo(textOf(await label.bytes()), picture, classes)
  }
  const [map, second] = own(
    of(/(?:^|\/)(?:labels|masks|annotations|SegmentationObject|SegmentationClass(?:PNG)?)\/[^/]*\.png$/i),
  )
  if (map !== undefined && second === undefined) {
    const said = entries.find(({ path }) => /(?:^|\/)names\.json$/i.test(path))
    const classes = asObject(said === undefined ? undefined : jsonOf(await said.bytes()))
    const loaded = masksFromPngFile(await map.bytes(), { ...picture, name: map.path })
    return { ...loaded, masks: loaded.masks.map((one) => named(one, classes)), refused: 0 }
  }
  const written = of(/\.(?:xml|json|jsonl)$/i).filter(
    ({ path }) => !/(?:^|\/)(?:names\.json|label-config\.xml)$/i.test(path),
  )
  const mine = own(written)
  const [chosen, other] = mine.length > 0 ? mine : written
  if (chosen === undefined) {
    throw new StudioError(
      'missing',
      `the archive holds no annotations of ${picture.name} among its ${entries.length} files`,
      {
        hint: 'Annotations are *.xml, *.json, *.jsonl, or labels of the picture’s name with data.yaml or as PNG.',
      },
    )
  }
  if (other !== undefined) {
    throw new StudioError(
      'malformed',
      `the archive holds ${written.length} files of annotations, as ${chosen.path} and ${other.path}`,
      {
        hint: 'Unpack it, and open the one that is meant.',
      },
    )
  }
  return masksOfFile({ name: chosen.path, bytes: await chosen.bytes() }, picture)
}

/** A region of a label map with the name of its value. */
function named(
  one: LoadedMasks['masks'][number],
  classes: JsonObject | undefined,
): LoadedMasks['masks'][number] {
  const value = /^Label (\d+)$/.exec(one.name)?.[1]
  const name = value === undefined ? undefined : classes?.[value]
  return typeof name === 'string' && name.trim() !== '' ? { ...one, name, category: name } : one
}

/** Strict: a letter that is lost in reading would stand in the names of regions. A byte order mark is passed over. */
function textOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_TEXT_BYTES) {
    throw new StudioError(
      'too-large',
      `the file has ${(bytes.length / 1e6).toFixed(0)} MB, the limit is ${(MAX_TEXT_BYTES / 1e6).toFixed(0)} MB`,
      { hint: 'Cut out the annotations of this picture first.' },
    )
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new StudioError('malformed', 'its text is not UTF-8', { hint: 'Save it as UTF-8.', cause: error })
  }
}
