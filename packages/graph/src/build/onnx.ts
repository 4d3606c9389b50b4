// Writes an ONNX model (onnx.proto3 of ONNX 1.12: IR version 8, opset 17) from a flat list of nodes and initialisers.
import type { DType, StoredDType } from '../dtype.ts'
import { ONNX_DTYPE } from '../dtype.ts'
import type { Shape } from '../size.ts'
import type { Attribute, Attributes } from '../tensor.ts'
import { MessageWriter } from './protobuf.ts'

/** The newest opset that Debian's ONNX checker knows and whose kernels ONNX Runtime 1.30 has natively. */
export const OPSET = 17
const IR_VERSION = 8
const MICROSOFT_OPSET = 1

export type WrittenNode = {
  readonly type: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Attributes
}

export type WrittenInitializer = {
  readonly name: string
  readonly dtype: StoredDType
  readonly shape: readonly number[]
  /** Bytes in little-endian order, or a place in a file beside the model. */
  readonly content:
    | Uint8Array
    | { readonly location: string; readonly offset: number; readonly length: number }
}

export type WrittenValue = { readonly name: string; readonly dtype: DType; readonly shape: Shape }

export type WrittenModel = {
  readonly name: string
  readonly nodes: readonly WrittenNode[]
  readonly initializers: readonly WrittenInitializer[]
  readonly inputs: readonly WrittenValue[]
  readonly outputs: readonly WrittenValue[]
  readonly metadata: Readonly<Record<string, string>>
}

function attribute(name: string, value: Attribute): MessageWriter {
  const message = new MessageWriter().string(1, name)
  if (typeof value === 'number') return message.int(3, value).int(20, 2)
  if (typeof value === 'string') return message.string(4, value).int(20, 3)
  if ('float' in value) return message.float(2, value.float).int(20, 1)
  for (const item of value) message.int(8, item)
  return message.int(20, 7)
}

function node(written: WrittenNode, index: number): MessageWriter {
  const message = new MessageWriter()
  for (const name of written.inputs) message.string(1, name)
  for (const name of written.outputs) message.string(2, name)
  message.string(3, `${written.type}_${index}`).string(4, written.type)
  for (const name of Object.keys(written.attributes).sort()) {
    if (!name.startsWith('$')) message.message(5, attribute(name, written.attributes[name]!))
  }
  if (written.domain !== '') message.string(7, written.domain)
  return message
}

function initializer({ name, dtype, shape, content }: WrittenInitializer): MessageWriter {
  const message = new MessageWriter()
  for (const size of shape) message.int(1, size)
  message.int(2, ONNX_DTYPE[dtype]).string(8, name)
  if (content instanceof Uint8Array) return message.bytes(9, content)
  const { location, offset, length } = content
  for (const [key, value] of Object.entries({ location, offset: String(offset), length: String(length) })) {
    message.message(13, new MessageWriter().string(1, key).string(2, value))
  }
  return message.int(14, 1)
}

function value({ name, dtype, shape }: WrittenValue): MessageWriter {
  const sizes = new MessageWriter()
  for (const size of shape) {
    sizes.message(
      1,
      typeof size === 'number' ? new MessageWriter().int(1, size) : new MessageWriter().string(2, size),
    )
  }
  const type = new MessageWriter().int(1, ONNX_DTYPE[dtype]).message(2, sizes)
  return new MessageWriter().string(1, name).message(2, new MessageWriter().message(1, type))
}

/** The bytes of the .onnx file. Equal models give equal bytes. */
export function writeOnnx(model: WrittenModel): Uint8Array {
  const graph = new MessageWriter()
  model.nodes.forEach((written, index) => {
    graph.message(1, node(written, index))
  })
  graph.string(2, model.name)
  for (const written of model.initializers) graph.message(5, initializer(written))
  for (const written of model.inputs) graph.message(11, value(written))
  for (const written of model.outputs) graph.message(12, value(written))
  const message = new MessageWriter().int(1, IR_VERSION).string(2, 'maskwords').message(7, graph)
  message.message(8, new MessageWriter().string(1, '').int(2, OPSET))
  if (model.nodes.some((written) => written.domain === 'com.microsoft')) {
    message.message(8, new MessageWriter().string(1, 'com.microsoft').int(2, MICROSOFT_OPSET))
  }
  for (const key of Object.keys(model.metadata).sort()) {
    message.message(14, new MessageWriter().string(1, key).string(2, model.metadata[key]!))
  }
  return message.finish()
}
