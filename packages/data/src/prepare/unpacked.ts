// Pictures that lie inside a dataset's tables, taken out: trainers name files. Each is written whole, once, beside what `prepare` writes.
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DataRecord, PictureStore } from '@maskwords/datasets'
import { pictureHeader } from '@maskwords/mask'
import { writeWholeFile } from './whole-file.ts'

/** The record with the file that its picture has in `folder`, which is written where it is missing. Throws DataError. */
export async function unpackedRecord(
  record: DataRecord,
  store: PictureStore,
  folder: string,
): Promise<DataRecord> {
  const { file } = record.picture
  const stem = file.slice(file.lastIndexOf('/', file.lastIndexOf('/') - 1) + 1).replace('.parquet/', '-')
  const known = ['.jpg', '.png'].find((end) => existsSync(join(folder, stem + end)))
  if (known !== undefined) return named(record, stem + known)
  const bytes = await store.bytes(file)
  const format = pictureHeader(bytes)?.format ?? 'bin'
  const name = `${stem}.${format === 'jpeg' ? 'jpg' : format}`
  mkdirSync(folder, { recursive: true })
  if (!existsSync(join(folder, name))) writeWholeFile(join(folder, name), bytes)
  return named(record, name)
}

const named = (record: DataRecord, file: string): DataRecord => ({
  ...record,
  picture: { ...record.picture, file },
})
