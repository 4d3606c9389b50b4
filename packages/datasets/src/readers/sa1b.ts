// SA-1B: one JSON a picture (ai.meta.com/datasets/segment-anything: { image: { image_id, width, height, file_name }, annotations }).
import { asObject, idAt, listAt, member, sidesAt, textAt } from '@maskwords/annotations'
import type { DataRecord, Reader, ReaderOptions } from '../record.ts'
import { cocoRegion, regionId } from './coco-regions.ts'
import { Reading } from './reading.ts'

async function* readSa1b(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('sa1b', options)
  const { split } = options
  const folders = split === undefined ? ['', 'annotations', 'images', ...reading.foldersIn('')] : [split]
  const seen = new Set<string>()
  let any = false
  for (const folder of folders) {
    if (seen.has(folder)) continue
    seen.add(folder)
    for (const file of reading.filesIn(folder, ['.json'])) {
      if (!/(^|\/)sa_[^/]*\.json$/.test(file)) continue
      any = true
      reading.signal?.throwIfAborted()
      const value = reading.json(file)
      const image = asObject(member(value, 'image'))
      if (image === undefined) {
        if (value !== undefined) reading.problem('bad-field', `${file} has no image`, file)
        continue
      }
      reading.picturesIn([folder, 'images', ''])
      const facts = sidesAt(image)
      const picture = reading.picture(textAt(image, 'file_name'), facts, file, file)
      if (picture === undefined) continue
      const known = new Set<string>()
      const regions = listAt(value, 'annotations').flatMap((annotation, place) => {
        const id = regionId(annotation, place)
        const at = `annotation ${id}`
        const region = reading.keep(cocoRegion(asObject(annotation) ?? {}, { id, ...picture }), file, at)
        if (region === undefined) return []
        if (known.has(id)) {
          reading.problem('duplicate-id', `${at} stands twice; the first one counts`, file, at)
          return []
        }
        known.add(id)
        return [region]
      })
      const record = reading.record(String(idAt(image, 'image_id') ?? file), picture, { regions }, file)
      if (record !== undefined) yield record
    }
  }
  if (!any) reading.failLayout(['sa_*.json', '*/sa_*.json'], ['{split}/'])
}

export const sa1b: Reader = {
  name: 'sa1b',
  title: 'SA-1B: every mask of a picture, without names',
  layout: [
    'sa_*.json beside sa_*.jpg, in the root or in folders of it (sa_000000/, ...); split: one such folder',
  ],
  splits: [],
  gives: ['masks', 'boxes'],
  read: readSa1b,
}
