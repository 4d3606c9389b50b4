// First weights of a network that has learned nothing: as GPT-2's (normal, 0.02 for tables, less where a layer adds to the stream), norms at 1.
import { normals, randomFrom } from '@maskwords/codecs'
import { textSeed } from './adapters.ts'

/** The values of one weight; they depend on its name and the seed alone. */
export function firstWeight(
  name: string,
  shape: readonly number[],
  options: { readonly seed: number; readonly layers: number },
): Float32Array<ArrayBuffer> {
  const count = shape.reduce((a, b) => a * b, 1)
  if (shape.length === 1) return new Float32Array(count).fill(name.endsWith('.bias') ? 0 : 1)
  const random = randomFrom(textSeed(name, options.seed))
  const table = /(?:embed_tokens|positions)\.weight$/.test(name)
  const adds = /(?:o_proj|down_proj)\.weight$/.test(name)
  const deviation = table ? 0.02 : (adds ? 1 / Math.sqrt(2 * options.layers) : 1) / Math.sqrt(shape.at(-1)!)
  return normals(random, count, deviation)
}
