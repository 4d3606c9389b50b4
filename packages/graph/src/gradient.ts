// Reverse-mode differentiation over the graph (Griewank & Walther, "Evaluating Derivatives", ch. 3): adds nodes, runs nothing.
import { isFloat } from './dtype.ts'
import { GraphError } from './error.ts'
import { sumOf } from './ops/arithmetic.ts'
import { full } from './ops/shape.ts'
import { sameShape } from './size.ts'
import type { Node, Tensor } from './tensor.ts'

/** The nodes that `roots` are made of, inputs before users; iterative, because graphs are deeper than call stacks. */
export function topologicalOrder(roots: readonly Tensor[]): Node[] {
  const order: Node[] = []
  const done = new Set<Node>()
  const entered = new Set<Node>()
  const stack: Node[] = []
  for (let i = roots.length - 1; i >= 0; i--) stack.push(roots[i]!.node)
  while (stack.length > 0) {
    const node = stack[stack.length - 1]!
    if (done.has(node)) {
      stack.pop()
    } else if (entered.has(node)) {
      stack.pop()
      done.add(node)
      order.push(node)
    } else {
      entered.add(node)
      for (let i = node.inputs.length - 1; i >= 0; i--) {
        const from = node.inputs[i]?.node
        if (from && !entered.has(from)) stack.push(from)
      }
    }
  }
  return order
}

/**
 * The gradients of a scalar `loss` with respect to each tensor of `wrt`, in that order, each with the shape and type of
 * its tensor; zeros where the loss does not depend on it. `wrt` may be any tensors, not only leaves. A parameter goes by its name:
 * where one was made twice (an embedding table that is the head too), the gradient is that of all its places together.
 * With `seeds`, `loss` may be several tensors of any shape, each with the gradient that comes into it.
 * @throws GraphError `no-gradient` for an op on the way that has none, `shape` for a loss that is no scalar.
 */
export function gradients(
  loss: Tensor | readonly Tensor[],
  wrt: readonly Tensor[],
  options: { seeds?: readonly Tensor[] } = {},
): Tensor[] {
  const roots = Array.isArray(loss) ? (loss as readonly Tensor[]) : [loss as Tensor]
  const collected = new Map<Tensor, Tensor[]>()
  roots.forEach((root, i) => {
    const seed =
      options.seeds?.[i] ?? (sameShape(root.shape, []) ? full([], 1, { dtype: root.dtype }) : undefined)
    if (!seed || !sameShape(seed.shape, root.shape)) {
      throw new GraphError('shape', `gradients: the loss ${root} is no scalar`, {
        hint: 'reduce it with mean() or sum(), or give seeds of its shape',
      })
    }
    push(collected, root, seed)
  })
  for (const tensor of wrt) {
    if (!isFloat(tensor.dtype)) throw new GraphError('dtype', `gradients: ${tensor} is not of a float type`)
  }

  const order = topologicalOrder(roots)
  const wanted = new Set(wrt)
  const byName = new Map<string, Tensor>()
  for (const tensor of wrt) {
    const { leaf } = tensor.node
    if (leaf?.kind === 'parameter' && !byName.has(leaf.name)) byName.set(leaf.name, tensor)
  }
  /** The tensor of `wrt` that another one of the same parameter counts for. */
  const target = (tensor: Tensor): Tensor => {
    const { leaf } = tensor.node
    return wanted.has(tensor) || leaf?.kind !== 'parameter' ? tensor : (byName.get(leaf.name) ?? tensor)
  }
  const carries = new Set<Node>()
  const needs = (tensor: Tensor | undefined): boolean =>
    tensor !== undefined && isFloat(tensor.dtype) && (wanted.has(target(tensor)) || carries.has(tensor.node))
  for (const node of order) if (node.inputs.some(needs)) carries.add(node)

  const total = (tensor: Tensor): Tensor | undefined => {
    const parts = collected.get(tensor)
    if (!parts) return undefined
    if (parts.length > 1) collected.set(tensor, [sumOf(parts)])
    return collected.get(tensor)![0]
  }
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!
    if (!carries.has(node)) continue
    const incoming = node.outputs.map(total)
    if (incoming.every((gradient) => gradient === undefined)) continue
    if (!node.op.gradient) {
      throw new GraphError('no-gradient', `gradients: ${node.op.name} has no gradient`, {
        hint: 'put stopGradient() around it where it should count as a constant',
      })
    }
    const needed = node.inputs.map(needs)
    const back = node.op.gradient(node, incoming, needed)
    node.inputs.forEach((source, at) => {
      const gradient = back[at]
      if (!source || !gradient || !needed[at]) return
      if (!sameShape(gradient.shape, source.shape) || gradient.dtype !== source.dtype) {
        throw new GraphError('shape', `gradients: ${node.op.name} gave ${gradient} for its input ${source}`)
      }
      push(collected, target(source), gradient)
    })
  }
  return wrt.map((tensor) => total(tensor) ?? full(tensor.shape, 0, { dtype: tensor.dtype }))
}

function push(collected: Map<Tensor, Tensor[]>, tensor: Tensor, gradient: Tensor): void {
  const parts = collected.get(tensor)
  if (parts) parts.push(gradient)
  else collected.set(tensor, [gradient])
}
