// The directory of a ZIP archive as torch writes it (PKWARE APPNOTE 6.3.x, sections 4.3 and 4.5.3): stored entries, ZIP64, padding in
// local extra fields. Entries are located and read by range; nothing is unpacked to disk.
import type { NamedBytes } from './bytes.ts'
import { CheckpointError, type CheckpointErrorCode } from './error.ts'

export type ZipEntry = {
  readonly name: string
  readonly byteLength: number
  /** Where the local header lies; the data follow it at a distance that only that header tells. */
  readonly headerOffset: number
  /** 0 is stored. TorchScript compresses its source texts, which need not be read. */
  readonly method: number
}

export type ZipDirectory = {
  entries: Map<string, ZipEntry>
  /** Entries end here, where the directory begins. */
  dataEnd: number
}

/** Torch writes one entry per storage; the largest published mixtures of experts stay under 60,000 a file. */
export const MAX_ZIP_ENTRIES = 400_000
/** 400,000 entries at 160 bytes; published files stay under 10 MB. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024

const END_SIGNATURE = 0x06054b50
const END64_SIGNATURE = 0x06064b50
const END64_LOCATOR_SIGNATURE = 0x07064b50
const CENTRAL_SIGNATURE = 0x02014b50
const LOCAL_SIGNATURE = 0x04034b50
const END_BYTES = 22
const END64_LOCATOR_BYTES = 20
const END64_BYTES = 56
const MAX_COMMENT_BYTES = 0xffff

const TRUNCATED_HINT = 'The archive looks cut short: fetch it again and compare its size.'

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function failure(source: NamedBytes) {
  return (code: CheckpointErrorCode, what: string, at?: number, entry?: string, hint?: string): never => {
    throw new CheckpointError(code, what, { file: source.name, at, entry, hint })
  }
}

/** A 64-bit field as a number; what leaves 2^53 leaves every file as well. */
function uint64(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true))
}

type Directory = { offset: number; byteLength: number; entryCount: number }

async function findDirectory(source: NamedBytes): Promise<Directory> {
  const fail = failure(source)
  const tailLength = Math.min(source.byteLength, END_BYTES + MAX_COMMENT_BYTES + END64_LOCATOR_BYTES)
  const tailStart = source.byteLength - tailLength
  const tail = await source.read(tailStart, tailLength, 'the end of the archive')
  const view = viewOf(tail)
  let end = tailLength - END_BYTES
  // The comment must reach exactly to the end of the file: otherwise bytes in it could pose as a second directory.
  while (end >= 0) {
    if (
      view.getUint32(end, true) === END_SIGNATURE &&
      end + END_BYTES + view.getUint16(end + 20, true) === tailLength
    )
      break
    end--
  }
  if (end < 0)
    return fail(
      'truncated',
      'the ZIP archive has no directory at its end',
      undefined,
      undefined,
      TRUNCATED_HINT,
    )
  let entryCount = view.getUint16(end + 10, true)
  let byteLength = view.getUint32(end + 12, true)
  let offset = view.getUint32(end + 16, true)
  let directoryEnd = tailStart + end
  const locator = end - END64_LOCATOR_BYTES
  if (locator >= 0 && view.getUint32(locator, true) === END64_LOCATOR_SIGNATURE) {
    const at = uint64(view, locator + 8)
    if (at + END64_BYTES > tailStart + locator)
      return fail('malformed', 'the ZIP64 end record lies outside the archive', at)
    const record = viewOf(await source.read(at, END64_BYTES, 'the ZIP64 end record'))
    if (record.getUint32(0, true) !== END64_SIGNATURE)
      return fail('malformed', 'the ZIP64 end record is missing', at)
    entryCount = uint64(record, 32)
    byteLength = uint64(record, 40)
    offset = uint64(record, 48)
    directoryEnd = at
  } else if (view.getUint16(end + 4, true) !== 0 || view.getUint16(end + 6, true) !== 0) {
    return fail('unsupported', 'the archive is split over several disks')
  }
  if (entryCount > MAX_ZIP_ENTRIES || byteLength > MAX_DIRECTORY_BYTES) {
    return fail(
      'too-large',
      `the directory claims ${entryCount} entries in ${byteLength} bytes; the limits are ${MAX_ZIP_ENTRIES} and ${MAX_DIRECTORY_BYTES}`,
    )
  }
  if (offset + byteLength > directoryEnd) {
    return fail(
      'truncated',
      'the ZIP directory does not lie before its end record',
      offset,
      undefined,
      TRUNCATED_HINT,
    )
  }
  return { offset, byteLength, entryCount }
}

/** Refuses names that would leave a folder, and those that differ only in how a file system reads them. */
function checkName(name: string, at: number, source: NamedBytes): void {
  const segments = name.split('/')
  const wrong =
    name === '' ||
    name.includes('\\') ||
    name.includes('\0') ||
    /^[A-Za-z]:/.test(name) ||
    segments[0] === '' ||
    segments.some((segment) => segment === '..' || segment === '.')
  if (!wrong) return
  failure(source)(
    'forbidden',
    'an entry of the archive has a path that leaves its folder',
    at,
    name,
    'Nothing was read from it. Get the file from its publisher again; do not unpack it with other tools.',
  )
}

/**
 * Lists an archive: name to size and place, in directory order. Only the directory is read.
 * @throws CheckpointError `truncated`, `malformed`, `too-large`, `forbidden` (`../x`), `unsupported` (encrypted, split).
 */
export async function readZipDirectory(source: NamedBytes): Promise<ZipDirectory> {
  const fail = failure(source)
  const directory = await findDirectory(source)
  const bytes = await source.read(directory.offset, directory.byteLength, 'the ZIP directory')
  const view = viewOf(bytes)
  const decoder = new TextDecoder()
  const entries = new Map<string, ZipEntry>()
  let at = 0
  for (let i = 0; i < directory.entryCount; i++) {
    const place = directory.offset + at
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      return fail('malformed', `the ZIP directory ends after ${i} of ${directory.entryCount} entries`, place)
    }
    const flags = view.getUint16(at + 8, true)
    const method = view.getUint16(at + 10, true)
    let storedLength = view.getUint32(at + 20, true)
    let byteLength = view.getUint32(at + 24, true)
    const nameLength = view.getUint16(at + 28, true)
    const extraLength = view.getUint16(at + 30, true)
    let headerOffset = view.getUint32(at + 42, true)
    const extraStart = at + 46 + nameLength
    const next = extraStart + extraLength + view.getUint16(at + 32, true)
    if (next > bytes.length) return fail('malformed', 'an entry leaves the ZIP directory', place)
    const name = decoder.decode(bytes.subarray(at + 46, extraStart))
    checkName(name, place, source)
    for (let extra = extraStart; extra + 4 <= extraStart + extraLength; ) {
      const size = view.getUint16(extra + 2, true)
      const fieldEnd = extra + 4 + size
      if (fieldEnd > extraStart + extraLength) break
      if (view.getUint16(extra, true) === 1) {
        let field = extra + 4
        const wide = (narrow: number): number => {
          if (narrow !== 0xffffffff) return narrow
          if (field + 8 > fieldEnd) return fail('malformed', 'a ZIP64 field is too short', place, name)
          field += 8
          return uint64(view, field - 8)
        }
        byteLength = wide(byteLength)
        storedLength = wide(storedLength)
        headerOffset = wide(headerOffset)
      }
      extra = fieldEnd
    }
    if ((flags & 1) !== 0) return fail('unsupported', 'an entry of the archive is encrypted', place, name)
    if (method === 0 && storedLength !== byteLength) {
      return fail('malformed', 'an entry that is not compressed has two sizes', place, name)
    }
    if (headerOffset + 30 + nameLength + storedLength > directory.offset) {
      return fail('malformed', 'an entry reaches into the ZIP directory', place, name)
    }
    if (entries.has(name)) return fail('malformed', 'two entries of the archive share a name', place, name)
    entries.set(name, { name, byteLength, headerOffset, method })
    at = next
  }
  if (at !== bytes.length) {
    return fail(
      'malformed',
      `${bytes.length - at} bytes of the ZIP directory belong to no entry`,
      directory.offset + at,
    )
  }
  return { entries, dataEnd: directory.offset }
}

/** Where an entry's data begin, from its local header. @throws CheckpointError `malformed` where that header is not the entry's, `unsupported` where it is compressed. */
export async function locateZipEntry(source: NamedBytes, entry: ZipEntry, dataEnd: number): Promise<number> {
  const fail = failure(source)
  const at = entry.headerOffset
  if (entry.method !== 0) {
    return fail(
      'unsupported',
      `an entry of the archive is compressed (method ${entry.method})`,
      at,
      entry.name,
      'torch.save never compresses tensors. Unpack the archive and pack it again without compression: zip -0 -r.',
    )
  }
  const nameBytes = new TextEncoder().encode(entry.name)
  const header = await source.read(at, 30 + nameBytes.length, 'an entry header')
  const view = viewOf(header)
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE)
    return fail('malformed', 'an entry has no local header', at, entry.name)
  const sameName =
    view.getUint16(26, true) === nameBytes.length && nameBytes.every((byte, i) => header[30 + i] === byte)
  if (!sameName || view.getUint16(8, true) !== 0) {
    return fail('malformed', 'the local header of an entry contradicts the ZIP directory', at, entry.name)
  }
  const start = at + 30 + nameBytes.length + view.getUint16(28, true)
  if (start + entry.byteLength > dataEnd) {
    return fail('malformed', 'an entry reaches into the ZIP directory', at, entry.name)
  }
  return start
}
