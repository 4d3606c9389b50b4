// Reading what torch.save writes: the ZIP format of torch 1.6 and later (data.pkl beside one entry per storage; torch/serialization.py,
// caffe2/serialize/inline_container.cc) and the older sequence of pickles followed by raw storages (_legacy_save).
import type { NamedBytes } from './bytes.ts'
import { bytesPerElement, elementCountOf } from './dtype.ts'
import { CheckpointError } from './error.ts'
import { PICKLE_LIMITS, type PickleLimits, runPickle } from './pickle.ts'
import { type PickleValue, sequenceOf, type TorchStorage, type TorchTensor } from './pickle-values.ts'
import type { TensorInfo } from './tensor.ts'
import { type NamedTorchTensor, type TensorGroup, torchContents } from './torch-contents.ts'
import { torchExtension } from './torch-pickle.ts'
import { locateZipEntry, type ZipDirectory, type ZipEntry } from './zip.ts'

export type TorchFile = {
  tensors: Map<string, TensorInfo>
  metadata: Map<string, string>
  groups: TensorGroup[]
  group: string
  notes: string[]
  /** Everything that the file's pickle holds, as data. */
  contents: PickleValue
}

export type TorchOptions = {
  group?: string | undefined
  stripPrefixes?: readonly string[] | undefined
  limits?: Partial<PickleLimits> | undefined
}

/** The first pickle of a legacy file holds this number (torch/serialization.py MAGIC_NUMBER), protocol 2. */
export const LEGACY_MAGIC = Uint8Array.of(
  0x80,
  2,
  0x8a,
  10,
  0x6c,
  0xfc,
  0x9c,
  0x46,
  0xf9,
  0x20,
  0x6a,
  0xa8,
  0x50,
  0x19,
  0x2e,
)
const LEGACY_PROTOCOL = 1001
/** The first piece of a legacy file that is tried as pickles; it doubles until they fit. Published legacy files need under 1 MB. */
const LEGACY_FIRST_BYTES = 1024 * 1024
/** Local headers are read this many at a time: enough to hide the latency of a disk or a range server. */
const PARALLEL_READS = 32
/** "byteorder" and "version" hold a word. */
const MAX_WORD_BYTES = 64

type StoragePlace = { byteOffset: number; byteLength: number }
type ByteOrder = 'little' | 'big'

/** Reads the listing of a torch ZIP file. Storages stay unread. @throws CheckpointError, every code but `mismatch`. */
export async function readTorchZip(
  source: NamedBytes,
  directory: ZipDirectory,
  options: TorchOptions = {},
): Promise<TorchFile> {
  const file = source.name
  const main = [...directory.entries.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name))
  if (main.length !== 1) {
    throw new CheckpointError(
      'malformed',
      `a torch file has one data.pkl in one folder, this archive has ${main.length}`,
      { file },
    )
  }
  const root = main[0].name.slice(0, -'data.pkl'.length)
  const readEntry = async (entry: ZipEntry, what: string): Promise<{ start: number; bytes: Uint8Array }> => {
    const start = await locateZipEntry(source, entry, directory.dataEnd)
    return { start, bytes: await source.read(start, entry.byteLength, what) }
  }
  const readWord = async (name: string): Promise<string | undefined> => {
    const entry = directory.entries.get(root + name)
    if (entry === undefined) return undefined
    if (entry.byteLength > MAX_WORD_BYTES) {
      throw new CheckpointError('malformed', `it should hold one word, it has ${entry.byteLength} bytes`, {
        file,
        entry: entry.name,
      })
    }
    return new TextDecoder().decode((await readEntry(entry, name)).bytes).trim()
  }
  const byteOrder = (await readWord('byteorder')) ?? 'little'
  if (byteOrder !== 'little' && byteOrder !== 'big') {
    throw new CheckpointError(
      'malformed',
      `the byte order is ${JSON.stringify(byteOrder)}, neither little nor big`,
      {
        file,
        entry: `${root}byteorder`,
      },
    )
  }
  const version = await readWord('version')
  const maxPickleBytes = options.limits?.byteLength ?? PICKLE_LIMITS.byteLength
  if (main[0].byteLength > maxPickleBytes) {
    throw new CheckpointError(
      'too-large',
      `data.pkl has ${main[0].byteLength} bytes, the limit is ${maxPickleBytes}`,
      {
        file,
        entry: main[0].name,
      },
    )
  }
  const pickle = await readEntry(main[0], 'data.pkl')
  const storages = new Map<string, TorchStorage>()
  const { value } = runPickle(
    pickle.bytes,
    { file, startByte: pickle.start, ...(options.limits && { limits: options.limits }) },
    torchExtension(storages),
  )
  const contents = torchContents(value, { file, group: options.group, stripPrefixes: options.stripPrefixes })
  const needed = new Set(contents.tensors.map(({ tensor }) => tensor.storage.key))
  const wanted: [string, ZipEntry][] = []
  for (const key of needed) {
    const entry = directory.entries.get(`${root}data/${key}`)
    if (entry !== undefined) wanted.push([key, entry])
    else if (storages.get(key)!.size > 0) {
      throw new CheckpointError('missing', 'the archive lacks the bytes of a storage', {
        file,
        entry: `${root}data/${key}`,
      })
    }
  }
  const places = new Map<string, StoragePlace>()
  for (let first = 0; first < wanted.length; first += PARALLEL_READS) {
    const batch = wanted.slice(first, first + PARALLEL_READS)
    const starts = await Promise.all(
      batch.map(([, entry]) => locateZipEntry(source, entry, directory.dataEnd)),
    )
    for (const [i, [key, entry]] of batch.entries()) {
      places.set(key, { byteOffset: starts[i], byteLength: entry.byteLength })
    }
  }
  checkApart(places, source)
  const metadata = new Map<string, string>([['byteorder', byteOrder]])
  if (version !== undefined) metadata.set('version', version)
  return {
    tensors: describeAll(contents.tensors, places, byteOrder, file),
    metadata,
    groups: contents.groups,
    group: contents.group,
    notes: notesOf(contents.unread),
    contents: value,
  }
}

function notesOf(unread: readonly string[]): string[] {
  if (unread.length === 0) return []
  const shown = unread.slice(0, 5).join('; ')
  return [
    `${unread.length} tensors of kinds that are not read (sparse, quantised, nested) were left out: ${shown}${unread.length > 5 ? '; ...' : ''}`,
  ]
}

/** Two entries over the same bytes: no writer makes them, and tools disagree about what they mean. */
function checkApart(places: ReadonlyMap<string, StoragePlace>, source: NamedBytes): void {
  const sorted = [...places].sort((a, b) => a[1].byteOffset - b[1].byteOffset)
  let end = 0
  for (const [key, place] of sorted) {
    if (place.byteLength === 0) continue
    if (place.byteOffset < end) {
      throw new CheckpointError('malformed', 'two storages of the archive overlap', {
        file: source.name,
        entry: key,
        at: place.byteOffset,
      })
    }
    end = place.byteOffset + place.byteLength
  }
}

function describeAll(
  named: readonly NamedTorchTensor[],
  places: ReadonlyMap<string, StoragePlace>,
  byteOrder: ByteOrder,
  file: string,
): Map<string, TensorInfo> {
  const tensors = new Map<string, TensorInfo>()
  for (const { name, storedName, tensor } of named) {
    const place = places.get(tensor.storage.key) ?? { byteOffset: 0, byteLength: 0 }
    tensors.set(name, describe(name, storedName, tensor, place, byteOrder, file))
  }
  return tensors
}

function describe(
  name: string,
  storedName: string,
  tensor: TorchTensor,
  place: StoragePlace,
  byteOrder: ByteOrder,
  file: string,
): TensorInfo {
  const { dtype, shape, strides, storage } = tensor
  const elementBytes = bytesPerElement(dtype)
  const elementCount = elementCountOf(shape)!
  const storageBytes = storage.size * (storage.dtype === undefined ? 1 : bytesPerElement(storage.dtype))
  if (storageBytes > place.byteLength) {
    throw new CheckpointError(
      'truncated',
      `its storage claims ${storageBytes} bytes, the file has ${place.byteLength} of it`,
      { file, entry: storedName, at: place.byteOffset },
    )
  }
  const first = (tensor.storageOffset + storage.viewOffset) * elementBytes
  let last = 0
  for (let axis = 0; axis < shape.length; axis++) last += (shape[axis] - 1) * strides[axis]
  const byteLength = elementCount === 0 ? 0 : (last + 1) * elementBytes
  if (elementCount > 0 && !(first + byteLength <= storageBytes)) {
    throw new CheckpointError(
      'malformed',
      `[${shape.join(', ')}] with strides [${strides.join(', ')}] from element ${tensor.storageOffset} on leaves its storage of ${storageBytes} bytes`,
      { file, entry: storedName, at: place.byteOffset },
    )
  }
  const rowMajor = elementCount === 0 || isRowMajor(shape, strides)
  return {
    name,
    storedName,
    dtype,
    shape,
    elementCount,
    file,
    byteOffset: place.byteOffset + (elementCount === 0 ? 0 : first),
    byteLength,
    byteOrder,
    ...(rowMajor ? {} : { strides }),
    inPlace: rowMajor && (byteOrder === 'little' || elementBytes === 1),
  }
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false
    step *= shape[axis]
  }
  return true
}

/** Reads the listing of a file from before torch 1.6 (or saved with `_use_new_zipfile_serialization=False`). */
export async function readTorchLegacy(source: NamedBytes, options: TorchOptions = {}): Promise<TorchFile> {
  const file = source.name
  const maxBytes = Math.min(source.byteLength, options.limits?.byteLength ?? PICKLE_LIMITS.byteLength)
  let length = Math.min(LEGACY_FIRST_BYTES, maxBytes)
  for (;;) {
    const bytes = await source.read(0, length, 'the pickles of a legacy torch file')
    const storages = new Map<string, TorchStorage>()
    let parsed: LegacyPickles
    try {
      parsed = parseLegacyPickles(bytes, file, storages, options.limits)
    } catch (error) {
      if (!(error instanceof CheckpointError && error.code === 'truncated') || length === maxBytes)
        throw error
      length = Math.min(maxBytes, length * 2)
      continue
    }
    return finishLegacy(source, parsed, storages, options)
  }
}

type LegacyPickles = { value: PickleValue; keys: string[]; dataStart: number }

function parseLegacyPickles(
  bytes: Uint8Array,
  file: string,
  storages: Map<string, TorchStorage>,
  limits: Partial<PickleLimits> | undefined,
): LegacyPickles {
  let at = 0
  const next = (extended: boolean): PickleValue => {
    const { value, byteLength } = runPickle(
      bytes.subarray(at),
      { file, startByte: at, ...(limits && { limits }) },
      extended ? torchExtension(storages) : undefined,
    )
    at += byteLength
    return value
  }
  next(false)
  const protocol = next(false)
  if (protocol !== LEGACY_PROTOCOL) {
    throw new CheckpointError(
      'unsupported',
      `legacy torch files have protocol ${LEGACY_PROTOCOL}, this one ${String(protocol).slice(0, 20)}`,
      { file },
    )
  }
  // What follows describes the machine that wrote the file. Its byte order does not matter: torch converted storages to
  // little-endian before writing them this way (torch/csrc/generic/serialization.cpp, writeFileRaw).
  next(false)
  const value = next(true)
  const keys = sequenceOf(next(false))
  if (keys === undefined || keys.some((key) => typeof key !== 'string')) {
    throw new CheckpointError('malformed', 'a legacy torch file does not list its storages', { file, at })
  }
  return { value, keys: keys as string[], dataStart: at }
}

async function finishLegacy(
  source: NamedBytes,
  parsed: LegacyPickles,
  storages: ReadonlyMap<string, TorchStorage>,
  options: TorchOptions,
): Promise<TorchFile> {
  const file = source.name
  const places = new Map<string, StoragePlace>()
  let at = parsed.dataStart
  for (const key of parsed.keys) {
    const storage = storages.get(key)
    if (storage === undefined || places.has(key)) {
      throw new CheckpointError('malformed', 'a storage is listed twice, or no tensor uses it', {
        file,
        entry: key,
        at,
      })
    }
    const prefix = await source.read(at, 8, `the size of storage ${key}`)
    const size = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigInt64(0, true)
    if (size !== BigInt(storage.size)) {
      throw new CheckpointError(
        'malformed',
        `a storage of ${storage.size} elements says that it has ${size}`,
        { file, entry: key, at },
      )
    }
    const byteLength = storage.size * (storage.dtype === undefined ? 1 : bytesPerElement(storage.dtype))
    if (at + 8 + byteLength > source.byteLength) {
      throw new CheckpointError(
        'truncated',
        `storage ${key} needs ${byteLength} bytes from byte ${at + 8} on, the file has ${source.byteLength}`,
        {
          file,
          entry: key,
          at,
          hint: 'The file looks cut short: fetch it again and compare its size.',
        },
      )
    }
    places.set(key, { byteOffset: at + 8, byteLength })
    at += 8 + byteLength
  }
  const contents = torchContents(parsed.value, {
    file,
    group: options.group,
    stripPrefixes: options.stripPrefixes,
  })
  for (const { tensor, storedName } of contents.tensors) {
    if (tensor.storage.size > 0 && !places.has(tensor.storage.key)) {
      throw new CheckpointError('missing', `the file lacks storage ${tensor.storage.key}`, {
        file,
        entry: storedName,
      })
    }
  }
  return {
    tensors: describeAll(contents.tensors, places, 'little', file),
    metadata: new Map(),
    groups: contents.groups,
    group: contents.group,
    notes: notesOf(contents.unread),
    contents: parsed.value,
  }
}
