// What the other rooms take from this one.
export type { ByteSource } from './bytes.ts'
export { bytesFromBlob, bytesFromMemory } from './bytes.ts'
export type { Checkpoint, CheckpointFormat, OpenCheckpointOptions } from './checkpoint.ts'
export { openCheckpoint } from './checkpoint.ts'
export type { TensorArray, TensorType } from './dtype.ts'
export type { CheckpointErrorCode, CheckpointErrorOptions } from './error.ts'
export { CheckpointError } from './error.ts'
export { copyWhole, makeFolders, type WholeFolderOptions, writeWholeFolder } from './folders.ts'
export { bfloat16FromFloats, float16FromFloats, float32FromBfloat16, float32FromFloat16 } from './half.ts'
export { takeLock } from './lock.ts'
export { openCheckpointFile, openFileBytes, writeSafetensorsFile } from './node-files.ts'
export type { PickleLimits, ReadPickleOptions } from './pickle.ts'
export { PICKLE_LIMITS, readPickle } from './pickle.ts'
export type {
  DescribePickleOptions,
  PickleGlobal,
  PickleNumpyArray,
  PickleObject,
  PickleTuple,
  PickleValue,
} from './pickle-values.ts'
export { describePickle, isKind, sequenceOf } from './pickle-values.ts'
export { MAX_SAFETENSORS_HEADER_BYTES } from './safetensors.ts'
export type {
  PlannedTensor,
  SafetensorsPlan,
  TensorToWrite,
  WriteSafetensorsOptions,
} from './safetensors-write.ts'
export { encodeSafetensors, planSafetensors, streamSafetensors } from './safetensors-write.ts'
export { removeLeftBehind, temporaryBeside, temporaryFolder } from './temporary.ts'
export type { ReadAs, ReadTensorOptions, TensorInfo } from './tensor.ts'
export type { TensorGroup } from './torch-contents.ts'
export { commonPrefix, KNOWN_PREFIXES, KNOWN_WRAPPERS } from './torch-contents.ts'
