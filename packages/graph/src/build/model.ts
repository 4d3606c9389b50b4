// buildModel: a graph of tensors as one ONNX model, with its weights inside, in files beside it, or fed at every run.
import type { DType } from '../dtype.ts'
import { ONNX_DTYPE } from '../dtype.ts'
import { GraphError } from '../error.ts'
import type { Shape } from '../size.ts'
import type { Target, Tensor } from '../tensor.ts'
import type { FlatGraph, FlatNode, Rewrite, ValueId } from './flatten.ts'
import { Flattener, withoutDeadNodes } from './flatten.ts'
import type { WrittenInitializer, WrittenNode, WrittenValue } from './onnx.ts'
import { writeOnnx } from './onnx.ts'
import type { FileWeight, Weights } from './weights.ts'
import { commonFolder, locationIn, storedWeight, weightSource } from './weights.ts'

/** protobuf's limit on one message; larger weights belong in files. */
const MAX_ONNX_BYTES = 2 ** 31 - 1

export type ModelValue = { readonly name: string; readonly dtype: DType; readonly shape: Shape }

/** A model that a session can run. */
export type Model = {
  readonly onnx: Uint8Array
  /** Everything that is fed: inputs first, then parameters whose weight is 'input', each in the order met. */
  readonly inputs: readonly ModelValue[]
  readonly outputs: readonly ModelValue[]
  /** Names of all parameters that the outputs depend on, in the order met. */
  readonly parameters: readonly string[]
  /** The files that hold weights, and the folder that their locations in the model are relative to. */
  readonly files: readonly string[]
  readonly folder: string | undefined
  readonly target: Target
  /** Nodes written. */
  readonly nodes: number
}

export type ModelOptions = {
  /** Fixes the order of the inputs, and keeps inputs that no output reads. */
  inputs?: readonly Tensor[]
  outputs: Readonly<Record<string, Tensor>>
  weights?: Weights
  /** Kernels that may be used; 'standard' is ONNX alone. Default 'cpu'. */
  target?: Target
  name?: string
  metadata?: Readonly<Record<string, string>>
  rewrite?: Rewrite
}

/**
 * Writes the graph that `outputs` are made of: ops are expanded for the target, equal nodes merged, unread ones dropped,
 * names given in walking order, so that the same graph gives the same bytes.
 * @throws GraphError `weights` for missing or misfit values, `argument` for clashing names, `shape` for symbolic sizes
 * that no input carries, `too-large` above 2 GiB of weights inside the model.
 */
export function buildModel(options: ModelOptions): Model {
  const target = options.target ?? 'cpu'
  const flattener = new Flattener(target, options.rewrite)
  for (const tensor of options.inputs ?? []) {
    if (tensor.node.leaf?.kind !== 'input') {
      throw new GraphError('argument', `buildModel: ${tensor} in \`inputs\` is not made by input()`)
    }
    flattener.addInput(tensor)
  }
  const names = Object.keys(options.outputs)
  if (names.length === 0) throw new GraphError('argument', 'buildModel: no outputs')
  addFreeInputs(flattener, options)
  const roots = names.map((name) => flattener.add(options.outputs[name]!))
  const flat = withoutDeadNodes({ values: flattener.values, nodes: flattener.nodes, roots })
  return write(flat, names, options, target)
}

/** Declares all inputs before anything else is written, because any of them may carry a symbolic size. */
function addFreeInputs(flattener: Flattener, options: ModelOptions): void {
  const seen = new Set<unknown>()
  const stack = Object.values(options.outputs)
    .map((tensor) => tensor.node)
    .reverse()
  const listed = new Set(options.inputs?.map((tensor) => tensor.node))
  while (stack.length > 0) {
    const node = stack.pop()!
    if (seen.has(node)) continue
    seen.add(node)
    if (node.leaf?.kind === 'input') {
      if (options.inputs && !listed.has(node)) {
        throw new GraphError(
          'argument',
          `buildModel: the outputs read the input "${node.leaf.name}", which is not in \`inputs\``,
        )
      }
      flattener.addInput(node.outputs[0]!)
    }
    for (let i = node.inputs.length - 1; i >= 0; i--) {
      const from = node.inputs[i]?.node
      if (from && !seen.has(from)) stack.push(from)
    }
  }
}

function write(flat: FlatGraph, names: readonly string[], options: ModelOptions, target: Target): Model {
  const alive = new Set<ValueId>(flat.roots)
  for (const node of flat.nodes) for (const value of node.inputs) if (value >= 0) alive.add(value)

  const nameOf = new Map<ValueId, string>()
  const taken = new Set<string>(names)
  const nodes: WrittenNode[] = []
  const initializers: WrittenInitializer[] = []
  const inputs: ModelValue[] = []
  const fed: ModelValue[] = []
  const parameters: string[] = []
  const files: { index: number; source: FileWeight }[] = []

  for (const [id, value] of flat.values.entries()) {
    if (value.name === undefined) continue
    if (taken.has(value.name)) {
      throw new GraphError(
        'argument',
        `buildModel: an output and ${value.source === 'input' ? 'an input' : 'a parameter'} are both called "${value.name}"`,
      )
    }
    const { name, dtype, shape } = value
    if (value.source === 'input') {
      nameOf.set(id, name)
      taken.add(name)
      inputs.push({ name, dtype, shape })
      continue
    }
    if (!alive.has(id)) continue
    taken.add(name)
    parameters.push(name)
    const source = weightSource(options.weights, name, shape as number[], dtype)
    if (source === 'input') {
      nameOf.set(id, name)
      fed.push({ name, dtype, shape })
      continue
    }
    const stored = storedWeight(source, name, shape as number[])
    if (!(stored.content instanceof Uint8Array))
      files.push({ index: initializers.length, source: stored.content })
    initializers.push({
      name,
      dtype: stored.dtype,
      shape: shape as number[],
      content: stored.content instanceof Uint8Array ? stored.content : { location: '', offset: 0, length: 0 },
    })
    if (stored.dtype === dtype) {
      nameOf.set(id, name)
    } else {
      const castName = `${name}.${dtype}`
      nodes.push({
        type: 'Cast',
        domain: '',
        inputs: [name],
        outputs: [castName],
        attributes: { to: ONNX_DTYPE[dtype] },
      })
      taken.add(castName)
      nameOf.set(id, castName)
    }
  }

  const paths = [...new Set(files.map(({ source }) => source.path))].sort()
  const folder = paths.length > 0 ? commonFolder(paths) : undefined
  for (const { index, source } of files) {
    const content = {
      location: locationIn(folder!, source.path),
      offset: source.offset,
      length: source.length,
    }
    initializers[index] = { ...initializers[index]!, content }
  }

  // An output takes the name of its value; leaves, and values that are output twice, go through Identity.
  const identities: [from: ValueId, to: string][] = []
  names.forEach((name, i) => {
    const root = flat.roots[i]!
    if (flat.values[root]!.source === 'node' && !nameOf.has(root)) nameOf.set(root, name)
    else identities.push([root, name])
  })

  const counts = new Map<string, number>()
  const fresh = (stem: string): string => {
    for (;;) {
      const count = counts.get(stem) ?? 0
      counts.set(stem, count + 1)
      const name = `${stem}_${count}`
      if (!taken.has(name)) return name
    }
  }
  for (const [id, value] of flat.values.entries()) {
    if (value.source !== 'constant' || !alive.has(id)) continue
    const name = fresh('Constant')
    nameOf.set(id, name)
    const data = value.data!
    initializers.push({
      name,
      dtype: value.dtype,
      shape: value.shape as number[],
      content: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })
  }
  for (const node of flat.nodes) nodes.push(named(node, nameOf, fresh))
  for (const [from, to] of identities) {
    nodes.push({ type: 'Identity', domain: '', inputs: [nameOf.get(from)!], outputs: [to], attributes: {} })
  }

  const inside = initializers.reduce(
    (sum, { content }) => sum + (content instanceof Uint8Array ? content.length : 0),
    0,
  )
  if (inside > MAX_ONNX_BYTES) {
    throw new GraphError(
      'too-large',
      `buildModel: ${inside} bytes of weights; an .onnx file holds at most ${MAX_ONNX_BYTES}`,
      {
        hint: 'give the weights as places in a safetensors file: { path, offset, length, dtype }',
      },
    )
  }
  const outputs = names.map((name, i): WrittenValue => {
    const { dtype, shape } = flat.values[flat.roots[i]!]!
    return { name, dtype, shape }
  })
  const all = [...inputs, ...fed]
  const onnx = writeOnnx({
    name: options.name ?? 'graph',
    nodes,
    initializers,
    inputs: all,
    outputs,
    metadata: options.metadata ?? {},
  })
  return { onnx, inputs: all, outputs, parameters, files: paths, folder, target, nodes: nodes.length }
}

function named(node: FlatNode, nameOf: Map<ValueId, string>, fresh: (stem: string) => string): WrittenNode {
  const outputs = node.outputs.map((value, i) => {
    if (value < 0) return node.optionalOutputs && i > 0 ? '' : fresh(node.type)
    if (!nameOf.has(value)) nameOf.set(value, fresh(node.type))
    return nameOf.get(value)!
  })
  // Trailing outputs that nobody reads are left out, so that the kernel does not compute them.
  while (outputs.length > 1 && outputs[outputs.length - 1] === '') outputs.pop()
  const inputs = node.inputs.map((value) => (value < 0 ? '' : nameOf.get(value)!))
  while (inputs.length > 0 && inputs[inputs.length - 1] === '') inputs.pop()
  return { type: node.type, domain: node.domain, inputs, outputs, attributes: node.attributes }
}
