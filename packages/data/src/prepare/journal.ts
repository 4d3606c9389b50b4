// The journal of a run: JSON lines that are only ever appended, each with a checksum; what a kill cut off is forgotten, what
// stands before it counts. Definition: ours.
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { checksum } from './canonical.ts'

/** The entries of a journal file up to the first damaged line, and the bytes they take. */
export function readJournal<T>(file: string): { entries: T[]; bytes: number } {
  if (!existsSync(file)) return { entries: [], bytes: 0 }
  const data = readFileSync(file)
  const entries: T[] = []
  let bytes = 0
  for (;;) {
    const end = data.indexOf(0x0a, bytes)
    if (end < 0) return { entries, bytes }
    const entry = checkedLine<T>(data.toString('utf8', bytes, end))
    if (entry === undefined) return { entries, bytes }
    entries.push(entry)
    bytes = end + 1
  }
}

/** A line is its checksum, a blank, and JSON. */
export function checkedLine<T>(line: string): T | undefined {
  const json = line.slice(17)
  if (line[16] !== ' ' || checksum(json) !== line.slice(0, 16)) return undefined
  try {
    return JSON.parse(json) as T
  } catch {
    return undefined
  }
}

export class Journal<T> {
  private readonly descriptor: number
  private size: number

  /** Goes on after `bytes` of the file (what readJournal found whole); what follows them is cut off. */
  constructor(file: string, bytes: number) {
    this.descriptor = openSync(file, existsSync(file) ? 'r+' : 'w+')
    ftruncateSync(this.descriptor, bytes)
    this.size = bytes
  }

  /** Appends an entry and waits until the disk has it. */
  append(entry: T): void {
    this.write(entry)
    fsyncSync(this.descriptor)
  }

  /** Appends without waiting: for what is merely work saved. Returns where the line begins. */
  write(entry: T): number {
    const json = JSON.stringify(entry)
    const line = Buffer.from(`${checksum(json)} ${json}\n`)
    const at = this.size
    for (let from = 0; from < line.length; )
      from += writeSync(this.descriptor, line, from, line.length - from, at + from)
    this.size += line.length
    return at
  }

  /** Forgets everything. */
  clear(): void {
    ftruncateSync(this.descriptor, 0)
    this.size = 0
  }

  close(): void {
    closeSync(this.descriptor)
  }
}
