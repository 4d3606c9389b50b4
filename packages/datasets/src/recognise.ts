// One's own data by its place: which reader a folder or a file of annotations is for, told from what lies there. Definition: ours.
import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DataError } from '@maskwords/inputs'
import { type AnnotationKind, annotationFiles, annotationKind, entriesOf } from './annotation-kind.ts'
import { holdsTables } from './readers/hub-tables.ts'
import { readerByName } from './readers/index.ts'
import { PICTURE_EXTENSIONS } from './readers/picture-place.ts'

/** A folder or file as a source: the reader, its folder, and the annotation file where one was named. */
export type OwnData = { readonly reader: string; readonly root: string; readonly annotations?: string }

/** In the order that they are looked for: a set that was exported twice is read as the richer of the two. */
const KINDS: readonly AnnotationKind[] = ['coco', 'coco-panoptic', 'label-studio', 'cvat', 'jsonl', 'labelme']

/**
 * What lies at a path. A file names its folder's data (a file in annotations/ that of the folder above), a folder is looked
 * into: a published dataset's name, tables, outlines of YOLO, annotation files, then photos beside masks.
 * @param path absolute
 * @throws DataError `io` where nothing is there, `wrong-layout` where it is nothing that a reader reads
 */
export function recogniseData(path: string): OwnData {
  const info = statSync(path, { throwIfNoEntry: false })
  if (info === undefined) throw new DataError('io', `there is no ${path}`, { file: path })
  return info.isDirectory() ? ofFolder(resolve(path)) : ofFile(resolve(path))
}

function ofFile(path: string): OwnData {
  const kind = annotationKind(path)
  if (kind === undefined) {
    throw new DataError('wrong-layout', 'this is no annotation file that a reader knows', {
      file: path,
      hint: 'COCO, Label Studio and labelme JSON, CVAT XML and JSON Lines are known by their content; a mask or a photo belongs to a folder of such: give the folder',
    })
  }
  const folder = dirname(path)
  const isApart = /^(annotations?|labels?)$/i.test(basename(folder))
  const root = isApart ? dirname(folder) : folder
  const annotations = path.slice(root.length + 1).replaceAll('\\', '/')
  return readerByName(kind)!.takesAnnotations === true
    ? { reader: kind, root, annotations }
    : { reader: kind, root }
}

function ofFolder(root: string): OwnData {
  const name = basename(root)
  if (readerByName(name) !== undefined) return { reader: name, root }
  if (holdsTables(root)) return { reader: 'hub', root }
  if (holdsYolo(root)) return { reader: 'yolo', root }
  const kind = KINDS.find((one) => annotationFiles(root, one).length > 0)
  if (kind !== undefined) return { reader: kind, root }
  if (holdsPictures(root)) return { reader: 'masks', root }
  const held = entriesOf(root).map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
  const shown = held.length === 0 ? 'nothing' : held.slice(0, 12).join(', ')
  throw new DataError('wrong-layout', `this folder is nothing that a reader knows; it holds ${shown}`, {
    file: root,
    hint: 'annotations (COCO, YOLO, CVAT, Label Studio, labelme, JSON Lines) or photos with masks of their names are wanted: docs/datasets.md',
  })
}

const LABEL_FOLDERS = ['labels', ...['train', 'val', 'valid', 'test'].map((split) => `${split}/labels`)]

/** Outlines as text files: in labels/ or a folder of it, or beside pictures where a data.yaml or classes.txt is. */
function holdsYolo(root: string): boolean {
  const hasTexts = (folder: string) =>
    entriesOf(join(root, folder)).some((entry) => !entry.isDirectory() && entry.name.endsWith('.txt'))
  const inLabels = LABEL_FOLDERS.flatMap((folder) => [
    folder,
    ...entriesOf(join(root, folder)).flatMap((entry) =>
      entry.isDirectory() ? [`${folder}/${entry.name}`] : [],
    ),
  ])
  return inLabels.some(hasTexts) || entriesOf(root).some(({ name }) => /^data(set)?\.ya?ml$/.test(name))
}

/** Whether there is a picture in the folder, in one of its folders, or in one of theirs. */
function holdsPictures(root: string, depth = 2): boolean {
  const entries = entriesOf(root)
  const isPicture = (name: string) => PICTURE_EXTENSIONS.some((end) => name.toLowerCase().endsWith(end))
  return (
    entries.some((entry) => !entry.isDirectory() && isPicture(entry.name)) ||
    (depth > 0 &&
      entries.some((entry) => entry.isDirectory() && holdsPictures(join(root, entry.name), depth - 1)))
  )
}
