// Reading safetensors headers with every rule of the format (github.com/huggingface/safetensors, README "Format" and its
// reference validator): u64 little-endian header length, one JSON object, then the bytes of all tensors without gap or overlap.
import type { NamedBytes } from './bytes.ts'
import { bytesPerElement, elementCountOf, SAFETENSORS_TYPE_NAMES, typeFromSafetensors } from './dtype.ts'
import { CheckpointError } from './error.ts'
import { type JsonValue, parseStrictJson } from './json.ts'
import type { TensorInfo } from './tensor.ts'

/** The reference implementation's cap. The largest published headers (mixtures of thousands of experts) are some 10 MB. */
export const MAX_SAFETENSORS_HEADER_BYTES = 100_000_000

/** Names under this are the format's own. */
export const METADATA_KEY = '__metadata__'

export type SafetensorsContents = {
  /** In the order of their bytes in the file. */
  tensors: Map<string, TensorInfo>
  metadata: Map<string, string>
  headerByteLength: number
}

/**
 * Reads and checks the header of a safetensors file; no tensor byte is read.
 * @throws CheckpointError `truncated` (file shorter than its header or tensors say), `too-large` (header over 100 MB),
 * `malformed` (JSON, keys, types, offsets, overlaps, gaps), `unsupported` (4- and 6-bit types).
 */
export async function readSafetensorsHeader(source: NamedBytes): Promise<SafetensorsContents> {
  const file = source.name
  if (source.byteLength < 8) {
    throw new CheckpointError(
      'truncated',
      `a safetensors file has 8 bytes at least, got ${source.byteLength}`,
      {
        file,
        hint: 'Fetch the file again.',
      },
    )
  }
  const prefix = await source.read(0, 8, 'the header length')
  const declared = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true)
  if (declared > BigInt(MAX_SAFETENSORS_HEADER_BYTES)) {
    throw new CheckpointError(
      'too-large',
      `the header claims ${declared} bytes, the format allows ${MAX_SAFETENSORS_HEADER_BYTES}`,
      { file, at: 0, hint: 'This is not a safetensors file, or its first bytes are damaged.' },
    )
  }
  const headerByteLength = Number(declared)
  if (8 + headerByteLength > source.byteLength) {
    throw new CheckpointError(
      'truncated',
      `the header takes ${headerByteLength} bytes, only ${source.byteLength - 8} follow`,
      { file, at: 0, hint: 'The file looks cut short: fetch it again and compare its size.' },
    )
  }
  const header = await source.read(8, headerByteLength, 'the header')
  if (header[0] !== 0x7b) {
    throw new CheckpointError('malformed', 'the header does not begin with {', { file, at: 8 })
  }
  const entries = parseStrictJson(header, { file, startByte: 8 }) as Map<string, JsonValue>
  const metadata = readMetadata(entries.get(METADATA_KEY), entries.has(METADATA_KEY), file)
  const dataStart = 8 + headerByteLength
  const infos: TensorInfo[] = []
  for (const [name, entry] of entries) {
    if (name !== METADATA_KEY) infos.push(readEntry(name, entry, dataStart, file))
  }
  infos.sort((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength)
  checkCoverage(infos, dataStart, source)
  return { tensors: new Map(infos.map((info) => [info.name, info])), metadata, headerByteLength }
}

function readMetadata(value: JsonValue | undefined, present: boolean, file: string): Map<string, string> {
  if (!present) return new Map()
  if (!(value instanceof Map)) {
    throw new CheckpointError('malformed', '__metadata__ is not an object', { file, entry: METADATA_KEY })
  }
  for (const [key, text] of value) {
    if (typeof text !== 'string') {
      throw new CheckpointError('malformed', 'a value of __metadata__ is not a string', { file, entry: key })
    }
  }
  return value as Map<string, string>
}

function readEntry(name: string, entry: JsonValue, dataStart: number, file: string): TensorInfo {
  const fail = (what: string, hint?: string): never => {
    throw new CheckpointError('malformed', what, { file, entry: name, hint })
  }
  if (!(entry instanceof Map)) return fail('the description of a tensor is not an object')
  const typeName = entry.get('dtype')
  if (typeof typeName !== 'string') return fail('a tensor has no dtype')
  const dtype = typeFromSafetensors(typeName)
  if (dtype === undefined) {
    return fail(
      `dtype ${JSON.stringify(typeName.slice(0, 40))} is unknown`,
      `Known: ${SAFETENSORS_TYPE_NAMES.join(', ')}.`,
    )
  }
  const shape = entry.get('shape')
  const elementCount = Array.isArray(shape) ? elementCountOf(shape) : undefined
  if (elementCount === undefined)
    return fail('shape is not a list of up to 64 sizes whose product fits 53 bits')
  const offsets = entry.get('data_offsets')
  if (!Array.isArray(offsets) || offsets.length !== 2) return fail('data_offsets is not [begin, end]')
  const [begin, end] = offsets
  if (!isOffset(begin) || !isOffset(end) || end < begin) {
    return fail(`data_offsets ${JSON.stringify(offsets).slice(0, 80)} are not 0 <= begin <= end`)
  }
  const wanted = elementCount * bytesPerElement(dtype)
  if (wanted !== end - begin) {
    return fail(
      `${typeName} [${(shape as number[]).join(', ')}] takes ${wanted} bytes, data_offsets span ${end - begin}`,
    )
  }
  return {
    name,
    storedName: name,
    dtype,
    shape: shape as number[],
    elementCount,
    file,
    byteOffset: dataStart + begin,
    byteLength: end - begin,
    byteOrder: 'little',
    inPlace: true,
  }
}

function isOffset(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function checkCoverage(sorted: readonly TensorInfo[], dataStart: number, source: NamedBytes): void {
  const file = source.name
  let end = dataStart
  let previous = ''
  for (const info of sorted) {
    if (info.byteOffset !== end) {
      const kind = info.byteOffset < end ? 'overlaps' : 'leaves a gap after'
      throw new CheckpointError(
        'malformed',
        `a tensor ${kind} ${previous === '' ? 'the header' : `"${previous}"`}: it begins at byte ${info.byteOffset}, expected ${end}`,
        { file, entry: info.name, at: info.byteOffset },
      )
    }
    end += info.byteLength
    previous = info.name
  }
  if (end > source.byteLength) {
    throw new CheckpointError(
      'truncated',
      `the tensors end at byte ${end}, the file at ${source.byteLength}`,
      {
        file,
        at: source.byteLength,
        hint: 'The file looks cut short: fetch it again and compare its size.',
      },
    )
  }
  if (end < source.byteLength) {
    throw new CheckpointError(
      'malformed',
      `${source.byteLength - end} bytes at the end belong to no tensor`,
      {
        file,
        at: end,
      },
    )
  }
}
