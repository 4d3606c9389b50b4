// Zip archives (PKWARE APPNOTE 6.3.10): files stored as they are, for pictures are packed already; read stored or deflated.
import { crc32 } from '@maskwords/mask'
import { StudioError } from './error.ts'

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const END_BYTES = 22
/** Names are UTF-8 (general purpose bit 11). */
const UTF8 = 0x0800
/** The first of January 1980: an archive depends on what is in it, not on the time. */
const DOS_DATE = 0x21

/** Unpacked bytes of an archive: an export of a thousand label files has a few million. */
const MAX_UNPACKED_BYTES = 2 ** 28
const MAX_ENTRIES = 65_535

/** An archive of files by their paths, in their order. */
export function zipOf(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = []
  const central: Uint8Array[] = []
  let at = 0
  for (const [path, bytes] of files) {
    const name = new TextEncoder().encode(path)
    const facts = (view: DataView, from: number) => {
      view.setUint16(from, 20, true)
      view.setUint16(from + 2, UTF8, true)
      view.setUint16(from + 8, DOS_DATE, true)
      view.setUint32(from + 10, crc32(bytes), true)
      view.setUint32(from + 14, bytes.length, true)
      view.setUint32(from + 18, bytes.length, true)
      view.setUint16(from + 22, name.length, true)
    }
    const local = new DataView(new ArrayBuffer(30))
    local.setUint32(0, LOCAL, true)
    facts(local, 4)
    const entry = new DataView(new ArrayBuffer(46))
    entry.setUint32(0, CENTRAL, true)
    entry.setUint16(4, 20, true)
    facts(entry, 6)
    entry.setUint32(42, at, true)
    parts.push(new Uint8Array(local.buffer), name, bytes)
    central.push(new Uint8Array(entry.buffer), name)
    at += 30 + name.length + bytes.length
  }
  const end = new DataView(new ArrayBuffer(END_BYTES))
  end.setUint32(0, END, true)
  end.setUint16(8, files.size, true)
  end.setUint16(10, files.size, true)
  end.setUint32(
    12,
    central.reduce((sum, { length }) => sum + length, 0),
    true,
  )
  end.setUint32(16, at, true)
  const all = [...parts, ...central, new Uint8Array(end.buffer)]
  const out = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0))
  let to = 0
  for (const part of all) {
    out.set(part, to)
    to += part.length
  }
  return out
}

export type ZipEntry = {
  readonly path: string
  /** Its unpacked bytes. Throws StudioError `malformed` or `too-large`. */
  bytes(): Promise<Uint8Array>
}

/** The files of an archive, unpacked when they are asked for. Throws StudioError `malformed` where it is none. */
export function zipEntries(archive: Uint8Array): ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length)
  let end = archive.length - END_BYTES
  while (end >= 0 && view.getUint32(end, true) !== END) end--
  if (end < 0) throw broken('it has no list of its files')
  const count = view.getUint16(end + 10, true)
  let at = view.getUint32(end + 16, true)
  if (count === MAX_ENTRIES || at === 0xffffffff)
    throw new StudioError('unsupported', 'the archive is of the kind for very many or large files (zip64)', {
      hint: 'Unpack it, and open the files themselves.',
    })
  let unpacked = 0
  const entries: ZipEntry[] = []
  for (let i = 0; i < count; i++) {
    if (at + 46 > archive.length || view.getUint32(at, true) !== CENTRAL)
      throw broken('its list of files is cut off')
    const flags = view.getUint16(at + 8, true)
    const method = view.getUint16(at + 10, true)
    const packed = view.getUint32(at + 20, true)
    const size = view.getUint32(at + 24, true)
    const nameLength = view.getUint16(at + 28, true)
    const from = view.getUint32(at + 42, true)
    const path = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameLength))
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    if (path.endsWith('/')) continue
    const bytes = async (): Promise<Uint8Array> => {
      unpacked += size
      if (unpacked > MAX_UNPACKED_BYTES) throw tooLarge(path)
      if ((flags & 1) !== 0) throw new StudioError('unsupported', `${path} of the archive is encrypted`)
      if (from + 30 > archive.length || view.getUint32(from, true) !== LOCAL)
        throw broken(`${path} is not where it says`)
      const start = from + 30 + view.getUint16(from + 26, true) + view.getUint16(from + 28, true)
      if (start + packed > archive.length) throw broken(`${path} is cut off`)
      const body = archive.subarray(start, start + packed)
      if (method === 0) return body
      if (method !== 8)
        throw new StudioError('unsupported', `${path} of the archive is packed by method ${method}`)
      return inflated(body, size, path)
    }
    entries.push({ path, bytes })
  }
  return entries
}

async function inflated(body: Uint8Array, size: number, path: string): Promise<Uint8Array> {
  const out = new Uint8Array(size)
  let length = 0
  const reader = new Blob([body as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'))
    .getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      // More than it states: a file that would unpack without end.
      if (length + value.length > size) throw tooLarge(path)
      out.set(value, length)
      length += value.length
    }
  } catch (error) {
    if (error instanceof StudioError) throw error
    throw broken(`${path} cannot be unpacked: ${(error as Error).message}`)
  } finally {
    void reader.cancel().catch(() => {})
  }
  if (length !== size) throw broken(`${path} is cut off`)
  return out
}

const broken = (message: string): StudioError =>
  new StudioError('malformed', `the archive is damaged: ${message}`, {
    hint: 'Fetch it again, or unpack it and open the files.',
  })

const tooLarge = (path: string): StudioError =>
  new StudioError(
    'too-large',
    `${path} of the archive unpacks to more than it states, or than ${MAX_UNPACKED_BYTES / 2 ** 20} MB`,
    {
      hint: 'Unpack it, and open the files themselves.',
    },
  )
