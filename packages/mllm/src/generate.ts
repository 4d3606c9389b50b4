// Tokens one after another: several prompts with a common beginning are computed together, the beginning once.

import type { ConstraintMachine, ConstraintWalk, SpanIds } from './constraint.ts'
import { walk } from './constraint.ts'
import type { Engine, Kept } from './engine.ts'
import { MllmError } from './error.ts'
import { joinKept, OwnPlaces } from './kept.ts'
import type { Memory, TokenKeys } from './memory.ts'
import { commonLength } from './memory.ts'
import type { PromptRow } from './prompt-batch.ts'
import { axesOf, featuresOf, promptBatch, tokenKeys, vectors } from './prompt-batch.ts'
import type { Chooser, ResolvedSampling } from './sampling.ts'
import { chooser, logSumExp } from './sampling.ts'

/** Tokens of a prompt computed in one run: scores of a layer take chunk x (past + chunk) x heads numbers. */
const CHUNK_TOKENS = 512

export type SaidToken = {
  readonly id: number
  /** By the model itself, among all tokens. */
  readonly logprob: number
  /** Among the words that could stand at this place of a mask; undefined outside masks. */
  readonly spanLogprob: number | undefined
}

export type GenerateOptions = {
  readonly sampling: ResolvedSampling
  readonly machine: ConstraintMachine | undefined
  readonly span: SpanIds | undefined
  /** Ids that end an answer. */
  readonly ends: ReadonlySet<number>
  readonly maxTokens: number
  readonly aborted: () => boolean
  /** Told of every token of an answer (not of the one that ends it). True ends the answer. `alternatives` looks at the mask just finished. */
  readonly onToken: (
    row: number,
    token: SaidToken,
    alternatives: (count: number) => Promise<CodesFound[]>,
  ) => Promise<boolean>
  /** Told when an answer is whole. */
  readonly onEnd: (row: number, finish: Finish) => void
  /** Told when the prompts are computed, with the number of tokens that were known before. */
  readonly onReady?: (cachedTokens: number) => void
}

export type Finish = 'stop' | 'length' | 'aborted'

/** A row of codes (token ids) that could stand in a span. */
export type CodesFound = { readonly ids: readonly number[]; readonly logprob: number }

/** What is open in a row: where its mask began, and what was said of it. */
type OpenSpan = {
  /** Own places and position when the first code was chosen. */
  readonly length: number
  readonly position: number
  readonly first: { readonly ids: readonly number[]; readonly logprobs: Float64Array }
  codes: number
}

type Row = {
  readonly index: number
  readonly choose: Chooser
  readonly said: Set<number>
  readonly walk: ConstraintWalk | undefined
  position: number
  tokens: number
  span: OpenSpan | undefined
  /** The last token began a mask. */
  begun: boolean
  /** The answer so far. */
  readonly answer: number[]
}

/** The first `tokens` tokens of a prompt as keys and values, as far as possible from memory. */
async function beginningOf(
  row: PromptRow,
  keys: TokenKeys,
  tokens: number,
  engine: Engine,
  memory: Memory,
  aborted: () => boolean,
): Promise<{ kept: Kept | undefined; cached: number }> {
  let kept = memory.beginning(keys, tokens)
  const cached = kept?.tokens ?? 0
  if (tokens === cached) return { kept, cached }
  const needed = row.seen.some(({ places }) => places.at(-1)! >= cached && places[0]! < tokens)
  const features = needed ? await featuresOf(row, engine, memory) : []
  for (let start = cached; start < tokens; ) {
    if (aborted()) return { kept, cached }
    const end = Math.min(tokens, start + CHUNK_TOKENS)
    const made = await engine.run({
      rows: 1,
      tokens: end - start,
      ...vectors(row, start, end, features, engine),
      axes: axesOf(row, start, end),
      shared: kept,
      own: undefined,
      wanted: [],
    })
    kept = joinKept(kept, made.kept, engine.config.text)
    start = end
  }
  memory.rememberBeginning(keys.slice(0, tokens), kept!)
  return { kept, cached }
}

/** How many of the first tokens all rows share and are worth keeping. Every row has at least one token of its own. */
function sharedLength(rows: readonly PromptRow[], keys: readonly TokenKeys[], memory: Memory): number {
  const shortest = Math.min(...keys.map(({ length }) => length)) - 1
  if (rows.length > 1) {
    return keys.reduce((least, other) => Math.min(least, commonLength(keys[0]!, other)), shortest)
  }
  // One question: all up to its last picture, which the next question has in common; what is too long for one run; what is known.
  const lastSeen = rows[0]!.seen.at(-1)?.places.at(-1) ?? -1
  const worth = Math.max(lastSeen + 1, keys[0]!.length - CHUNK_TOKENS)
  return Math.min(shortest, Math.max(worth, memory.knownLength(keys[0]!, shortest)))
}

/** Answers all rows. Rows are computed together until each has ended. */
export async function generate(
  prompts: readonly PromptRow[],
  engine: Engine,
  memory: Memory,
  options: GenerateOptions,
): Promise<void> {
  const { text } = engine.config
  const keys = prompts.map(tokenKeys)
  const length = sharedLength(prompts, keys, memory)
  const { kept: shared, cached } = await beginningOf(
    prompts[0]!,
    keys[0]!,
    length,
    engine,
    memory,
    options.aborted,
  )
  const own = new OwnPlaces(prompts.length, text.layers, text)
  let rows: Row[] = prompts.map((prompt, index) => {
    const said = new Set(options.sampling.repetitionPenalty === 1 ? [] : prompt.ids)
    return {
      index,
      said,
      choose: chooser(options.sampling, said, index),
      walk: options.machine && walk(options.machine),
      position: prompt.positions.next,
      tokens: 0,
      span: undefined,
      begun: false,
      answer: [],
    }
  })
  if (options.aborted()) {
    for (const { index } of rows) options.onEnd(index, 'aborted')
    return
  }

  const { counts, longest, ...rest } = await promptBatch(prompts, length, engine, memory)
  let { scores, kept } = await engine.run({
    rows: rows.length,
    tokens: longest,
    ...rest,
    shared,
    own: undefined,
    wanted: counts.map((count, b) => b * longest + count - 1),
  })
  own.append(kept, counts)
  options.onReady?.(cached)

  for (;;) {
    const next: number[] = []
    const going: number[] = []
    const aborted = options.aborted()
    for (const [b, row] of rows.entries()) {
      const finish = aborted
        ? 'aborted'
        : await say(row, b, scores.subarray(b * text.vocabularySize, (b + 1) * text.vocabularySize))
      if (typeof finish === 'string') options.onEnd(row.index, finish)
      else {
        going.push(b)
        next.push(finish)
      }
    }
    if (going.length === 0) {
      if (prompts.length === 1) rememberTurn(rows[0]!)
      return
    }
    if (going.length < rows.length) {
      rows = going.map((b) => rows[b]!)
      own.keepRows(going)
    }
    const at = Int32Array.from(rows, (row) => row.position++)
    ;({ scores, kept } = await engine.run({
      rows: rows.length,
      tokens: 1,
      embeds: engine.embed(next),
      axes: [at, at, at],
      shared,
      own,
      wanted: rows.map((_, b) => b),
    }))
    own.append(
      kept,
      rows.map(() => 1),
    )
  }

  /** Prompt and answer as the beginning of the next turn; of a batch the common beginning alone is worth its memory. */
  function rememberTurn(row: Row): void {
    const kept = joinKept(shared, own.rowOf(0), text)
    memory.rememberBeginning([...keys[0]!, ...row.answer].slice(0, kept.tokens), kept)
  }

  /** The next token of a row, or how its answer ended. */
  async function say(row: Row, b: number, raw: Float32Array): Promise<number | Finish> {
    const { walk: machine, span } = row
    const { ends, maxTokens } = options
    let allowed = machine?.allowed()
    let refused = machine?.refused() ?? []
    if (machine) {
      if (allowed && machine.mayEnd()) {
        if (allowed.length === 0) return 'stop'
        allowed = [...allowed, ...ends]
      } else if (!allowed && !machine.mayEnd()) refused = [...refused, ...ends]
    }
    if (row.tokens >= maxTokens) return 'length'
    const id = row.choose(raw, { allowed, refused })
    if (id < 0) throw new MllmError('runtime', 'no token may come next, or the scores are not numbers')
    if (ends.has(id)) return 'stop'
    const logprob = raw[id]! - logSumExp(raw)
    const spanLogprob = stepSpan(row, b, id, raw)
    machine?.take(id)
    row.said.add(id)
    row.answer.push(id)
    row.tokens++
    const finished = span !== undefined && row.span === undefined ? span : undefined
    const stop = await options.onToken(row.index, { id, logprob, spanLogprob }, async (count) =>
      finished === undefined ? [] : alternatives(finished, b, count),
    )
    if (stop) return 'stop'
    return row.tokens >= maxTokens ? 'length' : id
  }

  /** Follows masks in a row; the logarithm of the share that `id` has among the words that could stand here. */
  function stepSpan(row: Row, b: number, id: number, raw: Float32Array): number | undefined {
    const ids = options.span
    if (ids === undefined) return undefined
    if (id === ids.start) {
      row.span = undefined
      row.begun = true
      return undefined
    }
    if (row.begun) {
      row.begun = false
      const first = ids.levels[0]!
      const total = logSumExp(raw, first)
      row.span = {
        length: own.lengths[b]!,
        position: row.position,
        first: { ids: first, logprobs: Float64Array.from(first, (code) => raw[code]! - total) },
        codes: 0,
      }
    }
    const open = row.span
    if (open === undefined) return undefined
    const choices = [...(ids.levels[open.codes] ?? []), ...(open.codes >= ids.least ? [ids.end] : [])]
    if (!choices.includes(id)) {
      row.span = undefined
      return undefined
    }
    if (id === ids.end) row.span = undefined
    else open.codes++
    return raw[id]! - logSumExp(raw, choices)
  }

  /** The most probable whole spans in the place of one: best first, so that what is found cannot be beaten by what is not looked at. */
  async function alternatives(open: OpenSpan, b: number, count: number): Promise<CodesFound[]> {
    const ids = options.span!
    let front: CodesFound[] = open.first.ids.map((id, i) => ({ ids: [id], logprob: open.first.logprobs[i]! }))
    const found: CodesFound[] = []
    const better = (x: CodesFound, y: CodesFound) => y.logprob - x.logprob || x.ids.length - y.ids.length
    let looked = 0
    for (;;) {
      front.sort(better)
      found.sort(better)
      const best = front[0]
      if (best === undefined || looked >= MAX_LOOKED) break
      if (found.length >= count && found[count - 1]!.logprob >= best.logprob) break
      if (best.ids.length === ids.levels.length) {
        // Only the end word can follow.
        found.push(best)
        front = front.slice(1)
        continue
      }
      const depth = best.ids.length
      const batch = front.filter(({ ids: codes }) => codes.length === depth).slice(0, LOOKED_TOGETHER)
      front = front.filter((entry) => !batch.includes(entry))
      looked += batch.length
      const at = Int32Array.from(
        batch.flatMap(() => Array.from({ length: depth }, (_, i) => open.position + i)),
      )
      const { scores: more } = await engine.run({
        rows: batch.length,
        tokens: depth,
        embeds: engine.embed(batch.flatMap(({ ids: codes }) => codes)),
        axes: [at, at, at],
        shared,
        own: own.copiesOf(b, open.length, batch.length),
        wanted: batch.map((_, i) => i * depth + depth - 1),
      })
      const choices = [...ids.levels[depth]!, ...(depth >= ids.least ? [ids.end] : [])]
      batch.forEach((entry, i) => {
        const raw = more.subarray(i * text.vocabularySize, (i + 1) * text.vocabularySize)
        const total = logSumExp(raw, choices)
        for (const id of choices) {
          const logprob = entry.logprob + raw[id]! - total
          if (id === ids.end) found.push({ ids: entry.ids, logprob })
          else front.push({ ids: [...entry.ids, id], logprob })
        }
      })
    }
    return found.slice(0, count)
  }
}

/** Beginnings of masks looked at for alternatives: together, and at most. */
const LOOKED_TOGETHER = 8
const MAX_LOOKED = 128
