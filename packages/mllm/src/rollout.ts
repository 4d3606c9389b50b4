// Several answers to each of several prompts, all decoded together: every prompt is computed once, and its answers share its keys and
// values. What reinforcement learning and evaluations ask for.
import type { ConstraintMachine, ConstraintWalk } from './constraint.ts'
import { walk } from './constraint.ts'
import type { Engine, Kept } from './engine.ts'
import { MllmError } from './error.ts'
import { NOTHING, OwnPlaces, rowsOfKept } from './kept.ts'
import type { Memory } from './memory.ts'
import type { PromptRow } from './prompt-batch.ts'
import { promptBatch } from './prompt-batch.ts'
import type { Chooser, ResolvedSampling } from './sampling.ts'
import { chooser } from './sampling.ts'

/** Rows are moved together once this share of them at most is still being decoded. */
const WORTH_MOVING = 0.6

export type RolloutOptions = {
  /** Answers to each prompt. */
  readonly count: number
  readonly sampling: ResolvedSampling
  /** Number of the first answer among all that draw from one seed; the others follow. Default 0. */
  readonly stream?: number
  readonly machine?: ConstraintMachine | undefined
  /** Ids that end an answer. */
  readonly ends: ReadonlySet<number>
  readonly maxTokens: number
  /** Prompts computed together. Default all. */
  readonly together?: number
  readonly signal?: AbortSignal
}

/** One answer: its ids, with the one that ended it. */
export type RolloutAnswer = {
  readonly ids: readonly number[]
  /** `length`: cut at `maxTokens`, without an end. */
  readonly finish: 'stop' | 'length'
}

type Row = {
  readonly answer: number[]
  readonly choose: Chooser
  readonly said: Set<number>
  readonly walk: ConstraintWalk | undefined
  position: number
  finish: RolloutAnswer['finish'] | undefined
}

/**
 * Answers every prompt `count` times: [prompts][count], the same whatever prompts are computed together up to rounding.
 * The engine is a grouped one. Features of pictures are looked for in `memory`.
 * @throws MllmError `runtime` for scores that are no numbers; the signal's reason.
 */
export async function rollout(
  prompts: readonly PromptRow[],
  engine: Engine,
  memory: Pick<Memory, 'features' | 'rememberFeatures'>,
  options: RolloutOptions,
): Promise<RolloutAnswer[][]> {
  const { together = prompts.length, count, stream = 0 } = options
  const answers: RolloutAnswer[][] = []
  for (let first = 0; first < prompts.length; first += together) {
    const some = prompts.slice(first, first + together)
    answers.push(...(await decode(some, engine, memory, { ...options, stream: stream + first * count })))
  }
  return answers
}

async function decode(
  prompts: readonly PromptRow[],
  engine: Engine,
  memory: Pick<Memory, 'features' | 'rememberFeatures'>,
  options: RolloutOptions & { readonly stream: number },
): Promise<RolloutAnswer[][]> {
  const { count, sampling, machine, signal, stream } = options
  const { text } = engine.config
  const all = prompts.flatMap((prompt, p) =>
    Array.from({ length: count }, (_, i): Row => {
      const said = new Set(sampling.repetitionPenalty === 1 ? [] : prompt.ids)
      return {
        answer: [],
        said,
        choose: chooser(sampling, said, stream + p * count + i),
        walk: machine && walk(machine),
        position: prompt.positions.next,
        finish: undefined,
      }
    }),
  )
  signal?.throwIfAborted()
  const { counts, longest, ...batch } = await promptBatch(prompts, 0, engine, memory)
  const first = await engine.run({
    rows: prompts.length,
    tokens: longest,
    ...batch,
    shared: undefined,
    own: undefined,
    wanted: counts.map((tokens, p) => p * longest + tokens - 1),
  })
  let shared: Kept = first.kept
  let sharedBias = new Float32Array(prompts.length * longest)
  counts.forEach((tokens, p) => {
    sharedBias.fill(NOTHING, p * longest + tokens, (p + 1) * longest)
  })
  /** Prompts that are still decoded, and `perPrompt` rows of each, in order; some of them only fill up. */
  let rows = all
  const own = new OwnPlaces(rows.length, text.layers, text)
  let perPrompt = count
  let scores = first.scores
  let scoresOf = (row: number) => Math.floor(row / count)
  for (;;) {
    const chosen = rows.map((row, r) => {
      if (row.finish !== undefined) return row.answer.at(-1)!
      const at = scoresOf(r) * text.vocabularySize
      return say(row, scores.subarray(at, at + text.vocabularySize), options)
    })
    const left = new Set(rows.filter(({ finish }) => finish === undefined))
    if (left.size === 0) break
    signal?.throwIfAborted()
    if (left.size <= WORTH_MOVING * rows.length) {
      const kept = gathered(rows, left, perPrompt)
      if (kept.rows.length <= WORTH_MOVING * rows.length) {
        if (kept.groups.length * perPrompt < rows.length) {
          const before = sharedBias
          shared = rowsOfKept(shared, kept.groups, text)
          sharedBias = new Float32Array(kept.groups.length * longest)
          kept.groups.forEach((group, i) => {
            sharedBias.set(before.subarray(group * longest, (group + 1) * longest), i * longest)
          })
        }
        own.keepRows(kept.rows)
        const move = <T>(list: readonly T[]) => kept.rows.map((row) => list[row]!)
        rows = move(rows)
        chosen.splice(0, chosen.length, ...move(chosen))
        perPrompt = kept.perPrompt
      }
    }
    const at = Int32Array.from(rows, (row) => row.position)
    for (const row of rows) row.position++
    const step = await engine.run({
      rows: rows.length,
      tokens: 1,
      embeds: engine.embed(chosen),
      axes: [at, at, at],
      shared,
      sharedBias,
      own,
      wanted: rows.map((_, r) => r),
    })
    own.append(
      step.kept,
      rows.map(() => 1),
    )
    scores = step.scores
    scoresOf = (row) => row
  }
  return prompts.map((_, p) =>
    all.slice(p * count, (p + 1) * count).map(({ answer, finish }) => ({ ids: answer, finish: finish! })),
  )
}

/** Takes the next token of a row; where that ends it, `finish` says how. */
function say(row: Row, scores: Float32Array, { ends, maxTokens }: RolloutOptions): number {
  let allowed = row.walk?.allowed()
  let refused = row.walk?.refused() ?? []
  if (row.walk) {
    if (allowed && row.walk.mayEnd()) allowed = [...allowed, ...ends]
    else if (!allowed && !row.walk.mayEnd()) refused = [...refused, ...ends]
  }
  const id = row.choose(scores, { allowed, refused })
  if (id < 0) throw new MllmError('runtime', 'no token may come next, or the scores are not numbers')
  row.answer.push(id)
  row.said.add(id)
  if (ends.has(id)) row.finish = 'stop'
  else {
    row.walk?.take(id)
    if (row.answer.length >= maxTokens) row.finish = 'length'
  }
  return id
}

/**
 * The prompts that still have answers to decode, and equally many rows of each: those in `left`, filled up with rows of the same
 * prompt whose answers are whole.
 */
function gathered(
  rows: readonly Row[],
  left: ReadonlySet<Row>,
  perPrompt: number,
): { groups: number[]; rows: number[]; perPrompt: number } {
  const groups: number[] = []
  const going: number[][] = []
  for (let group = 0; group * perPrompt < rows.length; group++) {
    const places = Array.from({ length: perPrompt }, (_, i) => group * perPrompt + i)
    const open = places.filter((place) => left.has(rows[place]!))
    if (open.length === 0) continue
    groups.push(group)
    going.push([...open, ...places.filter((place) => !left.has(rows[place]!))])
  }
  const most = Math.max(...going.map((places) => places.filter((place) => left.has(rows[place]!)).length))
  return { groups, rows: going.flatMap((places) => places.slice(0, most)), perPrompt: most }
}
