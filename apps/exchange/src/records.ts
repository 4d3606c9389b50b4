// Our own plain JSON lines (docs/datasets.md): the line of the open picture, its regions with their classes and phrases.
import {
  annotationMask,
  asObject,
  drawnOnAt,
  idAt,
  type JsonObject,
  listAt,
  member,
  sizeAt,
  textAt,
  texts,
} from '@maskwords/annotations'
import { chosenEntry } from './choose.ts'
import { StudioError } from './error.ts'
import { chosenGround, type Grounds } from './ground.ts'
import { checkCount, type LoadedMasks, labelled, MAX_NAME_CHARACTERS, type NamedMask } from './loaded.ts'
import { inCounts } from './shapes.ts'

/** Parts of a record that regions of the studio have no place for. */
const OTHER_PARTS = ['captions', 'relations', 'dialogues', 'choices'] as const

/** Whether a parsed JSON value is a record: a picture with regions. */
export const isRecordOfPicture = (json: unknown): json is JsonObject =>
  textAt(json, 'image', 'picture') !== undefined && Array.isArray(member(json, 'regions'))

/** The masks of the picture's record. Throws StudioError where there is none, or nothing of it can be read. */
export function masksFromRecords(records: readonly JsonObject[], picture: Grounds): LoadedMasks {
  const nameOf = (record: JsonObject) => textAt(record, 'image', 'picture')!
  const record = chosenEntry(picture, {
    entries: records,
    namesOf: (one) => [nameOf(one)],
    sizeOf: (one) => sizeAt(one),
    convention: 'stored',
    namedBy: '“image” of its line',
  })
  const size = sizeAt(record)
  const convention = drawnOnAt(record) ?? 'stored'
  const ground = chosenGround(picture, { stated: size === undefined ? [] : [size], convention })
  if (ground === undefined) {
    throw new StudioError(
      'size-mismatch',
      `the file says that ${nameOf(record)} has ${size?.widthPx} x ${size?.heightPx} pixels; the open picture has ${picture.widthPx} x ${picture.heightPx}`,
    )
  }
  const entries = listAt(record, 'regions')
  checkCount(entries.length)
  const { phrases, several, unused } = phrasesOf(record)
  const causes: string[] = []
  const masks = entries.flatMap((value, place): NamedMask[] => {
    const entry = asObject(value) ?? {}
    const found = annotationMask(
      { segmentation: entry['segmentation'], bbox: entry['box'] ?? entry['bbox'] },
      ground.size,
    )
    if (found.lost !== undefined) {
      causes.push(found.lost.message)
      return []
    }
    const id = String(idAt(entry, 'id') ?? place)
    const phrase = phrases.get(id)?.slice(0, MAX_NAME_CHARACTERS)
    const one = labelled(ground.shown(found.value), textAt(entry, 'category'), `Region ${place + 1}`)
    return [phrase === undefined ? one : { ...one, phrase }]
  })
  if (masks.length === 0) {
    throw new StudioError('malformed', causes.length === 0 ? 'the record has no region' : inCounts(causes))
  }
  const others = OTHER_PARTS.reduce((sum, key) => sum + listAt(record, key).length, 0)
  const said = [
    ...(several === 0 ? [] : [`${several} more phrases of regions that have one`]),
    ...(unused === 0 ? [] : [`${unused} phrases of no region`]),
    ...(others === 0 ? [] : [`${others} captions, relations, dialogues and choices`]),
  ]
  return {
    masks,
    refused: causes.length,
    ...(causes.length > 0 && { cause: inCounts(causes) }),
    readAs: [
      `record of ${nameOf(record)}`,
      ...(said.length === 0 ? [] : [`left out: ${said.join(', ')}`]),
      ...ground.said,
    ].join('; '),
  }
}

/** The first phrase of each region, and how many there is no place for. */
function phrasesOf(record: JsonObject) {
  const phrases = new Map<string, string>()
  let several = 0
  let unused = 0
  for (const entry of listAt(record, 'phrases')) {
    const text = textAt(entry, 'text')
    const ids = listAt(entry, 'regions').map(String)
    if (text === undefined || ids.length === 0) unused++
    else if (ids.every((id) => phrases.has(id))) several++
    else for (const id of ids) if (!phrases.has(id)) phrases.set(id, text)
  }
  for (const entry of listAt(record, 'regions')) {
    const [caption, ...more] = texts(member(entry, 'captions'))
    several += more.length
    const id = String(idAt(entry, 'id') ?? '')
    if (caption !== undefined && phrases.has(id)) several++
    else if (caption !== undefined) phrases.set(id, caption)
  }
  return { phrases, several, unused }
}
