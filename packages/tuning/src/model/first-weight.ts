// First weights of a network that has learned nothing: as GPT-2's (normal, 0.02 for tables, less where a layer adds to the stream), norms at 1.
import { randomFrom } from '@maskwords/codecs'
import { textSeed } from './adapters.ts'

/** The values of one weight; they depend on its name and the seed alone. */
export function firstWeight(
  name: string,
  shape: readonly number[],
  options: { readonly seed: number; readonly layers: number },
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1))
  if (shape.length === 1) return name.endsWith('.bias') ? values : values.fill(1)
  const random = randomFrom(textSeed(name, options.seed))
  const table = /(?:embed_tokens|positions)\.weight$/.test(name)
  const adds = /(?:o_proj|down_proj)\.weight$/.test(name)
  const deviation = table ? 0.02 : (adds ? 1 / Math.sqrt(2 * options.layers) : 1) / Math.sqrt(shape.at(-1)!)
  for (let i = 0; i < values.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random()))
    const angle = 2 * Math.PI * random()
    values[i] = radius * Math.cos(angle)
    if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle)
  }
  return values
}
