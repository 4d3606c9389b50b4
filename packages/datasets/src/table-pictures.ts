// Pictures that lie inside tables: named by the table's file and the row, and read from there, a group of rows at a time.

import { join } from 'node:path'
import { DataError, openTable, type Table } from '@maskwords/inputs'
import { safeRelativePath } from './paths.ts'
import type { PictureStore } from './record.ts'

/** Digits of a row's number: names sort as rows do. */
const DIGITS = 7
const NAME = /^(.+\.parquet)\/(\d{7,})$/

export const pictureName = (file: string, row: number): string =>
  `${file}/${String(row).padStart(DIGITS, '0')}`

/** Names that published tables have for the column of pictures; else the first that holds pictures and is none of masks. */
const PICTURE_COLUMNS = ['image', 'picture', 'img', 'image_bytes', 'jpg', 'png']

export function pictureColumn(table: Table): string | undefined {
  const pictures = [...table.columns].filter(([, kind]) => kind === 'picture').map(([name]) => name)
  return (
    PICTURE_COLUMNS.find((name) => pictures.includes(name)) ??
    pictures.find((name) => !/mask|seg/i.test(name))
  )
}

/** The bytes in a cell of pictures: as they are, or in a structure of bytes and path. */
export function bytesInCell(cell: unknown): Uint8Array | undefined {
  if (cell instanceof Uint8Array) return cell
  const inner = typeof cell === 'object' && cell !== null ? (cell as { bytes?: unknown }).bytes : undefined
  return inner instanceof Uint8Array ? inner : undefined
}

/** The pictures of the tables under a folder. One group of rows is kept: pictures are asked for in their order. */
export function tablePictures(root: string): PictureStore {
  const tables = new Map<string, Promise<Table>>()
  let kept: { readonly key: string; readonly cells: Promise<unknown[]> } | undefined
  const cellsOf = async (table: Table, group: number): Promise<unknown[]> => {
    const column = pictureColumn(table)
    if (column === undefined) {
      throw new DataError('bad-file', `${table.file} has no column of pictures`, { file: table.file })
    }
    return (await table.rows(group, [column])).map((row) => row[column])
  }
  return {
    async bytes(picture) {
      const [, file, number] = NAME.exec(picture) ?? []
      if (file === undefined || safeRelativePath(file) !== file) {
        throw new DataError('bad-file', `${picture} names no picture in a table`, { file: picture })
      }
      let table = tables.get(file)
      if (table === undefined) tables.set(file, (table = openTable(join(root, file), file)))
      const opened = await table
      const row = Number(number)
      const group = opened.groups.findIndex(({ start, rows }) => row >= start && row < start + rows)
      if (group < 0) throw new DataError('bad-file', `${file} has no row ${row}`, { file, at: `row ${row}` })
      const key = `${file} ${group}`
      if (kept?.key !== key) {
        kept = { key, cells: cellsOf(opened, group) }
        kept.cells.catch(() => {
          if (kept?.key === key) kept = undefined
        })
      }
      const bytes = bytesInCell((await kept.cells)[row - opened.groups[group]!.start])
      if (bytes !== undefined) return bytes
      throw new DataError('bad-file', `${file} has no picture in row ${row}`, { file, at: `row ${row}` })
    },
  }
}
