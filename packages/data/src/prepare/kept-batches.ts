// Results of slow batches, kept on disk until their shard is written, so that an encoder's work is not done twice. Definition: ours.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FilledBatch } from './filled-batch.ts'
import { Journal, readJournal } from './journal.ts'

type KeptEntry = { readonly number: number; readonly batch: FilledBatch }

/** Files rotate with the shards, so that they stay small. */
export class KeptBatches {
  private readonly folder: string
  private readonly found = new Map<number, FilledBatch>()
  private readonly files: { name: string; last: number }[] = []
  private journal: Journal<KeptEntry> | undefined
  private serial = 0

  constructor(folder: string, resumeAt: number) {
    this.folder = folder
    const names = readdirSync(folder).filter((name) => /^batches-\d+\.jsonl$/.test(name))
    for (const name of names) {
      let last = -1
      for (const { number, batch } of readJournal<KeptEntry>(join(folder, name)).entries) {
        last = Math.max(last, number)
        if (number >= resumeAt) this.found.set(number, batch)
      }
      this.files.push({ name, last })
      this.serial = Math.max(this.serial, Number(/\d+/.exec(name)![0]) + 1)
    }
    this.shardWritten(resumeAt)
  }

  take(number: number): FilledBatch | undefined {
    const batch = this.found.get(number)
    this.found.delete(number)
    return batch
  }

  keep(number: number, batch: FilledBatch): void {
    if (this.journal === undefined) {
      const name = `batches-${this.serial++}.jsonl`
      this.journal = new Journal(join(this.folder, name), 0)
      this.files.push({ name, last: number })
    }
    const current = this.files.at(-1)!
    current.last = Math.max(current.last, number)
    this.journal.write({ number, batch })
  }

  /** Files whose batches are all in shards go. */
  shardWritten(resumeAt: number): void {
    this.close()
    for (const { name } of this.files.filter(({ last }) => last < resumeAt)) {
      rmSync(join(this.folder, name), { force: true })
    }
    this.files.splice(0, this.files.length, ...this.files.filter(({ last }) => last >= resumeAt))
  }

  close(): void {
    this.journal?.close()
    this.journal = undefined
  }
}
