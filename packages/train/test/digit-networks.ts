// Two small classifiers of the digits: a convolutional network and a transformer over patches.
import type { Tensor } from '@maskwords/graph'
import {
  attention,
  conv2d,
  gelu,
  joinHeads,
  layerNorm,
  linear,
  parameter,
  relu,
  split,
  splitHeads,
} from '@maskwords/graph'
import { shuffledIndices } from '../src/index.ts'
import { CLASSES, SIDE_PX } from './digits.ts'

/** Weights uniform in ±sqrt(3 / fan-in), norms 1, biases 0; the same name always gets the same values. */
export function initialWeights(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1)
  if (name.endsWith('bias')) return new Float32Array(count)
  if (name.includes('norm')) return new Float32Array(count).fill(1)
  const bound = Math.sqrt(3 / (count / shape[0]!))
  let seed = 0
  for (const letter of name) seed = (seed * 31 + letter.charCodeAt(0)) % 65536
  return Float32Array.from(
    shuffledIndices(count, { seed, epoch: 0 }),
    (place) => ((2 * place + 1) / count - 1) * bound,
  )
}

const dense = (x: Tensor, name: string, from: number, to: number): Tensor =>
  linear(x, parameter(`${name}.weight`, [to, from]), parameter(`${name}.bias`, [to]))

/** x [batch, 1, 28, 28] to logits [batch, 10]: two strided convolutions and two dense layers. */
export function convolutionalNetwork(x: Tensor): Tensor {
  const conv = (t: Tensor, name: string, from: number, to: number) =>
    relu(
      conv2d(t, parameter(`${name}.weight`, [to, from, 3, 3]), {
        bias: parameter(`${name}.bias`, [to]),
        stride: 2,
        padding: 1,
      }),
    )
  const features = conv(conv(x, 'conv1', 1, 12), 'conv2', 12, 24).reshape([x.shape[0]!, 24 * 7 * 7])
  return dense(relu(dense(features, 'hidden', 24 * 7 * 7, 64)), 'head', 64, CLASSES)
}

const WIDTH = 48
const HEADS = 4
const PATCH = 4

/** x [batch, 1, 28, 28] to logits [batch, 10]: 49 patches, two blocks of width 48 with 4 heads, the mean of the tokens. */
export function transformerNetwork(x: Tensor): Tensor {
  const side = SIDE_PX / PATCH
  const tokens = side * side
  const norm = (t: Tensor, name: string) =>
    layerNorm(t, { weight: parameter(`${name}.weight`, [WIDTH]), bias: parameter(`${name}.bias`, [WIDTH]) })
  const patches = x
    .reshape([x.shape[0]!, side, PATCH, side, PATCH])
    .permute([0, 1, 3, 2, 4])
    .reshape([x.shape[0]!, tokens, PATCH * PATCH])
  let h = dense(patches, 'embed', PATCH * PATCH, WIDTH).add(parameter('positions', [tokens, WIDTH]))
  for (const block of ['blocks.0', 'blocks.1']) {
    const [q, k, v] = split(dense(norm(h, `${block}.norm1`), `${block}.qkv`, WIDTH, 3 * WIDTH), 2, 3).map(
      (part) => splitHeads(part, HEADS),
    )
    h = h.add(dense(joinHeads(attention(q!, k!, v!)), `${block}.proj`, WIDTH, WIDTH))
    const inner = gelu(dense(norm(h, `${block}.norm2`), `${block}.fc1`, WIDTH, 3 * WIDTH))
    h = h.add(dense(inner, `${block}.fc2`, 3 * WIDTH, WIDTH))
  }
  return dense(norm(h, 'norm').mean(1), 'head', WIDTH, CLASSES)
}
