// The head of a GGUF file: its metadata with the places of the tokenizer's lists. Tensors are counted, never read.
// Format: ggml-org/ggml, docs/gguf.md (versions 2 and 3, little-endian).
import { LearnError } from '../error.ts'

/** Bytes at known offsets, such as those of `openFileBytes`. */
export type GgufBytes = {
  readonly byteLength: number
  read(offset: number, length: number): Promise<Uint8Array>
}

/** Metadata entries. Published files have some 50. */
export const MAX_METADATA = 65_536
/** The format's own limit of key names is 65,535 bytes; longest known: some 60. */
const MAX_KEY_BYTES = 65_535
/** Longest text of one value: chat templates have some 20 kB. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024
/** Elements of one list: merges of the largest vocabularies are some 500,000. */
const MAX_LIST = 16_000_000
/** Lists of lists: the format allows them, published files have none. */
const MAX_LIST_DEPTH = 4
/** Tensors. Mixtures of experts have some 3,000. */
const MAX_TENSORS = 10_000_000
/** All metadata: the largest published tokenizers take some 30 MB. */
const MAX_METADATA_BYTES = 1024 * 1024 * 1024

const CHUNK_BYTES = 1024 * 1024

/** Sizes of the fixed types by their number: u8 i8 u16 i16 u32 i32 f32 bool - - u64 i64 f64. */
const FIXED_BYTES: readonly (number | undefined)[] = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8]
const TEXT_TYPE = 8
const LIST_TYPE = 9
const INT32_TYPE = 5
const UINT32_TYPE = 4

export type GgufScalar = string | number | boolean | bigint
export type GgufHead = {
  readonly version: number
  readonly tensorCount: number
  /** Single values by key; lists are not in it. */
  readonly values: ReadonlyMap<string, GgufScalar>
  /** Lists by key: how long, and of which type. */
  readonly lists: ReadonlyMap<string, { readonly length: number; readonly type: number }>
  /** `tokenizer.ggml.tokens`. */
  readonly tokens: readonly string[] | undefined
  /** `tokenizer.ggml.token_type`: its values, and where its first one lies (4 bytes each). */
  readonly tokenTypes: { readonly values: Int32Array; readonly byteOffset: number } | undefined
  /** Where the metadata ends. */
  readonly metadataEnd: number
}

/**
 * Reads the head. Throws LearnError `malformed` for bytes that are no GGUF or contradict themselves (with the byte), `too-large` beyond
 * the limits above, `unsupported` for version 1 and big-endian files.
 */
export async function readGgufHead(source: GgufBytes, file: string): Promise<GgufHead> {
  const reader = new HeadReader(source, file)
  const magic = await reader.bytes(4, 'the magic')
  if (String.fromCharCode(...magic) !== 'GGUF') {
    throw new LearnError('malformed', 'this is no GGUF file', {
      file,
      at: 0,
      hint: 'it must begin with the letters GGUF; an old GGML file or an unfinished download does not',
    })
  }
  const version = await reader.u32()
  if (version === 1 || version >= 2 ** 24) {
    throw new LearnError('unsupported', version === 1 ? 'GGUF version 1' : 'a big-endian GGUF file', {
      file,
      at: 4,
      hint: 'convert the model anew with a current llama.cpp',
    })
  }
  if (version !== 2 && version !== 3) {
    throw new LearnError('unsupported', `GGUF version ${version}; versions 2 and 3 are read`, { file, at: 4 })
  }
  const tensorCount = await reader.count(MAX_TENSORS, 'tensors')
  const metadataCount = await reader.count(MAX_METADATA, 'metadata entries')
  const values = new Map<string, GgufScalar>()
  const lists = new Map<string, { length: number; type: number }>()
  let tokens: string[] | undefined
  let tokenTypes: GgufHead['tokenTypes']
  for (let k = 0; k < metadataCount; k++) {
    const keyAt = reader.position
    const key = await reader.text(MAX_KEY_BYTES, 'a key')
    if (values.has(key) || lists.has(key)) {
      throw reader.malformed(`the key ${JSON.stringify(key.slice(0, 80))} occurs twice`, keyAt)
    }
    const type = await reader.u32()
    if (type !== LIST_TYPE) {
      values.set(key, await reader.scalar(type))
      continue
    }
    const elementType = await reader.u32()
    const length = await reader.count(MAX_LIST, 'elements of a list')
    lists.set(key, { length, type: elementType })
    if (key === 'tokenizer.ggml.tokens' && elementType === TEXT_TYPE) {
      tokens = []
      for (let i = 0; i < length; i++) tokens.push(await reader.text(MAX_TEXT_BYTES, 'a token'))
    } else if (key === 'tokenizer.ggml.token_type' && [INT32_TYPE, UINT32_TYPE].includes(elementType)) {
      const byteOffset = reader.position
      const stored = await reader.bytes(length * 4, 'the token types')
      const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
      tokenTypes = { values: Int32Array.from({ length }, (_, i) => view.getInt32(4 * i, true)), byteOffset }
    } else await reader.skipList(elementType, length, 1)
  }
  if (tokens !== undefined && tokenTypes !== undefined && tokens.length !== tokenTypes.values.length) {
    throw reader.malformed(
      `${tokens.length} tokens have ${tokenTypes.values.length} types`,
      tokenTypes.byteOffset,
    )
  }
  return { version, tensorCount, values, lists, tokens, tokenTypes, metadataEnd: reader.position }
}

/** Reads forward through a window of the file; every length is held against what is left. */
class HeadReader {
  position = 0
  private window = new Uint8Array(0)
  private windowStart = 0
  private readonly utf8 = new TextDecoder('utf-8')
  private readonly source: GgufBytes
  private readonly file: string

  constructor(source: GgufBytes, file: string) {
    this.source = source
    this.file = file
  }

  malformed(what: string, at: number): LearnError {
    return new LearnError('malformed', what, { file: this.file, at, hint: 'fetch or convert the file again' })
  }

  /** The next bytes; valid until the next call. */
  async bytes(length: number, what: string): Promise<Uint8Array> {
    const { byteLength } = this.source
    if (this.position + length > byteLength) {
      throw this.malformed(
        `the file ends in ${what}: ${length} bytes wanted, ${byteLength - this.position} left`,
        this.position,
      )
    }
    if (this.position + length > MAX_METADATA_BYTES) {
      throw new LearnError('too-large', `more than ${MAX_METADATA_BYTES} bytes of metadata`, {
        file: this.file,
        at: this.position,
      })
    }
    const from = this.position - this.windowStart
    if (from < 0 || from + length > this.window.length) {
      const wanted = Math.min(Math.max(CHUNK_BYTES, length), byteLength - this.position)
      this.window = new Uint8Array(await this.source.read(this.position, wanted))
      this.windowStart = this.position
      if (this.window.length < length)
        throw this.malformed(`the file was cut while it was read`, this.position)
    }
    const start = this.position - this.windowStart
    this.position += length
    return this.window.subarray(start, start + length)
  }

  async u32(): Promise<number> {
    const bytes = await this.bytes(4, 'a number')
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)
  }

  async count(most: number, what: string): Promise<number> {
    const at = this.position
    const bytes = await this.bytes(8, 'a number')
    const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
    if (value > BigInt(most)) {
      throw new LearnError('too-large', `${value} ${what}; the limit is ${most}`, { file: this.file, at })
    }
    return Number(value)
  }

  async text(most: number, what: string): Promise<string> {
    const length = await this.count(most, `bytes of ${what}`)
    return this.utf8.decode(await this.bytes(length, what))
  }

  async scalar(type: number): Promise<GgufScalar> {
    if (type === TEXT_TYPE) return this.text(MAX_TEXT_BYTES, 'a text')
    const at = this.position
    const size = FIXED_BYTES[type]
    if (size === undefined) throw this.malformed(`the value type ${type} does not exist`, at - 4)
    const bytes = await this.bytes(size, 'a value')
    const view = new DataView(bytes.buffer, bytes.byteOffset, size)
    switch (type) {
      case 0:
        return view.getUint8(0)
      case 1:
        return view.getInt8(0)
      case 2:
        return view.getUint16(0, true)
      case 3:
        return view.getInt16(0, true)
      case 4:
        return view.getUint32(0, true)
      case 5:
        return view.getInt32(0, true)
      case 6:
        return view.getFloat32(0, true)
      case 7:
        return view.getUint8(0) !== 0
      case 10:
        return view.getBigUint64(0, true)
      case 11:
        return view.getBigInt64(0, true)
      default:
        return view.getFloat64(0, true)
    }
  }

  async skipList(type: number, length: number, depth: number): Promise<void> {
    const size = FIXED_BYTES[type]
    if (size !== undefined) {
      // Passed over without reading: the next read begins behind it.
      if (this.position + size * length > this.source.byteLength) {
        throw this.malformed('a list runs over the end of the file', this.position)
      }
      this.position += size * length
      return
    }
    if (type === TEXT_TYPE) {
      for (let i = 0; i < length; i++) {
        const bytes = await this.count(MAX_TEXT_BYTES, 'bytes of a text')
        await this.bytes(bytes, 'a text')
      }
      return
    }
    if (type !== LIST_TYPE) throw this.malformed(`the list type ${type} does not exist`, this.position)
    if (depth >= MAX_LIST_DEPTH) {
      throw new LearnError('too-large', `lists nest more than ${MAX_LIST_DEPTH} deep`, {
        file: this.file,
        at: this.position,
      })
    }
    for (let i = 0; i < length; i++) {
      const inner = await this.u32()
      await this.skipList(inner, await this.count(MAX_LIST, 'elements of a list'), depth + 1)
    }
  }
}
