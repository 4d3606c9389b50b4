// Tensors of a checkpoint as weights of a model, without reading them: ONNX external data that points into the file itself.

import type { TensorInfo } from '@maskwords/checkpoint'
import { CheckpointError } from '@maskwords/checkpoint'
import { BYTES_PER_ELEMENT, type StoredDType } from '../dtype.ts'
import type { FileWeight } from './weights.ts'

/**
 * Where a model finds a tensor's bytes, for the `weights` of `buildModel`. `path` is `info.file`: a full path where the checkpoint was
 * opened with `openCheckpointFile`.
 * @throws CheckpointError `unsupported` where the bytes are not the tensor as it is (strides, big-endian) or the engine lacks the type.
 */
export function fileWeight(info: TensorInfo): FileWeight {
  const isStored = (dtype: string): dtype is StoredDType => Object.hasOwn(BYTES_PER_ELEMENT, dtype)
  if (!info.inPlace || !isStored(info.dtype)) {
    const why = info.inPlace
      ? `models have no ${info.dtype}`
      : 'its elements do not lie in row-major, little-endian order'
    throw new CheckpointError('unsupported', `the tensor cannot be used in place: ${why}`, {
      file: info.file,
      entry: info.name,
      hint: 'Read it and pass the values instead.',
    })
  }
  return { path: info.file, offset: info.byteOffset, length: info.byteLength, dtype: info.dtype }
}
