// YOLO segmentation: a text file of outlines beside each picture, in parts of the picture's sides (Ultralytics, "Instance
// segmentation datasets overview": `class x1 y1 x2 y2 ...`; five numbers are a box: `class centre-x centre-y width height`).
import { checkedSegmentation, readYoloLabels, readYoloNames } from '@maskwords/annotations'
import type { DataRecord, PictureFile, Reader, ReaderOptions, Region } from '../record.ts'
import { PICTURE_EXTENSIONS } from './picture-place.ts'
import { joined, Reading } from './reading.ts'

const FOLDERS = [
  ['images/{split}', 'labels/{split}'],
  ['{split}/images', '{split}/labels'],
  ['images', 'labels'],
  // Outlines beside their pictures.
  ['{split}', '{split}'],
  ['', ''],
] as const
const SPLITS = ['train', 'val', 'valid', 'test']
const NAME_FILES = ['data.yaml', 'dataset.yaml', 'data.yml', 'classes.txt']

export const yolo: Reader = {
  name: 'yolo',
  title: 'YOLO segmentation: outlines in text files',
  layout: [
    'images/{split}/<name>.jpg with labels/{split}/<name>.txt; also {split}/images with {split}/labels, without {split}, or both in one folder',
    'data.yaml with `names` (a list, or numbers with names) and, for other folders, `train`, `val`, `test`; or classes.txt: a name a line',
  ],
  splits: SPLITS,
  gives: ['masks', 'boxes'],
  read,
}

async function* read(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('yolo', options, 'all')
  const splits = options.split === undefined ? SPLITS : [options.split]
  const config = configOf(reading)
  const stated = splits.flatMap((split) => statedPair(reading, config, split))
  const usual = FOLDERS.flatMap(([pictures, labels]) =>
    (pictures.includes('{split}') ? splits : ['']).map(
      (split) => [pictures.replace('{split}', split), labels.replace('{split}', split)] as const,
    ),
  )
  const pairs = [...stated, ...usual]
  const isPair = ([pictures, labels]: (typeof pairs)[number]) =>
    reading.hasFolder(pictures) &&
    reading.hasFolder(labels) &&
    // One folder of both is one only where there are both.
    (pictures !== labels || labelled(reading, pictures).length > 0)
  const pair = pairs.find(isPair)
  if (pair === undefined)
    reading.failLayout(
      usual.map(([pictures, labels]) => `${pictures || '.'}/ with ${labels || '.'}/`),
      FOLDERS.slice(0, 2).map(([pictures]) => `${pictures}/`),
    )
  const [pictureFolder, labelFolder] = pair
  const names = classNames(reading, config)
  for (const file of reading.filesIn(pictureFolder, PICTURE_EXTENSIONS)) {
    reading.signal?.throwIfAborted()
    const stem = file.slice(file.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '')
    const labels = joined(labelFolder, `${stem}.txt`)
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

/** Pictures of a folder that have their text file beside them. */
function labelled(reading: Reading, folder: string): string[] {
  return reading
    .filesIn(folder, PICTURE_EXTENSIONS)
    .filter((file) => reading.exists(file.replace(/\.[^.]*$/, '.txt')))
}

/** The text of data.yaml, or of classes.txt, and which of them it is. */
function configOf(reading: Reading): { readonly file: string; readonly text: string } | undefined {
  const file = NAME_FILES.find((name) => reading.exists(name))
  return file === undefined ? undefined : { file, text: reading.text(file) ?? '' }
}

/**
 * The folders that data.yaml names for a split. Its paths are of the machine that wrote it: a drive, Windows' slashes, `../`
 * where the file lay in a folder of its own. Their longest end that is here counts.
 */
function statedPair(
  reading: Reading,
  config: ReturnType<typeof configOf>,
  split: string,
): (readonly [string, string])[] {
  const key = split === 'valid' ? 'val' : split
  const [, stated] =
    new RegExp(`^${key.replace(/[^\w-]/g, '')}:[ \\t]*([^#\\r\\n]+)`, 'm').exec(config?.text ?? '') ?? []
  if (stated === undefined || config?.file.endsWith('.txt')) return []
  const parts = unquoted(stated)
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
  for (let from = 0; from < parts.length; from++) {
    const pictures = parts.slice(from).join('/')
    if (!reading.hasFolder(pictures)) continue
    // Ultralytics finds labels by the last folder named images.
    const labels = pictures.replace(/(^|.*\/)images(?=\/|$)/, '$1labels')
    return [[pictures, labels]]
  }
  return []
}

/** Names by class number, of data.yaml or classes.txt. */
function classNames(reading: Reading, config: ReturnType<typeof configOf>): ReadonlyMap<number, string> {
  if (config === undefined) return new Map()
  const { file, text } = config
  const names = readYoloNames(text, file.endsWith('.txt'))
  if (names.size === 0) {
    const message = `${file} has no names that can be read: classes are numbers`
    reading.doubtOnce('no names', 'bad-field', message, file)
  }
  return names
}

function unquoted(text: string): string {
  const plain = text.trim()
  const [, single] = /^'(.*)'$/s.exec(plain) ?? []
  if (single !== undefined) return single.replaceAll("''", "'")
  const [, double] = /^"(.*)"$/s.exec(plain) ?? []
  return double === undefined ? plain : double.replace(/\\(["\\])/g, '$1')
}
