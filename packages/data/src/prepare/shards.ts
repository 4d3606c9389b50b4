// Filled batches, in order, cut into shards. The state after each shard is all that is needed to go on behind it. Definition: ours.

import { messageOf } from '@maskwords/base'
import type { DataProblem } from '@maskwords/datasets'
import type { FilledConversation, Writer, WriterOptions, WrittenFile } from '../conversation.ts'
import { sha256 } from './canonical.ts'
import { type Candidate, type FilledBatch, lowest } from './filled-batch.ts'
import { type Health, HealthTotal } from './health.ts'

export type ShardPlace = WrittenFile & { readonly conversations: number }

/** What a run knows at a point between two conversations. */
export type RunState = {
  /** The batch that goes on from here, and how many of its conversations are written. */
  readonly resumeAt: number
  readonly skip: number
  /** Of all batches before `resumeAt`. */
  readonly health: Health
  readonly candidates: readonly Candidate[]
  readonly problemBytes: number
  /** Conversations that could not be written, and the bytes of what was said of them. */
  readonly lostInWriting: number
  readonly writeProblemBytes: number
}

export type ShardMakerOptions = {
  readonly name: string
  readonly writer: Writer
  readonly writerOptions: WriterOptions
  readonly words: number
  /** Bytes of a picture by its path in the files. */
  readonly readPicture: (file: string) => Uint8Array
  readonly addProblems: (text: string) => void
  readonly addWriteProblems: (text: string) => void
  readonly from: RunState | undefined
  readonly shards: readonly ShardPlace[]
  /** Called with the shard's bytes and the state behind it; must have both on disk when it returns. */
  readonly onShard: (shard: ShardPlace, bytes: Uint8Array, state: RunState) => void
}

export class ShardMaker {
  readonly written: ShardPlace[]
  private readonly options: ShardMakerOptions
  private readonly health: HealthTotal
  private candidates: Candidate[]
  private problemBytes: number
  private lostInWriting: number
  private writeProblemBytes: number
  private batch: number
  private skip: number
  private waiting: FilledConversation[] = []

  constructor(options: ShardMakerOptions) {
    const { from } = options
    this.options = options
    this.written = options.shards.map(({ file, bytes, sha256: hash, conversations }) => ({
      file,
      bytes,
      sha256: hash,
      conversations,
    }))
    this.health = new HealthTotal(options.words, from?.health)
    this.candidates = [...(from?.candidates ?? [])]
    this.problemBytes = from?.problemBytes ?? 0
    this.lostInWriting = from?.lostInWriting ?? 0
    this.writeProblemBytes = from?.writeProblemBytes ?? 0
    this.batch = from?.resumeAt ?? 0
    this.skip = from?.skip ?? 0
  }

  /** The number of the batch that `add` takes next. */
  get nextBatch(): number {
    return this.batch
  }

  /** What was counted so far. */
  state(): RunState {
    return {
      resumeAt: this.batch,
      skip: 0,
      health: structuredClone(this.health.value()),
      candidates: this.candidates,
      problemBytes: this.problemBytes,
      lostInWriting: this.lostInWriting,
      writeProblemBytes: this.writeProblemBytes,
    }
  }

  /** Takes the next batch; shards that become full are written. */
  async add(filled: FilledBatch): Promise<void> {
    const { shardSize } = this.options.writerOptions
    const skipped = this.skip
    this.skip = 0
    const fresh = filled.conversations.slice(skipped)
    const isFull = this.waiting.length + fresh.length >= shardSize
    const before = isFull ? this.state() : undefined
    this.count(filled)
    this.batch++
    const after = isFull ? this.state() : undefined
    let taken = skipped
    for (let from = 0; from < fresh.length; ) {
      const part = fresh.slice(from, from + shardSize - this.waiting.length)
      from += part.length
      taken += part.length
      this.waiting.push(...part)
      if (this.waiting.length < shardSize) break
      const isEnd = taken === filled.conversations.length
      await this.write(isEnd ? after! : { ...before!, skip: taken })
    }
  }

  /** Writes the last, short shard. */
  async finish(): Promise<void> {
    if (this.waiting.length > 0) await this.write(this.state())
  }

  private count(filled: FilledBatch): void {
    this.health.add(filled.health)
    this.candidates = lowest([...this.candidates, ...filled.candidates])
    this.addProblems(filled.problems)
  }

  private addProblems(problems: readonly DataProblem[]): void {
    const text = problems.map((problem) => `${JSON.stringify(problem)}\n`).join('')
    this.problemBytes += Buffer.byteLength(text)
    if (text !== '') this.options.addProblems(text)
  }

  private async write(state: RunState): Promise<void> {
    const { name, writer, writerOptions } = this.options
    const taken = this.waiting
    this.waiting = []
    const { good, lost } = this.withBytes(taken)
    let bytes: Uint8Array
    try {
      bytes = await writer.shard(good, writerOptions)
    } catch {
      // One conversation that the format cannot hold must not take its shard along.
      const fitting: FilledConversation[] = []
      for (const conversation of good) {
        try {
          await writer.shard([conversation], writerOptions)
          fitting.push(conversation)
        } catch (error) {
          lost.push(lostProblem(conversation, error))
        }
      }
      good.splice(0, good.length, ...fitting)
      bytes = good.length === 0 ? new Uint8Array(0) : await writer.shard(good, writerOptions)
    }
    const lines = lost.map((problem) => `${JSON.stringify(problem)}\n`).join('')
    this.lostInWriting += lost.length
    this.writeProblemBytes += Buffer.byteLength(lines)
    if (lines !== '') this.options.addWriteProblems(lines)
    if (good.length === 0) return
    const file = `${name}-${String(this.written.length).padStart(5, '0')}.${writer.shardExtension}`
    const shard = { file, bytes: bytes.length, sha256: sha256(bytes), conversations: good.length }
    this.written.push(shard)
    const { lostInWriting, writeProblemBytes } = this
    this.options.onShard(shard, bytes, { ...state, lostInWriting, writeProblemBytes })
  }

  /** Conversations with their pictures' bytes, where those are embedded; a picture is read once for a shard. */
  private withBytes(conversations: readonly FilledConversation[]): {
    good: FilledConversation[]
    lost: DataProblem[]
  } {
    if (this.options.writerOptions.pictures === 'path') return { good: [...conversations], lost: [] }
    const read = new Map<string, Uint8Array>()
    const good: FilledConversation[] = []
    const lost: DataProblem[] = []
    for (const conversation of conversations) {
      try {
        const pictures = conversation.pictures.map((picture) => {
          if (picture.bytes !== undefined) return picture
          let bytes = read.get(picture.file)
          if (bytes === undefined) read.set(picture.file, (bytes = this.options.readPicture(picture.file)))
          return { ...picture, bytes }
        })
        good.push({ ...conversation, pictures })
      } catch (error) {
        lost.push(lostProblem(conversation, error))
      }
    }
    return { good, lost }
  }
}

function lostProblem(conversation: FilledConversation, error: unknown): DataProblem {
  const said = messageOf(error)
  const message = `conversation ${conversation.id} cannot be written: ${said}`
  return { kind: 'bad-field', message, file: conversation.dataset, at: conversation.id }
}
