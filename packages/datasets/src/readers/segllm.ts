// SegLLM: rounds of questions whose masks live in other datasets' files (SegLLM's multi-round loader: brackets in conversations).
// [IMAGE256:<picture>], [MASK-ENCODE:<picture>|<dataset>|<mask>] (a mask of the question), [BOX-ENCODE:...] (left out),
// [MASK-DECODE:<picture>|<dataset>|<mask>] or [MASK-DECODE:<task>:<reference>[:<reference>]:<mask>:<picture>:<dataset>] (the answer).
import { checkedSegmentation, type Found, idAt, listAt, member, textAt } from '@maskwords/annotations'
import { recordId } from '@maskwords/words'
import type { DataRecord, DialogueTurn, PictureFile, Reader, ReaderOptions, Region } from '../record.ts'
import { COCO_FOLDERS } from './coco.ts'
import type { CocoIndex } from './coco-index.ts'
import { cocoRegion } from './coco-regions.ts'
import { Reading } from './reading.ts'
import { piecesAtMarkers } from './text-spans.ts'

const CONVERSATIONS = ['conversation_folder/all_data_mix_{split}', 'conversation_folder', 'conversations', '']
const BRACKET = /\[(IMAGE256|MASK-ENCODE|BOX-ENCODE|MASK-DECODE):([^\]]*)\]/g

/** Annotation files in the COCO form, by the dataset's name in a bracket. */
const COCO_LIKE: Readonly<Record<string, readonly string[]>> = {
  refcoco: ['refcoco/instances.json'],
  'refcoco+': ['refcoco+/instances.json'],
  refcocog: ['refcocog/instances.json'],
  paco_lvis: ['paco_lvis_v1_train.json', 'paco_lvis_v1_val.json'],
  lvis: ['lvis_v1_train.json', 'lvis_v1_val.json'],
}
/** Objects from mask id to run lengths or outlines; read whole, so bounded. */
const KEYED: Readonly<Record<string, readonly string[]>> = {
  visual_genome: ['visual_genome/vg_masks_train_new.json', 'visual_genome/vg_masks_train.json'],
  description_based_coco: ['description_based_coco/seg_mask_per_instance.json'],
}
const MAX_KEYED_MASKS = 1_000_000
/** Label maps: the folder, and what is added to the class to give the pixel's value. */
const MAPS: Readonly<Record<string, { readonly folders: readonly string[]; readonly add: number }>> = {
  ade20k: { folders: ['ade20k/annotations/training', 'ADEChallengeData2016/annotations/training'], add: 1 },
  cocostuff: { folders: ['cocostuff/train2017', 'coco/cocostuff/train2017'], add: 0 },
}

type Reference = { readonly picture: string; readonly dataset: string; readonly mask: string }

async function* readSegllm(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const split = options.split ?? 'train'
  const reading: Reading = new Reading('segllm', { ...options, split })
  const folders = CONVERSATIONS.map((folder) => folder.replaceAll('{split}', split))
  const files = folders.map((folder) => reading.filesIn(folder, ['.json'])).find((found) => found.length > 0)
  if (files === undefined)
    reading.failLayout(
      folders.map((folder) => `${folder}/*.json`),
      CONVERSATIONS.map((folder) => `${folder}/`),
    )
  reading.picturesIn(['', 'images', 'VisualGenome', 'ADEChallengeData2016/images/training', ...COCO_FOLDERS])
  const sources = new Sources(reading)
  try {
    for (const file of files) {
      const prefix = file.slice(file.lastIndexOf('/') + 1).replace(/\.json$/, '')
      for await (const { value, index } of reading.list(file)) {
        const at = `conversation ${index}`
        const record = await recordOf(
          reading,
          sources,
          listAt(value, 'conversations'),
          `${prefix}/${index}`,
          file,
          at,
        )
        if (record !== undefined) yield record
      }
    }
  } finally {
    sources.close()
  }
}

async function recordOf(
  reading: Reading,
  sources: Sources,
  turns: readonly unknown[],
  id: string,
  file: string,
  at: string,
): Promise<DataRecord | undefined> {
  const texts = turns.map((turn) => textAt(turn, 'value') ?? '')
  const references = new Map<string, Reference>()
  let pictureName: string | undefined
  for (const [bracket, kind, body] of texts.flatMap((text) => [...text.matchAll(BRACKET)])) {
    if (kind === 'IMAGE256') pictureName ??= body
    else if (kind !== 'BOX-ENCODE') {
      const reference = referenceOf(body!)
      if (reference !== undefined) references.set(bracket, reference)
      else {
        reading.problem('bad-field', `${at}: ${bracket.slice(0, 80)} is no reference to a mask`, file, at)
        return undefined
      }
    }
  }
  pictureName ??= [...references.values()][0]?.picture
  // Published paths begin where the authors kept their pictures; the last part, or the last two, name the file.
  const parts = (pictureName ?? '').split('/')
  const name = parts.slice(parts.at(-2)?.startsWith('VG_100K') ? -2 : -1).join('/')
  const picture = reading.picture(name, {}, file, at)
  if (picture === undefined) return undefined
  const regions = new Map<string, Region>()
  for (const reference of references.values()) {
    const region = reading.keep(await sources.region(reference, picture), file, at)
    if (region === undefined) return undefined
    regions.set(region.id, region)
  }
  const dialogue = turns.flatMap((turn, t): DialogueTurn[] => {
    const from = textAt(turn, 'from')
    if (from !== 'human' && from !== 'gpt') return []
    const pieces = piecesAtMarkers(texts[t]!, BRACKET, ([bracket]) => {
      const reference = references.get(bracket)
      return reference === undefined ? '' : regionName(reference)
    })
    return [{ role: from === 'human' ? 'user' : 'assistant', pieces }]
  })
  if (dialogue.length < 2 || regions.size === 0) {
    reading.problem('bad-field', `${at} has no round with a mask`, file, at)
    return undefined
  }
  return reading.knownNewRecord(id, picture, { regions: [...regions.values()], dialogues: [dialogue] })
}

function referenceOf(body: string): Reference | undefined {
  const bars = body.split('|')
  if (bars.length === 3) return { picture: bars[0]!, dataset: bars[1]!, mask: bars[2]! }
  const colons = body.split(':')
  if (colons.length !== 5 && colons.length !== 6) return undefined
  const [mask, picture, dataset] = colons.slice(-3) as [string, string, string]
  return { picture, dataset, mask }
}

function regionName(reference: Reference): string {
  return `${reference.dataset}/${reference.mask}`
}

/** The annotation files that conversations refer to, each opened when it is first needed. */
class Sources {
  private readonly reading: Reading
  private readonly indexes = new Map<string, CocoIndex | undefined>()
  private readonly keyed = new Map<string, ReadonlyMap<string, unknown>>()

  constructor(reading: Reading) {
    this.reading = reading
  }

  async region(reference: Reference, picture: PictureFile): Promise<Found<Region>> {
    const { dataset, mask } = reference
    const id = regionName(reference)
    const missing: Found<Region> = {
      lost: {
        kind: 'dangling-id',
        message: `there is no mask ${mask.slice(0, 40)} of dataset ${dataset.slice(0, 40)}`,
      },
    }
    if (Object.hasOwn(COCO_LIKE, dataset)) {
      const index = await this.index(dataset)
      const annotationId = recordId(mask)
      const annotation = annotationId === undefined ? undefined : index?.annotation(annotationId)
      if (annotation === undefined) return missing
      const category = index?.categories.get(idAt(annotation, 'category_id') ?? '')?.name
      return cocoRegion(annotation, { id, ...picture, category })
    }
    if (Object.hasOwn(KEYED, dataset)) {
      const entry = (await this.masks(dataset)).get(mask)
      if (entry === undefined) return missing
      const segmentation = checkedSegmentation(member(entry, 'segmentation') ?? entry, picture)
      if (segmentation.lost !== undefined) return segmentation
      return segmentation.value === undefined
        ? missing
        : { value: { id, shape: { kind: 'coco', segmentation: segmentation.value } } }
    }
    const maps = Object.hasOwn(MAPS, dataset) ? MAPS[dataset] : undefined
    const name = picture.file.slice(picture.file.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '.png')
    const file = maps?.folders.map((folder) => `${folder}/${name}`).find((path) => this.reading.exists(path))
    const value = Number(mask)
    if (maps === undefined || file === undefined || !Number.isInteger(value) || value < 0) return missing
    return { value: { id, shape: { kind: 'label-map', file, value: value + maps.add, channel: 'first' } } }
  }

  private async index(dataset: string): Promise<CocoIndex | undefined> {
    if (!this.indexes.has(dataset)) {
      const file = this.file(COCO_LIKE[dataset]!)
      this.indexes.set(dataset, file === undefined ? undefined : await this.reading.cocoIndex(file))
    }
    return this.indexes.get(dataset)
  }

  private async masks(dataset: string): Promise<ReadonlyMap<string, unknown>> {
    let masks = this.keyed.get(dataset)
    if (masks === undefined) {
      const read = new Map<string, unknown>()
      const file = this.file(KEYED[dataset]!)
      if (file !== undefined) {
        for await (const { key, index, value } of this.reading.list(file)) {
          if (read.size < MAX_KEYED_MASKS) read.set(key ?? String(index), value)
        }
      }
      this.keyed.set(dataset, (masks = read))
    }
    return masks
  }

  private file(names: readonly string[]): string | undefined {
    const places = names.flatMap((name) => [`annotation_folder/${name}`, name, `annotations/${name}`])
    return this.reading.findOptional(places, [])
  }

  close(): void {
    for (const index of this.indexes.values()) index?.close()
  }
}

export const segllm: Reader = {
  name: 'segllm',
  title: 'SegLLM: rounds with masks on both sides',
  layout: [
    'conversation_folder/all_data_mix_{split}/*.json: [{ conversations }] with [IMAGE256:..], [MASK-ENCODE:..], [MASK-DECODE:..]',
    'annotation_folder/: refcoco/, refcoco+/, refcocog/instances.json, lvis_v1_train.json, paco_lvis_v1_train.json, visual_genome/, description_based_coco/',
    'pictures in train2014/, train2017/, VisualGenome/, ADEChallengeData2016/images/training/',
  ],
  splits: ['train', 'val'],
  gives: ['masks', 'dialogues'],
  read: readSegllm,
}
