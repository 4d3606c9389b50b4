// One tensor of a checkpoint: described first (type, shape, where its bytes lie), read on demand.
import { allocated, type NamedBytes } from './bytes.ts'
import { gatherStrided, swapByteOrder, typedArrayOf, writeFloat32 } from './convert.ts'
import { bytesPerElement, swapUnitBytes, type TensorArray, type TensorType } from './dtype.ts'
import { CheckpointError } from './error.ts'

/** What is known about a tensor before any of its bytes is read. */
export type TensorInfo = {
  readonly name: string
  /** The name or path inside the file, before wrappers and prefixes were taken off. */
  readonly storedName: string
  readonly dtype: TensorType
  readonly shape: readonly number[]
  readonly elementCount: number
  /** The file that holds the bytes: the name given to `openCheckpoint`, or the shard's. */
  readonly file: string
  /** Absolute offset in that file of the first byte to read, and how many. */
  readonly byteOffset: number
  readonly byteLength: number
  readonly byteOrder: 'little' | 'big'
  /** Steps between neighbours on each axis, in elements; present only where the elements do not lie in row-major order. */
  readonly strides?: readonly number[]
  /** Whether those bytes are the tensor as it is, row-major and little-endian: usable as ONNX external data, unread. */
  readonly inPlace: boolean
}

export type ReadAs = 'native' | 'float32' | 'bytes'

export type ReadTensorOptions<As extends ReadAs = ReadAs> = {
  /**
   * 'native' (the default): the typed array of the dtype, float16 and bfloat16 as Uint16 bits, bool as 0 or 1;
   * 'float32': any real type widened or rounded to float32; 'bytes': row-major little-endian bytes.
   */
  as?: As
  signal?: AbortSignal
}

export type ReadResult<As extends ReadAs> = As extends 'float32'
  ? Float32Array
  : As extends 'bytes'
    ? Uint8Array
    : TensorArray

/**
 * A view that repeats elements (stride 0, as `expand` makes) may be larger than the bytes behind it. Up to this size it is
 * materialised: a 4096 x 4096 float32 mask, the largest such view in published checkpoints; beyond, a few bytes could ask for all memory.
 */
export const MAX_EXPANDED_BYTES = 64 * 1024 * 1024

/** Bytes that are converted at a time: small enough for the cache and for a prompt abort, large enough to read at full speed. */
const CONVERSION_CHUNK_BYTES = 4 * 1024 * 1024

async function readRowMajorBytes(source: NamedBytes, info: TensorInfo): Promise<Uint8Array> {
  const what = `tensor "${info.name}"`
  const stored = await source.read(info.byteOffset, info.byteLength, what)
  const elementBytes = bytesPerElement(info.dtype)
  let bytes = stored
  if (info.strides !== undefined) {
    const length = info.elementCount * elementBytes
    if (length > Math.max(info.byteLength, MAX_EXPANDED_BYTES)) {
      throw new CheckpointError(
        'too-large',
        `the view repeats ${info.byteLength} bytes until they are ${length}, more than the limit of ${MAX_EXPANDED_BYTES}`,
        {
          file: source.name,
          entry: info.name,
          at: info.byteOffset,
          hint: 'Save it without expand(): tensor.contiguous().',
        },
      )
    }
    bytes = allocated(length, what, source.name, () => new Uint8Array(length))
    gatherStrided({
      bytes: stored,
      elementBytes,
      shape: info.shape,
      strides: info.strides,
      out: bytes,
    })
  }
  if (info.byteOrder === 'big') swapByteOrder(bytes, swapUnitBytes(info.dtype))
  return bytes
}

/**
 * Reads one tensor: row-major elements in this machine's byte order, whatever strides and order the file has.
 * @throws CheckpointError `truncated`, `io`, `too-large`; `unsupported` for float8 and complex as float32.
 */
export async function readTensor<As extends ReadAs = 'native'>(
  source: NamedBytes,
  info: TensorInfo,
  options: ReadTensorOptions<As> = {},
): Promise<ReadResult<As>> {
  const { as = 'native', signal } = options
  signal?.throwIfAborted()
  if (as !== 'float32' || info.dtype === 'float32') {
    const bytes = await readRowMajorBytes(source, info)
    return (as === 'bytes' ? bytes : typedArrayOf(info.dtype, bytes)) as ReadResult<As>
  }
  const what = `tensor "${info.name}" as float32`
  const makeOut = () =>
    allocated(info.elementCount * 4, what, source.name, () => new Float32Array(info.elementCount))
  if (!info.inPlace) {
    const bytes = await readRowMajorBytes(source, info)
    const out = makeOut()
    writeFloat32(info.dtype, bytes, out, 0, info.name)
    return out as ReadResult<As>
  }
  const out = makeOut()
  for (let done = 0; done < info.byteLength; done += CONVERSION_CHUNK_BYTES) {
    signal?.throwIfAborted()
    const length = Math.min(CONVERSION_CHUNK_BYTES, info.byteLength - done)
    const bytes = await source.read(info.byteOffset + done, length, what)
    writeFloat32(info.dtype, bytes, out, done / bytesPerElement(info.dtype), info.name)
  }
  return out as ReadResult<As>
}
