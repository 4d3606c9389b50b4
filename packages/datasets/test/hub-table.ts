// Tables as the hub serves them, made by hyparquet-writer: pictures, phrases, and masks in the form of ReasonSeg (bits) or lmms-lab (outlines).
import type { SchemaElement } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'

const picture: SchemaElement[] = [
  { name: 'image', num_children: 2, repetition_type: 'OPTIONAL' },
  { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
  { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
]
const text = (name: string): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  repetition_type: 'OPTIONAL',
})
const list = (name: string, inner: readonly SchemaElement[]): SchemaElement[] => [
  { name, converted_type: 'LIST', num_children: 1, repetition_type: 'OPTIONAL' },
  { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
  ...inner,
]
const item = (type: 'BOOLEAN' | 'FLOAT' | 'BYTE_ARRAY'): SchemaElement => ({
  name: 'element',
  type,
  repetition_type: 'OPTIONAL',
  ...(type === 'BYTE_ARRAY' && { converted_type: 'UTF8' as const }),
})

type TableOptions = { readonly rowGroupSize?: number; readonly pageSize?: number; readonly packed?: boolean }

function table(
  columns: readonly { name: string; schema: readonly SchemaElement[]; data: unknown[] }[],
  { rowGroupSize = 100, pageSize = 1 << 20, packed = true }: TableOptions,
): Uint8Array {
  const buffer = parquetWriteBuffer({
    columnData: columns.map(({ name, data }) => ({ name, data })),
    schema: [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(({ schema }) => schema)],
    rowGroupSize,
    pageSize,
    codec: packed ? 'SNAPPY' : 'UNCOMPRESSED',
  })
  return new Uint8Array(buffer)
}

export type BitRow = {
  readonly image: Uint8Array
  readonly text: string
  readonly mask: readonly (readonly boolean[])[] | null
}

/** As Ricky06662/ReasonSeg_test. */
export function bitsTable(rows: readonly BitRow[], options: TableOptions = {}): Uint8Array {
  const columns = [
    { name: 'image', schema: picture, data: rows.map(({ image }) => ({ bytes: image, path: null })) },
    { name: 'text', schema: [text('text')], data: rows.map((row) => row.text) },
    {
      name: 'mask',
      schema: list('mask', list('element', [item('BOOLEAN')])),
      data: rows.map(({ mask }) => mask),
    },
  ]
  return table(columns, options)
}

export type OutlineRow = {
  readonly image: Uint8Array
  readonly answer: readonly string[]
  readonly segmentation: readonly number[]
}

/** As lmms-lab/RefCOCO. */
export function outlinesTable(rows: readonly OutlineRow[], options: TableOptions = {}): Uint8Array {
  const columns = [
    { name: 'question_id', schema: [text('question_id')], data: rows.map((_, k) => `q${k}`) },
    { name: 'image', schema: picture, data: rows.map(({ image }) => ({ bytes: image, path: null })) },
    { name: 'question', schema: [text('question')], data: rows.map(() => 'What is in the box?') },
    {
      name: 'answer',
      schema: list('answer', [item('BYTE_ARRAY')]),
      data: rows.map(({ answer }) => [...answer]),
    },
    {
      name: 'segmentation',
      schema: list('segmentation', [item('FLOAT')]),
      data: rows.map(({ segmentation }) => [...segmentation]),
    },
  ]
  return table(columns, options)
}
