// The results of a batch as they gather: conversations, problems, counts, and conversations worth a look. Definition: ours.

import { byCodeUnits } from '@maskwords/base'
import type { DataProblem, DataRecord } from '@maskwords/datasets'
import type { Mask } from '@maskwords/mask'
import type { FilledConversation, TaskConversation } from '../conversation.ts'
import { emptyHealth, type Health, lengthBin, TextCounter } from './health.ts'
import type { ViewedPicture } from './picture-words.ts'
import { readBackCounts } from './read-back.ts'
import type { RecordPlace } from './spool.ts'

/** A conversation worth a look: where its record is, and a key by which some are drawn. */
export type Candidate = { readonly key: number; readonly place: RecordPlace; readonly id: string }

export type FilledBatch = {
  readonly conversations: readonly FilledConversation[]
  readonly problems: readonly DataProblem[]
  readonly health: Health
  readonly candidates: readonly Candidate[]
  readonly ms: number
}

/** Candidates that a batch hands on: as many as the report shows. */
export const CANDIDATES = 12
/** A record, checked, with its conversations; none where it cannot be used. */
export type Opened = {
  readonly record?: DataRecord
  readonly masks: Map<string, Mask>
  readonly problems: readonly DataProblem[]
  readonly lostTexts: number
  readonly duplicates: number
  readonly made: readonly TaskConversation[]
  /** Its picture as it is read, and what is done to it for the trainer. */
  readonly viewed?: ViewedPicture
}

export class BatchUnderWay {
  readonly conversations: FilledConversation[] = []
  readonly candidates: Candidate[] = []
  readonly health: Health
  private readonly problems: DataProblem[] = []
  private readonly lost = new TextCounter()
  private readonly byTask = new TextCounter()
  private readonly backs = new TextCounter()
  private readonly categories = new TextCounter()
  private readonly phrases = new TextCounter()
  private readonly seen = new Set<string>()

  constructor(words: number) {
    this.health = emptyHealth(words)
  }

  problem(kind: DataProblem['kind'], message: string, file: string, at?: string): void {
    this.problems.push({ kind, message, file, ...(at === undefined ? {} : { at }) })
    this.lost.add(kind)
  }

  opened(opened: Opened): void {
    for (const problem of opened.problems) {
      this.problems.push(problem)
      if (problem.isKept !== true) this.lost.add(problem.kind)
    }
    const { health } = this
    health.records++
    health.lostTexts += opened.lostTexts
    health.duplicateMasks += opened.duplicates
    if (opened.record === undefined) return
    health.regions += opened.record.regions.length
    for (const { category } of opened.record.regions)
      if (category !== undefined) this.categories.add(category)
    for (const { text } of opened.record.phrases) this.phrases.add(text)
  }

  add(conversation: FilledConversation, source: number): void {
    this.conversations.push(conversation)
    this.byTask.add(`${source}/${conversation.task}`)
    const characters = conversation.turns.reduce((sum, turn) => sum + turn.text.length, 0)
    this.health.conversationLengths[lengthBin(characters)]!++
  }

  /** A mask of a source, and its IoU with what its words say. */
  readBack(source: number, mask: Mask, iou: number): void {
    for (const [name, count] of readBackCounts(source, mask, iou)) this.backs.add(name, count)
  }

  /** Two samples that say the same of the same picture. */
  countDuplicate({ pictures, turns }: FilledConversation): void {
    const key = JSON.stringify([pictures[0]?.file, turns.map((turn) => turn.text)])
    if (this.seen.has(key)) this.health.duplicateConversations++
    this.seen.add(key)
  }

  value(ms: number): FilledBatch {
    const health: Health = {
      ...this.health,
      lost: this.lost.value(),
      conversations: this.byTask.value(),
      readBack: this.backs.value(),
      categories: this.categories.value(),
      phrases: this.phrases.value(),
    }
    const { conversations, problems } = this
    return { conversations, problems, health, candidates: lowest(this.candidates), ms }
  }
}

/** The candidates with the lowest keys, ties by id. */
export function lowest(candidates: readonly Candidate[]): Candidate[] {
  return [...candidates].sort((a, b) => a.key - b.key || byCodeUnits(a.id, b.id)).slice(0, CANDIDATES)
}
