// The records of a run on disk, one JSON line each, with an index by picture in memory: records are parsed once, workers take
// their own lines, and a million annotations cost a few bytes each. Definition: ours.
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { DataRecord } from '@maskwords/datasets'
import { type Column, float64Column, uint32Column } from '@maskwords/datasets'

/** Where a record's line stands, and which source it is of. */
export type RecordPlace = { readonly offset: number; readonly bytes: number; readonly source: number }

/** Records that workers take together; a picture's records are never parted. */
export type BatchPlace = { readonly number: number; readonly records: readonly RecordPlace[] }

const WRITE_BYTES = 1 << 20
/** Regions of a batch, about: some tenths of a second of GETok, so that a network's pause is short and messages few. */
const BATCH_REGIONS = 400
/** Records of a batch at most: a batch of networks is a journaled piece of work. */
const BATCH_RECORDS = 64

export class Spool {
  readonly file: string
  private readonly descriptor: number
  private readonly waiting: Buffer[] = []
  private waitingBytes = 0
  private offset = 0
  private readonly offsets: Column<Float64Array> = float64Column()
  private readonly lengths: Column<Uint32Array> = uint32Column()
  private readonly sources: Column<Uint32Array> = uint32Column()
  private readonly regionCounts: Column<Uint32Array> = uint32Column()
  private readonly groupOf: Column<Uint32Array> = uint32Column()
  private readonly groups = new Map<string, number>()
  private readonly hashes = new Map<number, ReturnType<typeof createHash>>()

  /** Begins an empty file. */
  constructor(file: string) {
    this.file = file
    this.descriptor = openSync(file, 'w+')
  }

  get records(): number {
    return this.offsets.length
  }

  get pictures(): number {
    return this.groups.size
  }

  /** Adds a record of a source whose folder is `root`. */
  add(record: DataRecord, source: number, root: string): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`)
    let hash = this.hashes.get(source)
    if (hash === undefined) this.hashes.set(source, (hash = createHash('sha256')))
    hash.update(line)
    const picture = join(root, record.picture.file)
    let group = this.groups.get(picture)
    if (group === undefined) this.groups.set(picture, (group = this.groups.size))
    this.offsets.push(this.offset)
    this.lengths.push(line.length)
    this.sources.push(source)
    this.regionCounts.push(record.regions.length)
    this.groupOf.push(group)
    this.offset += line.length
    this.waiting.push(line)
    this.waitingBytes += line.length
    if (this.waitingBytes >= WRITE_BYTES) this.flush()
  }

  /** SHA-256 of all records of a source, in order: what the source was when it was read. */
  sourceHash(source: number): string {
    const hash = this.hashes.get(source) ?? createHash('sha256')
    return hash.copy().digest('hex')
  }

  /** Writes what waits. */
  flush(): void {
    const bytes = Buffer.concat(this.waiting)
    this.waiting.length = 0
    this.waitingBytes = 0
    for (let from = 0; from < bytes.length; ) from += writeSync(this.descriptor, bytes, from)
  }

  /** All batches, pictures in order of their first record. The order depends on the records alone. */
  *batches(): Generator<BatchPlace> {
    const order = this.byPicture()
    let records: RecordPlace[] = []
    let regions = 0
    let number = 0
    for (let k = 0; k < order.length; k++) {
      const at = order[k]!
      records.push({
        offset: this.offsets.values[at]!,
        bytes: this.lengths.values[at]!,
        source: this.sources.values[at]!,
      })
      regions += this.regionCounts.values[at]!
      const next = order[k + 1]
      const isLastOfPicture = next === undefined || this.groupOf.values[next] !== this.groupOf.values[at]
      if (
        !isLastOfPicture ||
        (next !== undefined && regions < BATCH_REGIONS && records.length < BATCH_RECORDS)
      )
        continue
      yield { number: number++, records }
      records = []
      regions = 0
    }
  }

  /** Record numbers by picture, by counting. */
  private byPicture(): Uint32Array {
    const next = new Uint32Array(this.groups.size + 1)
    const groups = this.groupOf.values.subarray(0, this.groupOf.length)
    for (const group of groups) next[group + 1]!++
    for (let g = 0; g < this.groups.size; g++) next[g + 1]! += next[g]!
    const order = new Uint32Array(groups.length)
    for (let at = 0; at < groups.length; at++) order[next[groups[at]!]!++] = at
    return order
  }

  close(): void {
    closeSync(this.descriptor)
  }
}

/** Reads records back; one for each thread. */
export class SpoolReader {
  private readonly descriptor: number

  constructor(file: string) {
    this.descriptor = openSync(file, 'r')
  }

  record(place: RecordPlace): DataRecord {
    const bytes = Buffer.allocUnsafe(place.bytes)
    let read = 0
    while (read < place.bytes) {
      const got = readSync(this.descriptor, bytes, read, place.bytes - read, place.offset + read)
      if (got === 0) throw new Error(`the records end at byte ${place.offset + read}`)
      read += got
    }
    return JSON.parse(bytes.toString('utf8')) as DataRecord
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
