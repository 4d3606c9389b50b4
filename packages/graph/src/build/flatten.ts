// From a graph of tensors to a flat list of nodes: expands ops for the target, merges equal nodes, drops what nobody reads.
import type { DType, TensorData } from '../dtype.ts'
import { GraphError } from '../error.ts'
import type { Dim, Shape } from '../size.ts'
import { sizeTerms } from '../size.ts'
import type { Attributes, Node, Op, Target, Tensor } from '../tensor.ts'

/** A value of the flat graph, by number. */
export type ValueId = number

export type FlatValue = {
  readonly dtype: DType
  readonly shape: Shape
  readonly source: 'node' | 'input' | 'parameter' | 'constant'
  /** Name of an input or parameter. */
  readonly name?: string
  readonly data?: TensorData
  uses: number
}

export type FlatNode = {
  readonly type: string
  readonly domain: string
  readonly inputs: readonly (ValueId | -1)[]
  readonly outputs: readonly ValueId[]
  readonly attributes: Attributes
  readonly optionalOutputs: boolean
}

export type FlatGraph = {
  readonly values: readonly FlatValue[]
  readonly nodes: readonly FlatNode[]
  /** One a root, in order. */
  readonly roots: readonly ValueId[]
}

/** Replaces the outputs of a node by other tensors before it is written; undefined leaves it. */
export type Rewrite = (node: Node) => readonly Tensor[] | undefined

/** Constants up to this many bytes are merged by value; larger ones only where they share an array. */
const MERGED_CONSTANT_BYTES = 4096

export class Flattener {
  readonly values: FlatValue[] = []
  readonly nodes: FlatNode[] = []
  private readonly target: Target
  private readonly rewrite: Rewrite | undefined
  private readonly outputsOf = new Map<Node, readonly ValueId[]>()
  private readonly standsFor = new Map<Node, readonly Tensor[]>()
  private readonly byKey = new Map<string, readonly ValueId[]>()
  private readonly arrayIds = new Map<TensorData, number>()
  private readonly symbols = new Map<string, { value: ValueId; axis: number }>()

  constructor(target: Target, rewrite?: Rewrite) {
    this.target = target
    this.rewrite = rewrite
  }

  /** Declares an input, so that the symbolic sizes in its shape are known to the rest. */
  addInput(tensor: Tensor): ValueId {
    return this.leaf(tensor.node)[0]!
  }

  /** The value that a tensor becomes; adds all nodes it needs. */
  add(root: Tensor): ValueId {
    const stack: Node[] = [root.node]
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!
      if (this.outputsOf.has(node)) {
        stack.pop()
        continue
      }
      if (node.leaf) {
        this.outputsOf.set(node, this.leaf(node))
        stack.pop()
        continue
      }
      let others = this.standsFor.get(node)
      if (others === undefined) {
        others = this.rewrite?.(node) ?? node.op.expand?.(node, this.target) ?? []
        this.standsFor.set(node, others)
      }
      const sources = others.length > 0 ? others : node.inputs
      let waiting = false
      for (let i = sources.length - 1; i >= 0; i--) {
        const from = sources[i]?.node
        if (from && !this.outputsOf.has(from)) {
          stack.push(from)
          waiting = true
        }
      }
      if (waiting) continue
      stack.pop()
      this.outputsOf.set(
        node,
        others.length > 0
          ? others.map((tensor) => this.valueOf(tensor))
          : this.node(
              node.op,
              node.inputs.map((tensor) => (tensor ? this.valueOf(tensor) : -1)),
              node.outputs,
              node.attributes,
              node.generation,
            ),
      )
    }
    return this.valueOf(root)
  }

  private valueOf(tensor: Tensor): ValueId {
    return this.outputsOf.get(tensor.node)![tensor.output]!
  }

  private newValue(value: Omit<FlatValue, 'uses'>): ValueId {
    this.values.push({ ...value, uses: 0 })
    return this.values.length - 1
  }

  private node(
    op: Pick<Op, 'name' | 'domain' | 'optionalOutputs'>,
    inputs: readonly ValueId[],
    outputs: readonly { dtype: DType; shape: Shape }[],
    attributes: Attributes,
    generation = 0,
  ): readonly ValueId[] {
    const { name: type, domain = '', optionalOutputs = false } = op
    const key = `${type}|${domain}|${generation}|${inputs.join(',')}|${attributeKey(attributes)}`
    const known = this.byKey.get(key)
    if (known) return known
    const made = outputs.map(({ dtype, shape }) => this.newValue({ dtype, shape, source: 'node' }))
    for (const value of inputs) if (value >= 0) this.values[value]!.uses++
    this.nodes.push({ type, domain, inputs, outputs: made, attributes, optionalOutputs })
    this.byKey.set(key, made)
    return made
  }

  private once(key: string, make: () => ValueId): readonly ValueId[] {
    const known = this.byKey.get(key)
    if (known) return known
    const made = [make()]
    this.byKey.set(key, made)
    return made
  }

  private leaf(node: Node): readonly ValueId[] {
    const leaf = node.leaf!
    const { dtype, shape } = node.outputs[0]!
    switch (leaf.kind) {
      case 'input':
      case 'parameter': {
        const known = this.byKey.get(`leaf|${leaf.name}`)
        if (known) {
          const before = this.values[known[0]!]!
          if (
            before.source !== leaf.kind ||
            before.dtype !== dtype ||
            String(before.shape) !== String(shape)
          ) {
            throw new GraphError(
              'argument',
              `two leaves are called "${leaf.name}": ${before.source} ${before.dtype}[${before.shape}] and ${leaf.kind} ${dtype}[${shape}]`,
            )
          }
          return known
        }
        const value = this.newValue({ dtype, shape, source: leaf.kind, name: leaf.name })
        shape.forEach((size, axis) => {
          if (typeof size === 'string' && /^[A-Za-z_][\w.]*$/.test(size) && !this.symbols.has(size)) {
            this.symbols.set(size, { value, axis })
          }
        })
        this.byKey.set(`leaf|${leaf.name}`, [value])
        return [value]
      }
      case 'constant':
        return this.constant(leaf.data, dtype, shape)
      case 'sizes':
        return [this.sizes(leaf.sizes)]
    }
  }

  private constant(data: TensorData, dtype: DType, shape: Shape): readonly ValueId[] {
    let content: string
    if (data.byteLength <= MERGED_CONSTANT_BYTES) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      content = String.fromCharCode(...bytes)
    } else {
      if (!this.arrayIds.has(data)) this.arrayIds.set(data, this.arrayIds.size)
      content = `#${this.arrayIds.get(data)}`
    }
    return this.once(`constant|${dtype}|${shape}|${content}`, () =>
      this.newValue({ dtype, shape, source: 'constant', data }),
    )
  }

  private int64(values: readonly number[], shape: Shape): ValueId {
    return this.constant(BigInt64Array.from(values.map(BigInt)), 'int64', shape)[0]!
  }

  private sizes(sizes: readonly Dim[]): ValueId {
    const parts = sizes.map((size) => this.size(size))
    if (parts.length === 1) return parts[0]!
    return this.node({ name: 'Concat' }, parts, [{ dtype: 'int64', shape: [parts.length] }], { axis: 0 })[0]!
  }

  /** One size as an int64 vector of one element. */
  private size(size: Dim): ValueId {
    if (typeof size === 'number') return this.int64([size], [1])
    const one = [{ dtype: 'int64' as const, shape: [1] }]
    let total = -1
    for (const { numerator, denominator, atoms } of sizeTerms(size)) {
      let term = -1
      for (const atom of atoms) {
        const factor =
          'name' in atom
            ? this.symbol(atom.name, size)
            : this.node({ name: 'Div' }, [this.size(atom.floorOf), this.int64([atom.by], [1])], one, {})[0]!
        term = term < 0 ? factor : this.node({ name: 'Mul' }, [term, factor], one, {})[0]!
      }
      if (term < 0) term = this.int64([numerator], [1])
      else if (numerator !== 1)
        term = this.node({ name: 'Mul' }, [term, this.int64([numerator], [1])], one, {})[0]!
      if (denominator !== 1)
        term = this.node({ name: 'Div' }, [term, this.int64([denominator], [1])], one, {})[0]!
      total = total < 0 ? term : this.node({ name: 'Add' }, [total, term], one, {})[0]!
    }
    return total
  }

  private symbol(name: string, size: Dim): ValueId {
    const found = this.symbols.get(name)
    if (!found) {
      throw new GraphError(
        'shape',
        `the size "${size}" needs "${name}", which is no axis of an input of this model`,
        {
          hint: `name an axis of one of the inputs "${name}"`,
        },
      )
    }
    return this.node({ name: 'Shape' }, [found.value], [{ dtype: 'int64', shape: [1] }], {
      start: found.axis,
      end: found.axis + 1,
    })[0]!
  }
}

function attributeKey(attributes: Attributes): string {
  let key = ''
  for (const name of Object.keys(attributes).sort()) {
    const value = attributes[name]!
    key += `${name}=${typeof value === 'object' && 'float' in value ? `f${value.float}` : value};`
  }
  return key
}

/** The nodes that the roots are made of; nodes whose outputs nobody reads are dropped. */
export function withoutDeadNodes(flat: FlatGraph): FlatGraph {
  const alive = new Set<ValueId>(flat.roots)
  const nodes: FlatNode[] = []
  for (let i = flat.nodes.length - 1; i >= 0; i--) {
    const node = flat.nodes[i]!
    if (!node.outputs.some((value) => alive.has(value))) continue
    for (const value of node.inputs) alive.add(value)
    nodes.push({ ...node, outputs: node.outputs.map((value) => (alive.has(value) ? value : -1)) })
  }
  return { ...flat, nodes: nodes.reverse() }
}
