// The model that a server speaks for: its name here, who reads its masks, and how long its answers take.
import { basename } from 'node:path'
import type { CodecInfo, ModelList, VocabularyListing } from '@maskwords/client/schema'
import type { ErrorReport } from '@maskwords/files'
import { MllmError, type MultimodalModel, TASK_NAMES, TASKS } from '@maskwords/mllm'
import { getokVocabulary, himtokVocabulary, samtokVocabulary, type Vocabulary } from '@maskwords/words'
import { type Admission, admission } from '../admission.ts'
import { faultOf, HttpFault } from '../fault.ts'

export type GatewayOptions = {
  readonly model: MultimodalModel
  /** The name that requests give it; of a path the last part is taken. Default: the name that its server has for it. */
  readonly id?: string
  /** Texts that no caller is to see: the address of the server behind it. */
  readonly hidden: readonly string[]
  readonly answerTimeoutMs: number
  /** Questions held at a time. */
  readonly maxHeld: number
}

export type Gateway = {
  readonly model: MultimodalModel
  /** Tells no path and no address of this machine. */
  readonly id: string
  /** The served codec that reads its masks by default. */
  readonly codec: string | undefined
  /** Its questions stand in a line of their own. */
  readonly line: Admission
  /** Hears how long an answer took, so that callers who are refused know when to come again. */
  took(ms: number): void
  facts(): ModelList['data'][number]
  /** Whatever went wrong, without what is hidden. */
  faultOf(error: unknown): HttpFault
}

/** Questions worked on at a time: in this process the model answers one after the other while the next is made ready. */
const WORKING = { 'in-process': 2, server: 16 } as const
/** What an answer is thought to take before any was given, and how much each new one counts. */
const FIRST_MEAN_MS = 5_000
const MEAN_WEIGHT = 0.2
const LONGEST_RETRY_S = 60

export function createGateway(options: GatewayOptions, codecs: readonly CodecInfo[]): Gateway {
  const { model, hidden, answerTimeoutMs, maxHeld } = options
  const { facts } = model
  const name = options.id ?? facts.name.slice(facts.name.indexOf('#') + 1)
  const id = /^(?:[./~\\]|[A-Za-z]:\\)/.test(name) ? basename(name) : name
  const [spoken] = facts.vocabularies
  const codec = codecs.find(
    ({ kind, vocabularySize }) => kind === spoken?.kind && vocabularySize === spoken.wordCount,
  )?.name
  const maxWorking = WORKING[facts.kind]
  let meanMs = FIRST_MEAN_MS
  const line: Admission = admission({
    maxHeld,
    maxWorking,
    timeoutMs: answerTimeoutMs,
    retryAfterS: () => {
      const waitS = (line.held * meanMs) / (facts.kind === 'server' ? maxWorking : 1) / 1000
      return Math.min(LONGEST_RETRY_S, Math.max(1, Math.ceil(waitS)))
    },
  })
  const startedS = Math.floor(Date.now() / 1000)
  const shown = (text: string): string => hidden.reduce((left, one) => left.replaceAll(one, 'upstream'), text)
  return {
    model,
    id,
    codec,
    line,
    took(ms) {
      meanMs += (ms - meanMs) * MEAN_WEIGHT
    },
    facts: () => ({
      id,
      object: 'model',
      created: startedS,
      owned_by: 'maskwords',
      kind: facts.kind,
      family: facts.family,
      codec: codec ?? null,
      words: facts.vocabularies.map(({ kind }) => kind),
      constraints: [...facts.constraints],
      logprobs: facts.logprobs,
      alternatives: facts.alternatives,
      maxTokens: facts.maxTokens ?? null,
      prompts: TASK_NAMES.map((name) => ({ name, summary: TASKS[name].summary, prompt: TASKS[name].prompt })),
      notes: facts.notes.map(shown),
    }),
    faultOf(error) {
      const fault = faultOf(error)
      if (!(error instanceof MllmError)) return fault
      const { message, hint, ...report } = fault.report
      const clean: ErrorReport = { ...report, message: shown(message) }
      if (hint !== undefined) clean.hint = shown(hint)
      return new HttpFault(fault.status, clean, fault.headers)
    },
  }
}

/** The words of a served codec, for a server that does not say its model's. */
export function vocabularyOf(listing: VocabularyListing): Vocabulary {
  const { kind, codesPerLevel, levels, codes, maxLength, gridSize } = listing
  const given = <T extends object>(sizes: T) =>
    Object.fromEntries(Object.entries(sizes).filter(([, size]) => size !== undefined))
  if (kind === 'samtok') return samtokVocabulary(given({ codesPerLevel, levels }))
  if (kind === 'himtok') return himtokVocabulary(given({ codes, maxLength }))
  return getokVocabulary(given({ gridSize }))
}
