// What a file of annotations is, told from its first and last bytes: so much of it is looked at, however large it is. Definition: ours;
// the fields are those of COCO, Label Studio, labelme, CVAT, and of our own lines.
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { byCodeUnits } from '@maskwords/base'

/** Kinds of annotation files, by the reader that reads them. */
export type AnnotationKind = 'coco' | 'coco-panoptic' | 'label-studio' | 'labelme' | 'cvat' | 'jsonl'

/** COCO's info and licences come first and are small; a list of categories may stand at the end. */
const WINDOW_BYTES = 1 << 16
/** Files of a folder that are looked at: a folder of labelme's has one a picture. */
const MOST_FILES = 200

/** What the file is; undefined for another kind, and where it cannot be read. */
export function annotationKind(path: string): AnnotationKind | undefined {
  const extension = /\.(json|jsonl|xml)$/i.exec(path)?.[1]?.toLowerCase()
  if (extension === undefined) return undefined
  const text = ends(path)
  if (extension === 'xml') return /<annotations[\s>]/.test(text) ? 'cvat' : undefined
  const has = (key: string, value = '') => new RegExp(`"${key}"\\s*:\\s*${value}`).test(text)
  if (extension === 'jsonl') return has('image') || has('picture') ? 'jsonl' : undefined
  const start = text.trimStart()[0]
  if (start === '{') {
    if (has('shapes', '\\[') && has('imagePath')) return 'labelme'
    const isCoco =
      (has('images', '[[{]') && (has('file_name') || has('coco_url'))) ||
      (has('annotations', '[[{]') && has('image_id'))
    if (isCoco) return has('segments_info') ? 'coco-panoptic' : 'coco'
    return undefined
  }
  if (start !== '[') return undefined
  if (has('annotations', '\\[') && (has('data', '\\{') || has('file_upload'))) return 'label-studio'
  return has('shapes', '\\[') && has('tracks', '\\[') ? 'cvat' : undefined
}

/** Files of this kind in the root, in annotations/ and in the root's other folders, as paths relative to the root, sorted. */
export function annotationFiles(root: string, kind: AnnotationKind): string[] {
  const folders = ['', ...entriesOf(root).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))]
  return folders
    .flatMap((folder) =>
      entriesOf(join(root, folder))
        .filter((entry) => !entry.isDirectory() && /\.(json|jsonl|xml)$/i.test(entry.name))
        .slice(0, MOST_FILES)
        .map(({ name }) => (folder === '' ? name : `${folder}/${name}`)),
    )
    .filter((file) => annotationKind(join(root, file)) === kind)
    .sort(byCodeUnits)
}

/** What a folder holds, sorted; nothing where it cannot be listed. Names with a dot before them are other programs' notes. */
export function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.'))
      .sort((a, b) => byCodeUnits(a.name, b.name))
  } catch {
    return []
  }
}

/** The first and the last bytes of a file as text; two-byte encodings lose their zeros, which keeps the names of fields. */
function ends(path: string): string {
  try {
    const file = openSync(path, 'r')
    try {
      const { size } = fstatSync(file)
      const bytes = Buffer.alloc(Math.min(size, 2 * WINDOW_BYTES))
      const head = Math.min(size, WINDOW_BYTES)
      readSync(file, bytes, 0, head, 0)
      if (bytes.length > head) readSync(file, bytes, head, bytes.length - head, size - (bytes.length - head))
      return bytes
        .toString('latin1')
        .replace(/^(\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)/, '')
        .replaceAll('\0', '')
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}
