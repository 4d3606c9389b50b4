// Our own plain format: one record a line, every part of it optional but the picture. Definition: docs/datasets.md, "Plain JSON lines".
import {
  checkedBox,
  drawnOnAt,
  type Found,
  flagAt,
  idAt,
  isNoBox,
  listAt,
  member,
  numberAt,
  sidesAt,
  textAt,
  texts,
} from '@maskwords/annotations'
import { safeRelativePath } from '../paths.ts'
import type {
  Choice,
  Coverage,
  DataRecord,
  DialogueTurn,
  GroundedCaptionRecord,
  Phrase,
  Reader,
  ReaderOptions,
  Region,
  RegionShape,
  Relation,
} from '../record.ts'
import { cocoRegion } from './coco-regions.ts'
import { Reading } from './reading.ts'
import { groundedCaption, type Piece } from './text-spans.ts'

type Size = { readonly widthPx: number; readonly heightPx: number }
const FILES = ['{split}.jsonl', 'data.jsonl', 'annotations.jsonl', 'records.jsonl']

async function* readJsonl(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('jsonl', options, 'all')
  const splits = ['train', 'val', 'test']
  const file = reading.annotations(FILES, splits, () => reading.filesIn('', ['.jsonl']))
  reading.picturesIn(['', 'images', 'pictures'])
  for await (const { value, line } of reading.lines(file)) {
    const at = `line ${line}`
    const drawnOn = drawnOnAt(value)
    const facts = {
      ...sidesAt(value),
      licence: textAt(value, 'licence', 'license'),
      ...(drawnOn !== undefined && { drawnOn }),
    }
    const picture = reading.picture(textAt(value, 'image', 'picture'), facts, file, at)
    if (picture === undefined) continue
    const part = new Parts(reading, value, picture, file, at)
    const regions = part.regions()
    const coverage = part.coverage()
    const record = reading.record(
      String(idAt(value, 'id') ?? line),
      picture,
      {
        regions,
        phrases: part.phrases(),
        captions: part.captions(),
        relations: part.relations(),
        dialogues: part.dialogues(),
        choices: part.choices(),
        ...(coverage === undefined ? {} : { coverage }),
      },
      file,
    )
    if (record !== undefined) yield record
  }
}

/** The parts of one line; each unsound one is said and left out, the others stay. */
class Parts {
  private readonly reading: Reading
  private readonly value: unknown
  private readonly size: Size
  private readonly file: string
  private readonly at: string
  private known: ReadonlySet<string> = new Set()

  constructor(reading: Reading, value: unknown, size: Size, file: string, at: string) {
    this.reading = reading
    this.value = value
    this.size = size
    this.file = file
    this.at = at
  }

  regions(): Region[] {
    const regions = new Map<string, Region>()
    listAt(this.value, 'regions').forEach((entry, place) => {
      const id = String(idAt(entry, 'id') ?? place)
      const where = `region ${id} of ${this.at}`
      const region = this.reading.keep(this.region(entry, id), this.file, where, textAt(entry, 'category'))
      if (region === undefined) return
      if (regions.has(id)) {
        this.reading.problem(
          'duplicate-id',
          `${where} stands twice; the first one counts`,
          this.file,
          this.at,
        )
      } else regions.set(id, region)
    })
    this.known = new Set(regions.keys())
    return [...regions.values()]
  }

  private region(entry: unknown, id: string): Found<Region> {
    const found = this.shaped(entry, id)
    if (found.lost !== undefined) return found
    const captions = texts(member(entry, 'captions'))
    const thing = member(entry, 'thing')
    const value: Region = {
      ...found.value,
      ...(flagAt(entry, 'crowd', 'iscrowd') ? { isCrowd: true } : {}),
      ...(flagAt(entry, 'ignore') ? { isIgnored: true } : {}),
      ...(typeof thing === 'boolean' ? { isThing: thing } : {}),
      ...(captions.length === 0 ? {} : { captions }),
    }
    return { ...found, value }
  }

  private shaped(entry: unknown, id: string): Found<Region> {
    const bbox = member(entry, 'box') ?? member(entry, 'bbox')
    const category = textAt(entry, 'category')
    const segmentation = member(entry, 'segmentation')
    const isOutlined =
      segmentation !== undefined &&
      segmentation !== null &&
      !(Array.isArray(segmentation) && segmentation.length === 0)
    const hasFile =
      member(entry, 'label_map') !== undefined || (member(entry, 'mask') ?? undefined) !== undefined
    if (isOutlined || !hasFile) return cocoRegion({ segmentation, bbox }, { id, ...this.size, category })
    const shape = this.shape(entry)
    if (shape.lost !== undefined) return shape
    const box = isNoBox(bbox) ? undefined : checkedBox(bbox, this.size)
    const value: Region = {
      id,
      shape: shape.value,
      ...(box?.value === undefined ? {} : { boxXywhPx: box.value }),
      ...(category === undefined ? {} : { category }),
    }
    return box?.lost === undefined ? { value } : { value, doubts: [box.lost] }
  }

  /** Categories that the line says are absent, or that may have more regions than it lists. */
  coverage(): Coverage | undefined {
    const absent = member(this.value, 'absent')
    const incomplete = member(this.value, 'incomplete')
    if (absent === undefined && incomplete === undefined) return undefined
    return {
      absent: absent === undefined ? 'others' : texts(absent),
      incomplete: incomplete === true ? 'any' : incomplete === undefined ? [] : texts(incomplete),
    }
  }

  /** Pixels in a picture of masks. */
  private shape(entry: unknown): Found<RegionShape> {
    const map = member(entry, 'label_map')
    const stated = map === undefined ? member(entry, 'mask') : member(map, 'file')
    if (stated !== undefined && stated !== null) {
      const file = safeRelativePath(stated)
      if (file === undefined) {
        return {
          lost: { kind: 'unsafe-path', message: `${JSON.stringify(stated)} is no path inside the dataset` },
        }
      }
      if (!this.reading.exists(file))
        return { lost: { kind: 'missing-picture', message: `there is no ${file}` } }
      if (map === undefined) return { value: { kind: 'mask-file', file } }
      const value = numberAt(map, 'value')
      if (value === undefined || !Number.isInteger(value) || value < 0) {
        return { lost: { kind: 'bad-field', message: 'label_map.value should be a whole number' } }
      }
      const channel = member(map, 'channel') === 'rgb-id' ? 'rgb-id' : 'first'
      return { value: { kind: 'label-map', file, value, channel } }
    }
    return { lost: { kind: 'bad-field', message: 'label_map.file should name a picture' } }
  }

  /** Ids that are all regions of this record; undefined, with a problem said, where one is not. */
  private ids(list: readonly unknown[], what: string): string[] | undefined {
    const ids = list.map(String)
    const missing = ids.find((id) => !this.known.has(id))
    if (missing === undefined) return ids
    this.say('dangling-id', `${what} refers to region ${missing.slice(0, 60)}, which is not there`)
    return undefined
  }

  private say(kind: 'dangling-id' | 'bad-field', message: string): void {
    this.reading.lostText(kind, `${this.at}: ${message}`, this.file, this.at)
  }

  phrases(): Phrase[] {
    return listAt(this.value, 'phrases').flatMap((entry, place): Phrase[] => {
      const text = textAt(entry, 'text')
      if (text === undefined) this.say('bad-field', `phrase ${place} has no text`)
      const regions = this.ids(listAt(entry, 'regions'), `phrase ${place}`)
      if (text === undefined || regions === undefined) return []
      const answer = textAt(entry, 'answer')
      const id = idAt(entry, 'id')
      return [
        {
          text,
          regions,
          ...(member(entry, 'form') === 'sentence' ? { form: 'sentence' } : {}),
          ...(answer === undefined ? {} : { answer }),
          ...(id === undefined ? {} : { id: String(id) }),
        },
      ]
    })
  }

  captions(): GroundedCaptionRecord[] {
    return listAt(this.value, 'captions').flatMap((entry, place): GroundedCaptionRecord[] => {
      const text = typeof entry === 'string' ? entry : textAt(entry, 'text')
      if (text === undefined || text.trim() === '') {
        this.say('bad-field', `caption ${place} has no text`)
        return []
      }
      let lost = 0
      const spans = listAt(entry, 'spans').flatMap((span, s) => {
        const start = numberAt(span, 'start')
        const end = numberAt(span, 'end')
        const regions = this.ids(listAt(span, 'regions'), `span ${s} of caption ${place}`)
        if (start === undefined || end === undefined || !(start >= 0 && start < end && end <= text.length)) {
          this.say('bad-field', `span ${s} of caption ${place} lies outside its text`)
          lost++
          return []
        }
        if (regions === undefined) lost++
        return regions === undefined ? [] : [{ start, end, regions }]
      })
      const { caption, cut } = groundedCaption(text, spans)
      if (cut > 0) this.say('bad-field', `${cut} spans of caption ${place} overlap and were cut short`)
      return [lost === 0 ? caption : { ...caption, isIncomplete: true }]
    })
  }

  relations(): Relation[] {
    return listAt(this.value, 'relations').flatMap((entry, place): Relation[] => {
      const [subject, predicate, object] = Array.isArray(entry)
        ? entry
        : ['subject', 'predicate', 'object'].map((key) => member(entry, key))
      const ids = this.ids([subject, object], `relation ${place}`)
      if (typeof predicate !== 'string' || predicate === '') {
        this.say('bad-field', `relation ${place} has no predicate`)
        return []
      }
      return ids === undefined ? [] : [{ subject: ids[0]!, predicate, object: ids[1]! }]
    })
  }

  dialogues(): DialogueTurn[][] {
    return listAt(this.value, 'dialogues').flatMap((dialogue, place): DialogueTurn[][] => {
      const turns = (Array.isArray(dialogue) ? dialogue : []).map((turn) => {
        const role = member(turn, 'role')
        const pieces = this.pieces(listAt(turn, 'pieces'), `dialogue ${place}`)
        return (role === 'user' || role === 'assistant') && pieces !== undefined
          ? { role, pieces }
          : undefined
      })
      if (turns.length > 0 && !turns.includes(undefined)) return [turns as DialogueTurn[]]
      this.say('bad-field', `dialogue ${place} should be turns with role (user, assistant) and pieces`)
      return []
    })
  }

  choices(): Choice[] {
    return listAt(this.value, 'choices').flatMap((entry, place): Choice[] => {
      const question = this.pieces(listAt(entry, 'question'), `choice ${place}`)
      const options = listAt(entry, 'options')
      const right = numberAt(entry, 'right')
      const isSound =
        options.length >= 2 && options.every((option) => typeof option === 'string') && right !== undefined
      if (question !== undefined && question.length > 0 && isSound && options[right] !== undefined) {
        return [{ question, options: options as string[], right }]
      }
      this.say(
        'bad-field',
        `choice ${place} needs a question, two options or more and the number of the right one`,
      )
      return []
    })
  }

  private pieces(list: readonly unknown[], what: string): Piece[] | undefined {
    const pieces: Piece[] = []
    for (const entry of list) {
      if (typeof entry === 'string') pieces.push(entry)
      else {
        const ids = this.ids([member(entry, 'region')], what)
        if (ids === undefined) return undefined
        pieces.push({ region: ids[0]! })
      }
    }
    return pieces
  }
}

export const jsonl: Reader = {
  name: 'jsonl',
  title: 'Plain JSON lines: our own simple format',
  layout: [
    'data.jsonl, {split}.jsonl, annotations.jsonl, or the only *.jsonl of the root; one record a line (docs/datasets.md)',
    'pictures and mask files as named, relative to the root (or images/)',
  ],
  splits: ['train', 'val', 'test'],
  gives: ['masks', 'boxes', 'phrases', 'captions', 'region-captions', 'relations', 'dialogues', 'choices'],
  takesAnnotations: true,
  read: readJsonl,
}
