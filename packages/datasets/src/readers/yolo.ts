// YOLO segmentation: a text file of outlines beside each picture, in parts of the picture's sides (Ultralytics, "Instance
// segmentation datasets overview": `class x1 y1 x2 y2 ...`; five numbers are a box: `class centre-x centre-y width height`).
import { checkedSegmentation, readYoloLabels, readYoloNames } from '@maskwords/annotations'
import type { DataRecord, PictureFile, Reader, ReaderOptions, Region } from '../record.ts'
import { PICTURE_EXTENSIONS } from './picture-place.ts'
import { Reading } from './reading.ts'

const FOLDERS = [
  ['images/{split}', 'labels/{split}'],
  ['{split}/images', '{split}/labels'],
  ['images', 'labels'],
] as const
const SPLITS = ['train', 'val', 'valid', 'test']
const NAME_FILES = ['data.yaml', 'dataset.yaml', 'data.yml', 'classes.txt']

export const yolo: Reader = {
  name: 'yolo',
  title: 'YOLO segmentation: outlines in text files',
  layout: [
    'images/{split}/<name>.jpg with labels/{split}/<name>.txt; also {split}/images with {split}/labels, or without {split}',
    'data.yaml with `names` (a list, or numbers with names), or classes.txt: a name a line',
  ],
  splits: SPLITS,
  gives: ['masks', 'boxes'],
  read,
}

async function* read(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('yolo', options, 'all')
  const splits = options.split === undefined ? SPLITS : [options.split]
  const pairs = FOLDERS.flatMap(([pictures, labels]) =>
    (pictures.includes('{split}') ? splits : ['']).map(
      (split) => [pictures.replace('{split}', split), labels.replace('{split}', split)] as const,
    ),
  )
  const pair = pairs.find(([pictures, labels]) => reading.hasFolder(pictures) && reading.hasFolder(labels))
  if (pair === undefined)
    reading.failLayout(
      pairs.map(([pictures, labels]) => `${pictures}/ with ${labels}/`),
      FOLDERS.map(([pictures]) => `${pictures}/`),
    )
  const [pictureFolder, labelFolder] = pair
  const names = classNames(reading)
  for (const file of reading.filesIn(pictureFolder, PICTURE_EXTENSIONS)) {
    reading.signal?.throwIfAborted()
    const stem = file.slice(file.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '')
    const labels = `${labelFolder}/${stem}.txt`
    // A picture without a label file has nothing on it: the published loader takes it as background.
    if (!reading.exists(labels)) continue
    const picture = reading.picture(file, {}, labels, stem)
    if (picture === undefined) continue
    const regions = regionsOf(reading, labels, picture, names)
    const record = reading.record(stem, picture, { regions }, labels)
    if (record !== undefined) yield record
  }
}

function regionsOf(
  reading: Reading,
  file: string,
  picture: PictureFile,
  names: ReadonlyMap<number, string>,
): Region[] {
  const regions: Region[] = []
  const { widthPx, heightPx } = picture
  for (const found of readYoloLabels(reading.text(file) ?? '', { widthPx, heightPx })) {
    const { line, label, lost, outlinePx, boxXywhPx } = found
    const at = `line ${line}`
    // Where the class is not readable, the region that is lost may be of any.
    const category = label === undefined ? undefined : (names.get(label) ?? String(label))
    if (lost !== undefined || category === undefined) {
      if (lost !== undefined) reading.lostRegion(lost, category, file, at)
      continue
    }
    if (names.size > 0 && !names.has(label!)) {
      const message = `class ${label} has no name among ${names.size}: its number is its name`
      reading.doubtOnce(`class ${label}`, 'dangling-id', message, file)
    }
    const id = String(line)
    if (outlinePx === undefined) {
      regions.push({ id, shape: { kind: 'box' }, boxXywhPx, category })
      continue
    }
    const segmentation = reading.keep(
      checkedSegmentation([outlinePx], { widthPx, heightPx }),
      file,
      at,
      category,
    )
    if (segmentation !== undefined) regions.push({ id, shape: { kind: 'coco', segmentation }, category })
  }
  return regions
}

/** Names by class number, of data.yaml or classes.txt. */
function classNames(reading: Reading): ReadonlyMap<number, string> {
  const file = NAME_FILES.find((name) => reading.exists(name))
  return file === undefined ? new Map() : readYoloNames(reading.text(file) ?? '', file.endsWith('.txt'))
}
