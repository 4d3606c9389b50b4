// The networks of one model, loaded: pictures to features, tokens to scores over keys and values that stay in this thread.

import type { Value } from '@maskwords/graph'
import { buildModel, openSession } from '@maskwords/graph'
import type { QwenConfig } from '@maskwords/models'
import type { Eyes, Features } from './eyes.ts'
import { giveWeights, openEyes } from './eyes.ts'
import type { NetworkOptions } from './network-outputs.ts'
import { textOutputs } from './network-outputs.ts'
import type { Patches } from './patches.ts'
import type { StoredModel } from './stored.ts'

/** Keys and values of tokens, a layer each: [kvHeads, rows, tokens, headWidth]. */
export type Kept = {
  readonly tokens: number
  /** Default 1. */
  readonly rows?: number
  readonly keys: readonly Float32Array[]
  readonly values: readonly Float32Array[]
}

export type Engine = {
  readonly config: QwenConfig
  /** Rows of the embedding table: [ids, width]. */
  embed(ids: ArrayLike<number>): Float32Array
  see(patches: Patches): Promise<Features>
  /**
   * Computes `tokens` tokens of each of `rows` rows behind `shared` (seen by all rows) and `own` (a row each), and gives scores
   * of the places in `wanted` (row x tokens + token), and the new keys and values, [kvHeads, rows, tokens, headWidth].
   */
  run(step: Step): Promise<{ scores: Float32Array; kept: Kept }>
  /** Other values of weights that the model was stored to take at any time, from the next run on. */
  setWeights(weights: Readonly<Record<string, Float32Array>>): Promise<void>
  close(): Promise<void>
}

export type Step = {
  readonly rows: number
  readonly tokens: number
  /** [rows, tokens, width]. */
  readonly embeds: Float32Array
  /** [3][rows x tokens]. */
  readonly axes: readonly [Int32Array, Int32Array, Int32Array]
  /** Seen by all rows; in a grouped engine there may be several, and equally many neighbouring rows see each. */
  readonly shared: Kept | undefined
  /** Of a grouped engine: [groups, tokens of `shared`], added to the scores. */
  readonly sharedBias?: Float32Array
  readonly own: Own | undefined
  readonly wanted: readonly number[]
  readonly deepstack?: readonly Float32Array[]
  /** [rows x tokens]: places in the deepstack's features from 1 on, 0 for none. */
  readonly places?: Int32Array
}

/** Keys and values of each row: [kvHeads, rows, capacity, headWidth], and a bias that hides places without a token: [rows, capacity]. */
export type Own = {
  readonly capacity: number
  readonly keys: readonly Float32Array[]
  readonly values: readonly Float32Array[]
  readonly bias: Float32Array
}

const EMPTY = new Float32Array(0)

/** Builds and loads the networks in this thread; `threads` is of one run, `eyes` are those of the folder unless others are given. */
export async function openEngine(
  stored: StoredModel,
  options: { threads?: number | undefined; eyes?: Eyes } & NetworkOptions = {},
): Promise<Engine> {
  const { config } = stored
  const { text } = config
  const outputs = textOutputs(config, options)
  const language = await openSession(buildModel({ outputs, ...stored.forOutputs(outputs) }), {
    worker: false,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  })
  const eyes = options.eyes ?? openEyes(stored, options)
  const layers = Array.from({ length: text.layers }, (_, i) => i)
  const stacks = config.vision?.deepstackBlocks.length ?? 0
  const data = (value: Value | undefined) => value!.data as Float32Array

  return {
    config,
    embed: (ids) => {
      const out = new Float32Array(ids.length * text.width)
      stored.rows.read(ids, out)
      return out
    },
    see: (patches) => eyes.see(patches),
    async run({ rows, tokens, embeds, axes, shared, sharedBias, own, wanted, deepstack, places }) {
      const positions = new BigInt64Array(3 * rows * tokens)
      axes.forEach((axis, a) => {
        for (let i = 0; i < axis.length; i++) positions[a * rows * tokens + i] = BigInt(axis[i]!)
      })
      const groups = shared?.rows ?? 1
      const across = options.grouped ? [groups, rows / groups] : [rows]
      const feeds: Record<string, { data: Float32Array | BigInt64Array; shape: readonly number[] }> = {
        embeds: { data: embeds, shape: [rows, tokens, text.width] },
        positions: { data: positions, shape: [3, rows, tokens] },
        wanted: { data: BigInt64Array.from(wanted, BigInt), shape: [wanted.length] },
        'own.bias': { data: own?.bias ?? EMPTY, shape: [...across, own?.capacity ?? 0] },
      }
      for (const layer of layers) {
        const past = (
          kept:
            | { readonly keys: readonly Float32Array[]; readonly values: readonly Float32Array[] }
            | undefined,
        ) => [kept?.keys[layer] ?? EMPTY, kept?.values[layer] ?? EMPTY] as const
        const shape = (batch: number, count: number) => [text.kvHeads, batch, count, text.headWidth]
        const [sharedKey, sharedValue] = past(shared)
        const [ownKey, ownValue] = past(own)
        const many = shape(groups, shared?.tokens ?? 0)
        feeds[`shared.key.${layer}`] = { data: sharedKey, shape: many }
        feeds[`shared.value.${layer}`] = { data: sharedValue, shape: many }
        feeds[`own.key.${layer}`] = { data: ownKey, shape: shape(rows, own?.capacity ?? 0) }
        feeds[`own.value.${layer}`] = { data: ownValue, shape: shape(rows, own?.capacity ?? 0) }
      }
      if (options.grouped) {
        const size = [groups, shared?.tokens ?? 0]
        feeds['shared.bias'] = { data: sharedBias ?? new Float32Array(size[0]! * size[1]!), shape: size }
      }
      if (stacks > 0) {
        const seen = (deepstack?.[0]?.length ?? 0) / text.width
        feeds['places'] = {
          data: places ? BigInt64Array.from(places, BigInt) : new BigInt64Array(rows * tokens),
          shape: [rows, tokens],
        }
        for (let i = 0; i < stacks; i++) {
          feeds[`deepstack.${i}`] = { data: deepstack?.[i] ?? EMPTY, shape: [seen, text.width] }
        }
      }
      const results = await language.run(feeds)
      return {
        scores: data(results['logits']),
        kept: {
          tokens,
          rows,
          keys: layers.map((layer) => data(results[`key.${layer}`])),
          values: layers.map((layer) => data(results[`value.${layer}`])),
        },
      }
    },
    async setWeights(weights) {
      await giveWeights(language, weights)
      await eyes.setWeights(weights)
    },
    async close() {
      await language.close()
      await eyes.close()
      await stored.close()
    },
  }
}
