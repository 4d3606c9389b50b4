// YOLO segmentation: a text file of outlines beside each picture, in parts of the picture's sides (Ultralytics, "Instance
// segmentation datasets overview": `class x1 y1 x2 y2 ...`; five numbers are a box: `class centre-x centre-y width height`).
import { checkedSegmentation } from '@maskwords/annotations'
import type { DataRecord, PictureFile, Reader, ReaderOptions, Region } from '../record.ts'
import { PICTURE_EXTENSIONS } from './picture-place.ts'
import { Reading } from './reading.ts'

const FOLDERS = [
  ['images/{split}', 'labels/{split}'],
  ['{split}/images', '{split}/labels'],
  ['images', 'labels'],
] as const
const SPLITS = ['train', 'val', 'valid', 'test']
/** How far rounding may put a coordinate beyond the picture's side. */
const ROUNDING = 1e-4
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
  for (const [index, line] of (reading.text(file) ?? '').split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const [label = Number.NaN, ...parts] = line.trim().split(/\s+/).map(Number)
    const at = `line ${index + 1}`
    const isOutline = parts.length >= 6 && parts.length % 2 === 0
    const isClass = Number.isInteger(label) && label >= 0
    // Where the class is not readable, the region that is lost may be of any.
    const category = isClass ? (names.get(label) ?? String(label)) : undefined
    if (category === undefined || !(isOutline || parts.length === 4)) {
      const message = `neither class and outline nor class and box: ${line.slice(0, 80)}`
      reading.lostRegion({ kind: 'bad-field', message }, category, file, at)
      continue
    }
    if (!parts.every((part) => part >= -ROUNDING && part <= 1 + ROUNDING)) {
      const message = `coordinates are parts of the sides, 0 to 1; got ${line.slice(0, 80)}`
      reading.lostRegion({ kind: 'bad-geometry', message }, category, file, at)
      continue
    }
    if (names.size > 0 && !names.has(label)) {
      const message = `class ${label} has no name among ${names.size}: its number is its name`
      reading.doubtOnce(`class ${label}`, 'dangling-id', message, file)
    }
    const { widthPx, heightPx } = picture
    const within = (part: number) => Math.min(1, Math.max(0, part))
    const px = parts.map((part, i) => within(part) * (i % 2 === 0 ? widthPx : heightPx))
    const id = String(index + 1)
    if (isOutline) {
      const segmentation = reading.keep(checkedSegmentation([px], { widthPx, heightPx }), file, at, category)
      if (segmentation !== undefined) regions.push({ id, shape: { kind: 'coco', segmentation }, category })
    } else {
      const [x, y, w, h] = px as [number, number, number, number]
      regions.push({ id, shape: { kind: 'box' }, boxXywhPx: [x - w / 2, y - h / 2, w, h], category })
    }
  }
  return regions
}

/** Names by class number: of `names: [a, b]`, of `names:` with `- a` or `0: a` below it, or of classes.txt. */
function classNames(reading: Reading): ReadonlyMap<number, string> {
  const file = NAME_FILES.find((name) => reading.exists(name))
  const names = new Map<number, string>()
  if (file === undefined) return names
  const text = reading.text(file) ?? ''
  const plain = (name: string) => name.trim().replace(/^(['"])(.*)\1$/, '$2')
  if (file.endsWith('.txt')) {
    for (const [index, name] of text.trim().split(/\r?\n/).entries()) names.set(index, plain(name))
    return names
  }
  const inline = /^names:\s*\[([^\]]*)\]/m.exec(text)
  if (inline !== null) {
    for (const [index, name] of inline[1]!.split(',').entries()) names.set(index, plain(name))
    return names
  }
  const block = /^names:[ \t]*(?:#.*)?\r?\n((?:[ \t]*(?:-|\d+:).*(?:\r?\n|$))+)/m.exec(text)
  for (const [index, line] of (block?.[1] ?? '').trim().split(/\r?\n/).entries()) {
    const [, number, name] = /^\s*(?:-|(\d+):)\s*([^#]*)/.exec(line) ?? []
    if (name !== undefined) names.set(number === undefined ? index : Number(number), plain(name))
  }
  return names
}
