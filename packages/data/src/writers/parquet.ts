// Parquet tables for trainers that load them through Hugging Face datasets: an explicit schema, and the features that say
// which column holds pictures under the metadata key `huggingface` (parquet-format; datasets' ArrowWriter).
import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import type { FilledConversation, WriterOptions } from '../conversation.ts'
import { mediaType, pictureBytes } from './lines.ts'

/** Hugging Face's description of a column's type. */
export type Feature =
  | { readonly dtype: 'string' | 'int64'; readonly _type: 'Value' }
  | { readonly _type: 'Image' }
  | { readonly feature: Feature; readonly _type: 'Sequence' }
  /** A list of structures. A `Sequence` of structures would be read as a structure of lists. */
  | readonly [StructFeature]
  | StructFeature

export type StructFeature = { readonly [field: string]: Feature }

export type ParquetColumn = {
  readonly name: string
  readonly schema: readonly SchemaElement[]
  readonly feature: Feature
  readonly values: unknown[]
  /** Encoded pictures do not shrink again. */
  readonly isPacked?: boolean
}

const STRING: Feature = { dtype: 'string', _type: 'Value' }
const INT64: Feature = { dtype: 'int64', _type: 'Value' }

/** Rows of one row group where pictures are inside: readers hold one group in memory. */
const PICTURE_ROWS = 100

/** The bytes of a table. The same columns give the same bytes. */
export function parquetTable(columns: readonly ParquetColumn[]): Uint8Array {
  const features = Object.fromEntries(columns.map(({ name, feature }) => [name, feature]))
  const hasPictures = columns.some(({ isPacked }) => isPacked === true)
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, values, isPacked = false }) => ({
      name,
      data: values,
      ...(isPacked ? { codec: 'UNCOMPRESSED' as const, statistics: false } : {}),
    })),
    schema: [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(({ schema }) => schema)],
    kvMetadata: [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }],
    createdBy: 'maskwords',
    ...(hasPictures ? { rowGroupSize: PICTURE_ROWS } : {}),
  })
  return new Uint8Array(buffer)
}

export function stringColumn(name: string, values: readonly string[]): ParquetColumn {
  return { name, schema: [stringElement(name)], feature: STRING, values: [...values] }
}

/** A structure of strings and whole numbers (as bigint). */
export function structColumn(
  name: string,
  fields: Readonly<Record<string, 'string' | 'int64'>>,
  values: readonly Readonly<Record<string, string | bigint>>[],
): ParquetColumn {
  return {
    name,
    schema: [
      { name, repetition_type: 'OPTIONAL', num_children: Object.keys(fields).length },
      ...fieldElements(fields),
    ],
    feature: fieldFeatures(fields),
    values: [...values],
  }
}

/** A list of structures of strings in each row; a field that is missing is null. */
export function structListColumn(
  name: string,
  fields: Readonly<Record<string, 'string'>>,
  values: readonly (readonly Readonly<Record<string, string>>[])[],
): ParquetColumn {
  return {
    name,
    schema: [
      ...listElements(name),
      { name: 'element', repetition_type: 'OPTIONAL', num_children: Object.keys(fields).length },
      ...fieldElements(fields),
    ],
    feature: [fieldFeatures(fields)],
    values: [...values],
  }
}

export function stringListColumn(name: string, values: readonly (readonly string[])[]): ParquetColumn {
  return {
    name,
    schema: [...listElements(name), stringElement('element')],
    feature: { feature: STRING, _type: 'Sequence' },
    values: [...values],
  }
}

/** `images` as Hugging Face pictures: bytes with the file's name, or the path alone. */
export function imageColumn(
  conversations: readonly FilledConversation[],
  options: WriterOptions,
): ParquetColumn {
  const embeds = options.pictures === 'bytes'
  return {
    name: 'images',
    schema: [
      ...listElements('images'),
      { name: 'element', repetition_type: 'OPTIONAL', num_children: 2 },
      { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
      stringElement('path'),
    ],
    feature: { feature: { _type: 'Image' }, _type: 'Sequence' },
    isPacked: embeds,
    values: conversations.map(({ pictures }) =>
      pictures.map((picture) => {
        if (embeds) mediaType(picture)
        return { bytes: embeds ? pictureBytes(picture) : null, path: picture.file }
      }),
    ),
  }
}

function listElements(name: string): SchemaElement[] {
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ]
}

function stringElement(name: string): SchemaElement {
  return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
}

function fieldElements(fields: Readonly<Record<string, 'string' | 'int64'>>): SchemaElement[] {
  return Object.entries(fields).map(([name, kind]) =>
    kind === 'string' ? stringElement(name) : { name, type: 'INT64', repetition_type: 'OPTIONAL' },
  )
}

function fieldFeatures(fields: Readonly<Record<string, 'string' | 'int64'>>): StructFeature {
  return Object.fromEntries(
    Object.entries(fields).map(([name, kind]) => [name, kind === 'string' ? STRING : INT64]),
  )
}
