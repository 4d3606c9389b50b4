// CVAT's exports: "CVAT for images" and "for video" (XML), and the annotations of task and project backups (JSON with a manifest of
// the frames). CVAT 2 documentation: "Formats", "Backup"; read by the code that `encode` reads them with.
import {
  AnnotationError,
  type CvatPicture,
  cvatFrames,
  cvatJobShapes,
  cvatShapes,
  isCvatJob,
  lastFramesOf,
  member,
  numberAt,
  readCvatXml,
  textAt,
} from '@maskwords/annotations'
import type { DataRecord, Reader, ReaderOptions } from '../record.ts'
import { drawnRegions } from './drawn-regions.ts'
import { Reading } from './reading.ts'

/** Files that hold annotations, `{split}` filled in, by the layout that they stand for. */
const FILES = ['{split}/annotations.xml', '{split}.xml', 'annotations.xml', 'annotations.json']

async function* read(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('cvat', options, 'all')
  const files = annotationFiles(reading, options.split)
  for (const file of files) {
    reading.signal?.throwIfAborted()
    const folder = file.slice(0, file.lastIndexOf('/') + 1)
    const beside = folder.slice(0, -1)
    reading.picturesIn(
      ['images', '', `${folder}images`, `${folder}data`, beside].map((one) => one.replace(/\/$/, '')),
    )
    const names = new Set<string>()
    for (const picture of await picturesOf(reading, file, folder)) {
      const record = recordOf(reading, picture, file, files.length > 1, names)
      if (record !== undefined) yield record
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

function annotationFiles(reading: Reading, split: string | undefined): string[] {
  const named = reading.findOptional(FILES, [])
  if (named !== undefined) return [named]
  if (split === undefined) {
    const tasks = reading.foldersIn('').map((folder) => `${folder}/annotations.json`)
    const found = [...reading.filesIn('', ['.xml']), ...tasks.filter((file) => reading.exists(file))]
    if (found.length > 0) return found
  }
  return reading.failLayout(
    [...FILES.map((file) => file.replace('{split}', split ?? '{split}')), '*.xml', 'task_*/annotations.json'],
    FILES,
  )
}

/** The pictures of a file, each with its shapes; undefined names are those of frames. */
async function picturesOf(reading: Reading, file: string, folder: string): Promise<readonly CvatPicture[]> {
  if (!file.endsWith('.json')) {
    const text = reading.text(file)
    if (text === undefined) return []
    try {
      return readCvatXml(text)
    } catch (error) {
      if (!(error instanceof AnnotationError)) throw error
      reading.problem('bad-field', `${file}: ${error.message}`, file, error.at)
      return []
    }
  }
  const value = reading.json(file)
  if (value === undefined) return []
  const jobs = Array.isArray(value) ? value : [value]
  if (!jobs.some(isCvatJob)) {
    reading.problem('bad-field', `${file} holds no job of CVAT: shapes, tracks and tags`, file)
    return []
  }
  const frames = await manifestOf(reading, `${folder}data/manifest.jsonl`)
  // Several jobs end where the task's file says; what stands behind that is of the next one.
  const task = `${folder}task.json`
  const lastFrames = jobs.length > 1 && reading.exists(task) ? lastFramesOf(reading.json(task)) : []
  const placed = cvatJobShapes(cvatShapes(jobs, ''), lastFrames)
  // Every frame of the task was annotated, those without a shape too.
  return cvatFrames(
    placed,
    frames.map((_, frame) => String(frame)),
  ).map((picture) => {
    const frame = frames[Number(picture.id)]
    return frame === undefined ? picture : { ...picture, ...frame }
  })
}

/** Names and sizes of a task's frames, in their order, where its manifest is there. */
async function manifestOf(
  reading: Reading,
  file: string,
): Promise<readonly Pick<CvatPicture, 'name' | 'size'>[]> {
  const frames: Pick<CvatPicture, 'name' | 'size'>[] = []
  if (!reading.exists(file)) return frames
  for await (const { value } of reading.lines(file)) {
    const name = textAt(value, 'name')
    if (name === undefined || member(value, 'version') !== undefined) continue
    const [widthPx, heightPx] = [numberAt(value, 'width'), numberAt(value, 'height')]
    const size = widthPx === undefined || heightPx === undefined ? undefined : { widthPx, heightPx }
    frames.push({ name: `${name}${textAt(value, 'extension') ?? ''}`, size })
  }
  return frames
}

function recordOf(
  reading: Reading,
  picture: CvatPicture,
  file: string,
  areSeveral: boolean,
  names: Set<string>,
): DataRecord | undefined {
  const { id, name, subset, size, at } = picture
  const stated = pictureName(reading, picture, file)
  if (stated === undefined) {
    const what =
      picture.kind === 'image'
        ? 'an image without a name; as a frame it would be'
        : 'there is no picture of this frame:'
    const message = `${at}: ${what} images/frame_${(id ?? '').padStart(6, '0')}.png, or as data/manifest.jsonl names it`
    reading.problem('missing-picture', message, file, at)
    return undefined
  }
  // CVAT turns pictures by EXIF before anyone draws on them.
  const found = reading.picture(stated, { ...size, drawnOn: 'shown' }, file, at)
  if (found === undefined) return undefined
  const list = picture.shapes()
  const own =
    name === undefined ? `frame_${id}` : [subset, name].filter((part) => part !== undefined).join('/')
  const regions = drawnRegions(reading, list, found, file)
  if (names.has(own)) {
    // What the one entry does not show the other may.
    reading.mayLack()
    reading.doubt('duplicate-id', `${at}: ${own} stands twice in ${file}; each entry is a record`, file, at)
  }
  const count = names.has(own) ? `#${id ?? names.size}` : ''
  names.add(own)
  return reading.record(`${areSeveral ? `${file}:` : ''}${own}${count}`, found, { regions }, file)
}

/** The picture's name, with the folder of its subset where it lies there; a frame's by its number. */
function pictureName(reading: Reading, { id, name, subset }: CvatPicture, file: string): string | undefined {
  if (name !== undefined) {
    const inSubset = `${subset}/${name}`
    return subset !== undefined && reading.isThere(inSubset, file, 'pictures') ? inSubset : name
  }
  if (id === undefined || !/^\d+$/.test(id)) return undefined
  return reading.pictureOfStem(`frame_${id.padStart(6, '0')}`)
}

export const cvat: Reader = {
  name: 'cvat',
  title: 'CVAT: images, videos and backups',
  layout: [
    'annotations.xml, {split}/annotations.xml or *.xml: "CVAT for images 1.1"; pictures in images/ (also images/<subset>/) or beside it',
    'the same: "CVAT for video 1.1"; frames as images/frame_000000.png',
    'annotations.json, or */annotations.json: a task or project backup, with data/manifest.jsonl, which names its frames',
  ],
  splits: [],
  gives: ['masks'],
  read,
}
