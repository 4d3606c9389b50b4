// ADE20K, full release: one JSON a picture with polygons and a mask picture for each object (ADE20K_2021_17_01 readme).

import {
  asObject,
  checkedSegmentation,
  idAt,
  listAt,
  member,
  numbersOf,
  textAt,
} from '@maskwords/annotations'
import { safeRelativePath } from '../paths.ts'
import type { DataRecord, Reader, ReaderOptions, Region } from '../record.ts'
import { Reading } from './reading.ts'

const ROOTS = ['images/ADE', 'ADE20K_2021_17_01/images/ADE', 'ADE']
/** Folders below the split: scene class, scene; the release has two levels. */
const MAX_DEPTH = 4

async function* readAde20k(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const split = options.split ?? 'training'
  const reading: Reading = new Reading('ade20k', { ...options, split }, 'all')
  const top = ROOTS.map((root) => `${root}/${split}`).find((folder) => reading.hasFolder(folder))
  if (top === undefined)
    reading.failLayout(
      ROOTS.map((root) => `${root}/${split}/`),
      ROOTS.map((root) => `${root}/{split}/`),
    )
  for (const file of jsonFilesBelow(reading, top, MAX_DEPTH)) {
    reading.signal?.throwIfAborted()
    const annotation = asObject(member(reading.json(file), 'annotation'))
    if (annotation === undefined) continue
    const folder = file.slice(0, file.lastIndexOf('/'))
    reading.picturesIn([folder])
    const [heightPx, widthPx] = numbersOf(member(annotation, 'imsize')) ?? []
    const picture = reading.picture(textAt(annotation, 'filename'), { widthPx, heightPx }, file, file)
    if (picture === undefined) continue
    const regions = listAt(annotation, 'object').flatMap((object, place) =>
      regionOf(reading, object, place, folder, picture, file),
    )
    const id = file.slice(file.lastIndexOf('/') + 1).replace(/\.json$/, '')
    const record = reading.record(id, picture, { regions: unique(reading, regions, file) }, file)
    if (record !== undefined) yield record
  }
}

function unique(reading: Reading, regions: readonly Region[], file: string): Region[] {
  const seen = new Set<string>()
  return regions.filter(({ id }) => {
    if (seen.has(id))
      reading.problem('duplicate-id', `object ${id} stands twice; the first one counts`, file, id)
    const isNew = !seen.has(id)
    seen.add(id)
    return isNew
  })
}

/** The object's mask picture where it is there (it knows what hides it), else its polygon. */
function regionOf(
  reading: Reading,
  object: unknown,
  place: number,
  folder: string,
  size: { readonly widthPx: number; readonly heightPx: number },
  file: string,
): Region[] {
  const id = String(idAt(object, 'id') ?? place)
  const at = `object ${id}`
  // The name is a list of synonyms; the first is the common one.
  const category = (textAt(object, 'name') ?? textAt(object, 'raw_name'))?.split(',')[0]?.trim()
  const named = category === undefined || category === '' ? {} : { category }
  const maskName = member(object, 'instance_mask')
  const inside = safeRelativePath(maskName)
  if (inside === undefined && maskName !== undefined && maskName !== null) {
    reading.problem(
      'unsafe-path',
      `${at}: ${JSON.stringify(maskName)} is no path inside the dataset`,
      file,
      at,
    )
    return []
  }
  if (inside !== undefined && reading.exists(`${folder}/${inside}`)) {
    return [{ id, shape: { kind: 'mask-file', file: `${folder}/${inside}` }, ...named }]
  }
  const polygon = member(object, 'polygon')
  const xs = listAt(polygon, 'x')
  const ys = listAt(polygon, 'y')
  if (xs.length === 0 || xs.length !== ys.length) {
    const message = 'it has neither its mask picture nor a polygon'
    reading.lostRegion({ kind: 'bad-geometry', message }, category, file, at)
    return []
  }
  const segmentation = reading.keep(
    checkedSegmentation([xs.flatMap((x, i) => [x, ys[i]])], size),
    file,
    at,
    category,
  )
  return segmentation === undefined ? [] : [{ id, shape: { kind: 'coco', segmentation }, ...named }]
}

function* jsonFilesBelow(reading: Reading, folder: string, depth: number): Generator<string> {
  yield* reading.filesIn(folder, ['.json'])
  if (depth > 0)
    for (const inner of reading.foldersIn(folder)) yield* jsonFilesBelow(reading, inner, depth - 1)
}

export const ade20k: Reader = {
  name: 'ade20k',
  title: 'ADE20K, full release: objects by name',
  layout: [
    'images/ADE/{split}/**/*.json: { annotation: { filename, imsize, object[] } } beside the pictures; masks in the folder of the same name',
  ],
  splits: ['training', 'validation'],
  gives: ['masks'],
  read: readAde20k,
}
