// Regions of pictures as files that other tools and the command take, and the command that goes on with them.
import {
  type AnnotatedPicture,
  labelStudioConfig,
  writeCoco,
  writeCvatXml,
  writeLabelMap,
  writeLabelStudio,
  writeRecords,
  writeYolo,
} from '@maskwords/annotations'

/** A picture with its own file. */
export type DatasetPicture = AnnotatedPicture & { readonly bytes: Uint8Array }

export const DATASETS = ['training', 'coco', 'yolo', 'cvat', 'label-studio', 'label-map'] as const
export type DatasetId = (typeof DATASETS)[number]

/** Whose files are made where nobody says another: the trainer that the published models were trained with. */
const TRAINER = 'ms-swift'

/** The reader of `prepare` for each. */
const READERS: Readonly<Record<DatasetId, string>> = {
  training: 'jsonl',
  coco: 'coco',
  yolo: 'yolo',
  cvat: 'cvat',
  'label-studio': 'label-studio',
  'label-map': 'label-map',
}

export type Dataset = {
  /** By their paths, README.txt first. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** What makes training data of it, once it lies in the folder `folder`. */
  readonly command: string
  /** What the format could not carry, in words with counts. */
  readonly left: readonly string[]
}

/**
 * A folder of the format with its pictures, as `prepare` reads it. `folder` is what it will be called. Throws AnnotationError
 * where the format cannot hold the regions.
 */
export function datasetOf(id: DatasetId, pictures: readonly DatasetPicture[], folder: string): Dataset {
  const { files, left } = annotationsOf(id, pictures)
  const command = `maskwords prepare ${READERS[id]} --root ${quoted(folder)} --to ${TRAINER} -o ${quoted(`${folder}-train`)}`
  const regions = pictures.reduce((sum, picture) => sum + picture.regions.length, 0)
  const readme = [
    `${regions} regions of ${pictures.length} ${pictures.length === 1 ? 'picture' : 'pictures'}, drawn in maskwords studio.`,
    ...left.map((one) => `Not in these files: ${one}.`),
    '',
    'Unpacked, they are training data by one command:',
    '',
    `    ${command}`,
    '',
    'It says what comes next. "--to" names the trainer (qwen, trl, llama-factory, ...), "--plan" shows what will be made and writes nothing.',
    '',
  ]
  const encoder = new TextEncoder()
  const all = new Map<string, Uint8Array>([['README.txt', encoder.encode(readme.join('\n'))]])
  for (const [path, content] of files)
    all.set(path, typeof content === 'string' ? encoder.encode(content) : content)
  for (const { file, bytes } of pictures) all.set(`images/${file}`, bytes)
  return { files: all, command, left }
}

type Files = { readonly files: ReadonlyMap<string, string | Uint8Array>; readonly left: readonly string[] }

function annotationsOf(id: DatasetId, pictures: readonly AnnotatedPicture[]): Files {
  const json = (value: unknown) => `${JSON.stringify(value)}\n`
  switch (id) {
    case 'training': {
      const { value, left } = writeRecords(pictures)
      return { files: new Map([['data.jsonl', value]]), left }
    }
    case 'coco': {
      const { value, left } = writeCoco(pictures)
      return { files: new Map([['annotations/instances_default.json', json(value)]]), left }
    }
    case 'yolo': {
      const { value, left } = writeYolo(pictures)
      return { files: value, left }
    }
    case 'cvat': {
      const { value, left } = writeCvatXml(pictures)
      return { files: new Map([['annotations.xml', value]]), left }
    }
    case 'label-studio': {
      const { value, left } = writeLabelStudio(pictures)
      const files = new Map([
        ['tasks.json', json(value)],
        ['label-config.xml', labelStudioConfig(pictures)],
      ])
      return { files, left }
    }
    case 'label-map': {
      const files = new Map<string, string | Uint8Array>()
      const left: string[] = []
      let names: Readonly<Record<string, string>> = {}
      for (const picture of pictures) {
        const written = writeLabelMap(picture, names)
        files.set(`labels/${picture.file.replace(/\.[^./]*$/, '')}.png`, written.value.png)
        names = written.value.names
        left.push(...written.left)
      }
      files.set('names.json', json(names))
      return { files, left }
    }
  }
}

/** As a shell takes it. */
const quoted = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
