// Prompts as the text network takes them: vectors with pictures put in, positions, several prompts filled up to one length.
import type { Engine, Step } from './engine.ts'
import type { Features } from './eyes.ts'
import type { Memory, TokenKeys } from './memory.ts'
import type { Patches } from './patches.ts'
import type { Positions } from './positions.ts'

/** A prompt ready to be computed. */
export type PromptRow = {
  readonly ids: readonly number[]
  readonly positions: Positions
  /** Pictures and videos in their order: where their tokens are, by what content they are known, and how to get their patches. */
  readonly seen: readonly SeenTokens[]
}

export type SeenTokens = {
  /** The places of its tokens, in order. */
  readonly places: readonly number[]
  readonly key: string
  readonly patches: () => Patches | Promise<Patches>
}

/** What tells whether two prompts begin alike, token by token. */
export function tokenKeys({ ids, seen }: PromptRow): TokenKeys {
  const keys: (number | string)[] = [...ids]
  for (const { places, key } of seen) for (const place of places) keys[place] = key
  return keys
}

/** Features of a row's pictures, from memory or computed now. */
export async function featuresOf(
  row: PromptRow,
  engine: Engine,
  memory: Pick<Memory, 'features' | 'rememberFeatures'>,
): Promise<Features[]> {
  const all: Features[] = []
  for (const { key, patches } of row.seen) {
    let features = memory.features(key)
    if (features === undefined) {
      features = await engine.see(await patches())
      memory.rememberFeatures(key, features)
    }
    all.push(features)
  }
  return all
}

/** Vectors of the tokens [start, end) of a prompt, pictures put in. */
export function vectors(
  row: PromptRow,
  start: number,
  end: number,
  features: readonly Features[],
  engine: Engine,
) {
  const { width } = engine.config.text
  const embeds = engine.embed(row.ids.slice(start, end))
  const stacks = features[0]?.deepstack.length ?? 0
  const picked: number[][] = []
  const places = new Int32Array(end - start)
  row.seen.forEach((part, which) => {
    part.places.forEach((place, i) => {
      if (place < start || place >= end) return
      const feature = features[which]!.features.subarray(i * width, (i + 1) * width)
      embeds.set(feature, (place - start) * width)
      picked.push([which, i])
      places[place - start] = picked.length
    })
  })
  const deepstack = Array.from({ length: picked.length === 0 ? 0 : stacks }, (_, layer) => {
    const out = new Float32Array(picked.length * width)
    picked.forEach(([which, i], row) => {
      out.set(features[which!]!.deepstack[layer]!.subarray(i! * width, (i! + 1) * width), row * width)
    })
    return out
  })
  return { embeds, places, deepstack }
}

/** Positions of the tokens [start, end). */
export const axesOf = (row: PromptRow, start: number, end: number) =>
  row.positions.axes.map((axis) => axis.slice(start, end)) as unknown as readonly [
    Int32Array,
    Int32Array,
    Int32Array,
  ]

/** What of a step prompts are, and how many tokens each has. */
export type PromptBatch = Required<Pick<Step, 'embeds' | 'axes' | 'deepstack' | 'places'>> & {
  readonly counts: readonly number[]
  readonly longest: number
}

/** The tokens of each prompt from `start` on, filled up on the right to one length. */
export async function promptBatch(
  prompts: readonly PromptRow[],
  start: number,
  engine: Engine,
  memory: Pick<Memory, 'features' | 'rememberFeatures'>,
): Promise<PromptBatch> {
  const { width } = engine.config.text
  const counts = prompts.map(({ ids }) => ids.length - start)
  const longest = Math.max(...counts)
  const embeds = new Float32Array(prompts.length * longest * width)
  const axes = [0, 1, 2].map(() => new Int32Array(prompts.length * longest)) as unknown as Step['axes']
  const places = new Int32Array(prompts.length * longest)
  const stacked: Float32Array[][] = []
  let seen = 0
  for (const [b, prompt] of prompts.entries()) {
    const more = prompt.seen.some(({ places: at }) => at.at(-1)! >= start)
    const features = more ? await featuresOf(prompt, engine, memory) : []
    const made = vectors(prompt, start, prompt.ids.length, features, engine)
    embeds.set(made.embeds, b * longest * width)
    made.places.forEach((place, t) => {
      places[b * longest + t] = place === 0 ? 0 : place + seen
    })
    seen += (made.deepstack[0]?.length ?? 0) / width
    made.deepstack.forEach((array, layer) => {
      stacked[layer] ??= []
      stacked[layer].push(array)
    })
    axesOf(prompt, start, prompt.ids.length).forEach((axis, a) => {
      axes[a]!.set(axis, b * longest)
    })
  }
  return { counts, longest, embeds, axes, places, deepstack: stacked.map(joinArrays) }
}

function joinArrays(arrays: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    out.set(array, at)
    at += array.length
  }
  return out
}
