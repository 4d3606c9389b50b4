// Writing safetensors, deterministically: the same tensors give the same bytes. The layout is planned as data, then streamed, so that
// no more than one tensor is in memory. Format: github.com/huggingface/safetensors, README "Format".
import { byCodeUnits } from '@maskwords/base'
import { convertFloats, type FloatType, isFloat, typedArrayOf } from './convert.ts'
import {
  bytesPerElement,
  elementCountOf,
  safetensorsTypeName,
  type TensorArray,
  type TensorType,
} from './dtype.ts'
import { CheckpointError } from './error.ts'
import { MAX_SAFETENSORS_HEADER_BYTES, METADATA_KEY } from './safetensors.ts'

export type TensorToWrite = {
  name: string
  /** The type of `data`: float16 and bfloat16 come as their bits in a Uint16Array, bool as 0 and 1. */
  dtype: TensorType
  shape: readonly number[]
  /** Row-major elements as a typed array (or their little-endian bytes), or a function that brings them when their turn comes. */
  data: TensorArray | (() => TensorArray | Promise<TensorArray>)
}

export type WriteSafetensorsOptions = {
  tensors: readonly TensorToWrite[]
  metadata?: Readonly<Record<string, string>> | ReadonlyMap<string, string>
  /**
   * 'sorted' (the default): large elements first, then by name, so that every tensor lies at a multiple of its element size
   * whatever the caller's order; 'given': as listed.
   */
  order?: 'sorted' | 'given'
  /** The tensor bytes begin at a multiple of this power of two (default 8; 4096 suits memory mapping as ONNX external data). */
  alignBytes?: number
  /** Floating-point tensors are stored in this type: one for all, or a choice per tensor (undefined keeps its own type). */
  storeFloatsAs?: FloatType | ((tensor: TensorToWrite) => FloatType | undefined)
}

export type PlannedTensor = {
  name: string
  dtype: TensorType
  shape: readonly number[]
  /** Absolute offset in the file: what an ONNX external-data reference holds. */
  byteOffset: number
  byteLength: number
}

export type SafetensorsPlan = {
  /** The length field and the padded JSON. */
  header: Uint8Array
  byteLength: number
  tensors: PlannedTensor[]
}

/** Larger alignments than a huge page (2 MiB) have no use and only pad. */
const MAX_ALIGN_BYTES = 2 * 1024 * 1024

/**
 * Decides where every byte will lie, without touching data.
 * @throws CheckpointError `mismatch` for repeated or reserved names, impossible shapes, bad alignment; `unsupported` for complex128.
 */
export function planSafetensors(options: WriteSafetensorsOptions): SafetensorsPlan {
  return planWithSources(options).plan
}

function planWithSources(options: WriteSafetensorsOptions): {
  plan: SafetensorsPlan
  ordered: TensorToWrite[]
} {
  const { alignBytes = 8, order = 'sorted' } = options
  if (!(alignBytes >= 8 && alignBytes <= MAX_ALIGN_BYTES && (alignBytes & (alignBytes - 1)) === 0)) {
    throw new CheckpointError('mismatch', `alignBytes is a power of two from 8 to 2097152, got ${alignBytes}`)
  }
  const typed = options.tensors.map((tensor) => ({
    tensor,
    dtype: storedType(tensor, options.storeFloatsAs),
  }))
  if (order === 'sorted') {
    typed.sort(
      (a, b) =>
        bytesPerElement(b.dtype) - bytesPerElement(a.dtype) || byCodeUnits(a.tensor.name, b.tensor.name),
    )
  }
  const metadata =
    options.metadata instanceof Map
      ? [...options.metadata]
      : Object.entries((options.metadata as Record<string, string>) ?? {})
  const parts: string[] = []
  if (metadata.length > 0) {
    metadata.sort((a, b) => byCodeUnits(a[0], b[0]))
    const pairs = metadata.map(([key, value]) => {
      if (typeof value !== 'string')
        throw new CheckpointError('mismatch', 'metadata values are strings', { entry: key })
      return `${JSON.stringify(key)}:${JSON.stringify(value)}`
    })
    parts.push(`"${METADATA_KEY}":{${pairs.join(',')}}`)
  }
  const seen = new Set<string>()
  const tensors: PlannedTensor[] = []
  let end = 0
  for (const { tensor, dtype } of typed) {
    const { name, shape } = tensor
    if (name === METADATA_KEY || seen.has(name)) {
      throw new CheckpointError(
        'mismatch',
        seen.has(name) ? 'two tensors share a name' : 'the name is reserved',
        {
          entry: name,
        },
      )
    }
    seen.add(name)
    const elementCount = elementCountOf(shape)
    const typeName = safetensorsTypeName(dtype)
    if (elementCount === undefined) {
      throw new CheckpointError('mismatch', `[${shape.join(', ')}] is no shape`, { entry: name })
    }
    if (typeName === undefined) {
      throw new CheckpointError('unsupported', `safetensors has no type for ${dtype}`, { entry: name })
    }
    const byteLength = elementCount * bytesPerElement(dtype)
    parts.push(
      `${JSON.stringify(name)}:{"dtype":"${typeName}","shape":[${shape.join(',')}],"data_offsets":[${end},${end + byteLength}]}`,
    )
    tensors.push({ name, dtype, shape, byteOffset: end, byteLength })
    end += byteLength
  }
  const json = new TextEncoder().encode(`{${parts.join(',')}}`)
  const dataStart = Math.ceil((8 + json.length) / alignBytes) * alignBytes
  if (dataStart - 8 > MAX_SAFETENSORS_HEADER_BYTES) {
    throw new CheckpointError(
      'too-large',
      `the header would take ${dataStart - 8} bytes, readers accept ${MAX_SAFETENSORS_HEADER_BYTES}`,
    )
  }
  const header = new Uint8Array(dataStart).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(dataStart - 8), true)
  header.set(json, 8)
  for (const tensor of tensors) tensor.byteOffset += dataStart
  return {
    plan: { header, byteLength: dataStart + end, tensors },
    ordered: typed.map(({ tensor }) => tensor),
  }
}

function storedType(tensor: TensorToWrite, rule: WriteSafetensorsOptions['storeFloatsAs']): TensorType {
  if (rule === undefined || !isFloat(tensor.dtype)) return tensor.dtype
  return (typeof rule === 'string' ? rule : rule(tensor)) ?? tensor.dtype
}

/**
 * The file's bytes, piece by piece: the header, then each tensor; data functions are called one after the other.
 * @throws CheckpointError as `planSafetensors`; `mismatch` where data has another length or element size than its shape and type.
 */
export async function* streamSafetensors(
  options: WriteSafetensorsOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const { plan, ordered } = planWithSources(options)
  yield plan.header
  for (const [index, tensor] of ordered.entries()) {
    const planned = plan.tensors[index]
    const data = typeof tensor.data === 'function' ? await tensor.data() : tensor.data
    const elementBytes = bytesPerElement(tensor.dtype)
    const wanted = (planned.byteLength / bytesPerElement(planned.dtype)) * elementBytes
    const isBytes = data instanceof Uint8Array
    const rightKind =
      isBytes || data.constructor === typedArrayOf(tensor.dtype, new Uint8Array(0)).constructor
    if (data.byteLength !== wanted || !rightKind) {
      throw new CheckpointError(
        'mismatch',
        `${tensor.dtype} [${tensor.shape.join(', ')}] takes ${wanted} bytes, got ${data.constructor.name} of ${data.byteLength}`,
        { entry: tensor.name },
      )
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    if (bytes.byteLength === 0) continue
    yield planned.dtype === tensor.dtype
      ? bytes
      : convertFloats(tensor.dtype, bytes, planned.dtype as FloatType)
  }
}

/** The whole file in memory. @throws CheckpointError as `streamSafetensors`. */
export async function encodeSafetensors(options: WriteSafetensorsOptions): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(planSafetensors(options).byteLength)
  let at = 0
  for await (const piece of streamSafetensors(options)) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}
