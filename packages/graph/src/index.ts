// Everything that this package offers, by hand.
export type { FlatGraph, Rewrite } from './build/flatten.ts'
export type { Model, ModelOptions, ModelValue } from './build/model.ts'
export { buildModel } from './build/model.ts'
export type { FileWeight, StoredWeight, WeightSource, Weights } from './build/weights.ts'
export type { ByteSource } from './checkpoint/bytes.ts'
export { bytesFromBlob, bytesFromMemory } from './checkpoint/bytes.ts'
export type { Checkpoint, CheckpointFormat, OpenCheckpointOptions } from './checkpoint/checkpoint.ts'
export { openCheckpoint } from './checkpoint/checkpoint.ts'
export type { TensorArray, TensorType } from './checkpoint/dtype.ts'
export type { CheckpointErrorCode, CheckpointErrorOptions } from './checkpoint/error.ts'
export { CheckpointError } from './checkpoint/error.ts'
export {
  bfloat16FromFloats,
  float16FromFloats,
  float32FromBfloat16,
  float32FromFloat16,
} from './checkpoint/half.ts'
export { fileWeight } from './checkpoint/in-place.ts'
export { openCheckpointFile, openFileBytes, writeSafetensorsFile } from './checkpoint/node-files.ts'
export type { PickleLimits, ReadPickleOptions } from './checkpoint/pickle.ts'
export { PICKLE_LIMITS, readPickle } from './checkpoint/pickle.ts'
export type {
  DescribePickleOptions,
  PickleGlobal,
  PickleNumpyArray,
  PickleObject,
  PickleTuple,
  PickleValue,
} from './checkpoint/pickle-values.ts'
export { describePickle, isKind, sequenceOf } from './checkpoint/pickle-values.ts'
export { MAX_SAFETENSORS_HEADER_BYTES } from './checkpoint/safetensors.ts'
export type {
  PlannedTensor,
  SafetensorsPlan,
  TensorToWrite,
  WriteSafetensorsOptions,
} from './checkpoint/safetensors-write.ts'
export { encodeSafetensors, planSafetensors, streamSafetensors } from './checkpoint/safetensors-write.ts'
export type { ReadAs, ReadTensorOptions, TensorInfo } from './checkpoint/tensor.ts'
export type { TensorGroup } from './checkpoint/torch-contents.ts'
export { commonPrefix, KNOWN_PREFIXES, KNOWN_WRAPPERS } from './checkpoint/torch-contents.ts'
export { dismissThread } from './dismiss-thread.ts'
export type { DType, StoredDType, TensorData } from './dtype.ts'
export { BYTES_PER_ELEMENT, dtypeOf, fromHalfBits, toHalfBits, toNumbers, toTensorData } from './dtype.ts'
export type { GraphErrorCode, GraphErrorOptions } from './error.ts'
export { GraphError } from './error.ts'
export { gradients, topologicalOrder } from './gradient.ts'
export { gelu, leakyRelu, logSigmoid, relu, sigmoid, silu, softplus, tanh } from './ops/activation.ts'
export {
  abs,
  add,
  and,
  clip,
  cos,
  divide,
  equal,
  erf,
  exp,
  floor,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  log,
  maximum,
  minimum,
  modulo,
  multiply,
  negate,
  not,
  or,
  power,
  round,
  sign,
  sin,
  sqrt,
  subtract,
  sumOf,
  sumTo,
  where,
} from './ops/arithmetic.ts'
export type { AttentionOptions } from './ops/attention.ts'
export { attention, fusedAttention, joinHeads, range, rotary, splitHeads } from './ops/attention.ts'
export { cast, stopGradient, straightThrough } from './ops/cast.ts'
export type { ConvOptions } from './ops/conv.ts'
export { conv, conv2d, convTranspose, convTranspose2d } from './ops/conv.ts'
export { embedding, gather, gatherElements, oneHot, scatterAdd, scatterRows, topK } from './ops/gather.ts'
export type { Reduction } from './ops/loss.ts'
export {
  bceWithLogits,
  crossEntropy,
  diceLoss,
  focalLoss,
  meanAbsoluteError,
  meanSquaredError,
} from './ops/loss.ts'
export type { MatmulOptions } from './ops/matmul.ts'
export { einsum, linear, matmul } from './ops/matmul.ts'
export { batchNorm, groupNorm, layerNorm, layerNorm2d, rmsNorm } from './ops/norm.ts'
export type { PoolOptions } from './ops/pool.ts'
export { averagePool, globalAveragePool, maxPool } from './ops/pool.ts'
export type { RandomSource } from './ops/random.ts'
export { randomSource } from './ops/random.ts'
export type { Axes, ReduceOptions } from './ops/reduce.ts'
export { argMax, argMin, cumulativeSum, max, mean, min, norm, sum, variance } from './ops/reduce.ts'
export type { ResizeMode, ResizeOptions } from './ops/resize.ts'
export { resize, resizeMatrix } from './ops/resize.ts'
export { gridSample } from './ops/sample.ts'
export {
  expand,
  flatten,
  full,
  permute,
  repeatInterleave,
  reshape,
  squeeze,
  swapAxes,
  tile,
  unsqueeze,
} from './ops/shape.ts'
export type { Padding, SliceOptions } from './ops/slice.ts'
export { concat, flip, pad, roll, slice, split, stack } from './ops/slice.ts'
export { logSoftmax, softmax } from './ops/softmax.ts'
export type { UpsampleConvOptions } from './ops/upsample-conv.ts'
export { upsampleConv2d } from './ops/upsample-conv.ts'
export type { OutputError, Quantised, QuantiseOptions, TensorError, WeightScheme } from './quantise.ts'
export { compareOutputs, quantise } from './quantise.ts'
export { recompute } from './recompute.ts'
export type { BatchPlan } from './session/batches.ts'
export { planBatches } from './session/batches.ts'
export type { Device } from './session/node.ts'
export type { RunOptions, Session, SessionOptions } from './session/session.ts'
export { availableDevices, openSession } from './session/session.ts'
export type { Feed, Feeds, Value } from './session/value.ts'
export type { Dim, Shape } from './size.ts'
export {
  addDims,
  divideDims,
  evaluateDim,
  floorDivideDim,
  multiplyDims,
  productOf,
  subtractDims,
} from './size.ts'
export type { Attribute, Attributes, Node, Op, OutputSpec, Target } from './tensor.ts'
export {
  constant,
  float,
  input,
  makeNode,
  makeTensor,
  parameter,
  scalar,
  sizesVector,
  Tensor,
} from './tensor.ts'
export type { BatchQueue, BatchSource, BatchThreadsOptions } from './train/batches.ts'
export { batchThreads, prefetch } from './train/batches.ts'
export type { NamePattern, ParameterGroup } from './train/groups.ts'
export { matchesName } from './train/groups.ts'
export type { Evaluation, TrainOptions, TrainResult } from './train/loop.ts'
export { train } from './train/loop.ts'
export type { GroupSetting, LearningRate, Optimiser } from './train/optimiser.ts'
export { adamW, sgd } from './train/optimiser.ts'
export type { DataOrder } from './train/order.ts'
export { dataOrder, shuffledIndices } from './train/order.ts'
export type { TrainProgress } from './train/progress.ts'
export { progressRenderer, progressText } from './train/progress.ts'
export type { Schedule } from './train/schedule.ts'
export { constantSchedule, cosineSchedule, linearSchedule, withWarmUp } from './train/schedule.ts'
export type { NamedTensor, TrainState } from './train/state.ts'
export { initialState, weightsOf } from './train/state.ts'
export type { GatherModel, StateTensor, TrainedShape, TrainStep, TrainStepOptions } from './train/step.ts'
export { buildTrainStep, parametersOf, SCALARS_INPUT } from './train/step.ts'
export type { StepMetrics, Trainer, TrainerOptions } from './train/trainer.ts'
export { openTrainer } from './train/trainer.ts'
export { accumulate, clipByGlobalNorm, globalNorm, productsInHalf } from './training.ts'
