// Recomputing a segment in the backward pass instead of keeping its intermediate values (Chen et al. 2016, "Training deep nets with
// sublinear memory cost").
import { isFloat } from './dtype.ts'
import { GraphError } from './error.ts'
import { gradients } from './gradient.ts'
import { add, multiply } from './ops/arithmetic.ts'
import { reshape } from './ops/broadcast.ts'
import { cast } from './ops/cast.ts'
import { slice } from './ops/slice.ts'
import type { Node, Op } from './tensor.ts'
import { inNewGeneration, makeNode, makeTensor, nodesMade, sizesVector, Tensor } from './tensor.ts'

const reshapeNowOp: Op = { name: 'Reshape' }

// x, but only once `after` exists: its new shape is computed from an element of `after` times zero. Reshape copies
// nothing, and no optimiser can prove the product to be zero, so the recomputed nodes neither run early nor merge with the first ones.
const barrierOp: Op = {
  name: 'Barrier',
  expand: (node) => {
    const [x, after] = node.inputs as readonly [Tensor, Tensor]
    let first = reshape(after, [-1])
    if (after.rank > 0) first = slice(first, { axis: 0, end: 1 })
    const zero = multiply(cast(multiply(first, 0), 'int64'), 0)
    const sizes = add(sizesVector(x.shape), zero)
    return [makeTensor(reshapeNowOp, [x, sizes], x.dtype, x.shape)]
  },
  gradient: (_node, [dy]) => [dy, undefined],
}

type Segment = { nodes: readonly Node[]; outputs: readonly Tensor[]; boundary: readonly Tensor[] }

/** The nodes made since `since` that the outputs are made of, inputs first, and the older tensors they read. */
function segmentOf(outputs: readonly Tensor[], since: number): Segment {
  const nodes: Node[] = []
  const boundary = new Set<Tensor>()
  const done = new Set<Node>()
  const stack: [node: Node, entered: boolean][] = outputs.map((tensor) => [tensor.node, false])
  while (stack.length > 0) {
    const [node, entered] = stack.pop()!
    if (entered) {
      nodes.push(node)
      continue
    }
    if (done.has(node) || node.serial < since || node.leaf) continue
    done.add(node)
    stack.push([node, true])
    for (const source of node.inputs) {
      if (!source) continue
      if (source.node.leaf?.kind === 'constant' || source.node.leaf?.kind === 'sizes') continue
      if (source.node.serial < since || source.node.leaf) boundary.add(source)
      else stack.push([source.node, false])
    }
  }
  return { nodes, outputs, boundary: [...boundary] }
}

/** The outputs of the segment computed again from other boundary tensors. */
function repeat(segment: Segment, boundary: readonly Tensor[]): readonly Tensor[] {
  const copies = new Map<Tensor, Tensor>()
  segment.boundary.forEach((old, i) => {
    copies.set(old, boundary[i]!)
  })
  for (const node of segment.nodes) {
    const made = makeNode(
      node.op,
      node.inputs.map((source) => (source ? (copies.get(source) ?? source) : undefined)),
      node.outputs,
      node.attributes,
    )
    node.outputs.forEach((old, i) => {
      copies.set(old, made[i]!)
    })
  }
  return segment.outputs.map((old) => copies.get(old) ?? old)
}

/**
 * Runs `segment` and keeps only its outputs for the backward pass, which computes the rest a second time. What
 * `segment` reads (arguments, parameters, anything from outside) gets its gradients as usual, with the same values.
 * @throws GraphError `argument` when the segment returns no tensor.
 */
export function recompute<T extends Tensor | readonly Tensor[]>(segment: () => T): T {
  const since = nodesMade()
  const result = segment()
  const outputs = result instanceof Tensor ? [result] : (result as readonly Tensor[])
  if (outputs.length === 0) throw new GraphError('argument', 'recompute: the segment gave no tensor')
  const parts = segmentOf(outputs, since)
  const op: Op = {
    name: 'Recompute',
    expand: () => outputs,
    gradient: (_node, incoming, needs) =>
      inNewGeneration(() => {
        const used = outputs.flatMap((_, i) => (incoming[i] ? [i] : []))
        const after = incoming[used[0]!]!
        const held = parts.boundary.map((tensor) =>
          tensor.node.leaf?.kind === 'parameter'
            ? tensor
            : makeTensor(barrierOp, [tensor, after], tensor.dtype, tensor.shape),
        )
        const again = repeat(parts, held)
        const wanted = held.flatMap((tensor, i) => (needs[i] && isFloat(tensor.dtype) ? [i] : []))
        const found = gradients(
          used.map((i) => again[i]!),
          wanted.map((i) => held[i]!),
          { seeds: used.map((i) => incoming[i]!) },
        )
        const back: (Tensor | undefined)[] = held.map(() => undefined)
        wanted.forEach((i, at) => {
          back[i] = found[at]
        })
        return back
      }),
  }
  const made = makeNode(op, parts.boundary, outputs)
  return (result instanceof Tensor ? made[0]! : made) as T
}
