// PSG: panoptic scene graphs (OpenPSG's psg.json: data[], thing_classes, stuff_classes, predicate_classes, test_image_ids).
import { asObject, type Id, idAt, listAt, numbersOf, sidesAt, textAt } from '@maskwords/annotations'
import type { DataRecord, Reader, ReaderOptions, Relation } from '../record.ts'
import { panopticMap, panopticRegions } from './panoptic.ts'
import { Reading } from './reading.ts'

const FILES = ['psg.json', 'psg/psg.json', 'annotations/psg.json', 'psg_{split}.json']
const MAP_FOLDERS = ['', 'coco', 'annotations', 'coco/annotations', 'images']
const LISTS = ['thing_classes', 'stuff_classes', 'predicate_classes', 'test_image_ids']

async function* readPsg(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const split = options.split ?? 'train'
  const reading: Reading = new Reading('psg', { ...options, split }, 'all')
  const file = reading.find(FILES, [])
  reading.picturesIn(['', 'coco', 'images'])
  // The class lists stand after the data in the published file: they are read first, on their own.
  const lists = new Map<string, unknown[]>(LISTS.map((name) => [name, []]))
  for (const name of LISTS)
    for await (const { value } of reading.list(file, name)) lists.get(name)!.push(value)
  const things = lists.get('thing_classes')!
  const classes = [...things, ...lists.get('stuff_classes')!].map(String)
  const predicates = lists.get('predicate_classes')!.map(String)
  const tests = new Set(lists.get('test_image_ids')!.map((id) => idAt({ id }, 'id')))
  const categoryOf = (id: Id) =>
    typeof id === 'number' && classes[id] !== undefined
      ? { name: categoryName(classes[id]), isThing: id < things.length }
      : undefined
  for await (const { value, index } of reading.list(file, 'data')) {
    const at = `entry ${index}`
    const item = asObject(value)
    const id = idAt(value, 'image_id')
    if (item === undefined || id === undefined) {
      reading.problem('bad-field', `${at} has no image_id`, file, at)
      continue
    }
    if (tests.size > 0 && tests.has(id) !== (split !== 'train')) continue
    const facts = sidesAt(item)
    const picture = reading.picture(textAt(item, 'file_name'), facts, file, at)
    if (picture === undefined) continue
    const map = panopticMap(reading, textAt(item, 'pan_seg_file_name'), MAP_FOLDERS, file, at)
    if (map === undefined) continue
    const segments = listAt(item, 'segments_info').map((segment) => ({
      ...asObject(segment),
      bbox: undefined,
    }))
    const regions = panopticRegions(reading, segments, map, picture, categoryOf, file, `image ${id}`)
    const known = new Set(regions.map((region) => region.id))
    const relations = listAt(item, 'relations').flatMap((relation, r): Relation[] => {
      const numbers = numbersOf(relation)
      const where = `relation ${r} of image ${id}`
      const [subject, object] = [segments[numbers?.[0] ?? -1], segments[numbers?.[1] ?? -1]].map((segment) =>
        segment === undefined ? undefined : String(idAt(segment, 'id')),
      )
      const predicate = predicates[numbers?.[2] ?? -1]
      if (subject === undefined || object === undefined || predicate === undefined) {
        reading.problem('dangling-id', `${where} should name two segments and a predicate`, file, where)
        return []
      }
      // A segment that was lost takes its relations along; its own loss was said.
      return known.has(subject) && known.has(object) ? [{ subject, predicate, object }] : []
    })
    const record = reading.record(String(id), picture, { regions, relations }, file)
    if (record !== undefined) yield record
  }
}

/** `floor-other-merged` and `wall-brick` read as text does. */
function categoryName(name: string): string {
  return name.replace(/-(merged|other|stuff)/g, '').replaceAll('-', ' ')
}

export const psg: Reader = {
  name: 'psg',
  title: 'PSG: panoptic scene graphs',
  layout: [
    'psg.json: { data[]: { file_name, pan_seg_file_name, segments_info, relations }, thing_classes, stuff_classes, predicate_classes, test_image_ids }',
    'pictures and panoptic maps of COCO as the file names say, in the root or coco/',
  ],
  splits: ['train', 'test'],
  gives: ['masks', 'relations'],
  read: readPsg,
}
