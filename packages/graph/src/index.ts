// The public names of this package, written by hand.
export type { FlatGraph, Rewrite } from './build/flatten.ts'
export { fileWeight } from './build/in-place.ts'
export type { Model, ModelOptions, ModelValue } from './build/model.ts'
export { buildModel } from './build/model.ts'
export type { FileWeight, StoredWeight, WeightSource, Weights } from './build/weights.ts'
export { weightSource } from './build/weights.ts'
export { dismissThread } from './dismiss-thread.ts'
export type { DType, StoredDType, TensorData } from './dtype.ts'
export { BYTES_PER_ELEMENT, dtypeOf, fromHalfBits, toHalfBits, toNumbers, toTensorData } from './dtype.ts'
export type { GraphErrorCode, GraphErrorOptions } from './error.ts'
export { GraphError } from './error.ts'
export { gradients, topologicalOrder } from './gradient.ts'
export { startThread } from './node-thread.ts'
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
  where,
} from './ops/arithmetic.ts'
export type { AttentionOptions } from './ops/attention.ts'
export { attention, fusedAttention, fusedRotary, joinHeads, rotary, splitHeads } from './ops/attention.ts'
export { expand, reshape, sum, sumTo } from './ops/broadcast.ts'
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
export { argMax, argMin, cumulativeSum, max, mean, min, norm, variance } from './ops/reduce.ts'
export type { ResizeMode, ResizeOptions } from './ops/resize.ts'
export { resize, resizeMatrix } from './ops/resize.ts'
export { gridSample } from './ops/sample.ts'
export { flatten, permute, repeatInterleave, squeeze, swapAxes, tile, unsqueeze } from './ops/shape.ts'
export type { Padding } from './ops/slice.ts'
export { concat, flip, pad, roll, slice, split, stack } from './ops/slice.ts'
export { logSoftmax, softmax } from './ops/softmax.ts'
export type { UpsampleConvOptions } from './ops/upsample-conv.ts'
export { upsampleConv2d } from './ops/upsample-conv.ts'
export type { OutputError, Quantised, QuantiseOptions, TensorError, WeightScheme } from './quantise.ts'
export { compareOutputs, quantise } from './quantise.ts'
export type { Blocks } from './quantise-blocks.ts'
export { fromBlocks, toBlocks } from './quantise-blocks.ts'
export { recompute } from './recompute.ts'
export type { BatchPlan } from './session/batches.ts'
export { planBatches } from './session/batches.ts'
export type { Device } from './session/node.ts'
export { loadRuntime } from './session/node.ts'
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
export {
  constant,
  full,
  input,
  makeNode,
  makeTensor,
  parameter,
  range,
  scalar,
  sizesVector,
} from './sources.ts'
export type { BlockScheme } from './stored-blocks.ts'
export { blockParameters, storedBlocks } from './stored-blocks.ts'
export type {
  Attribute,
  Attributes,
  Axes,
  Node,
  Op,
  OutputSpec,
  ReduceOptions,
  SliceOptions,
  Target,
} from './tensor.ts'
export { float, Tensor } from './tensor.ts'
export { accumulate, clipByGlobalNorm, globalNorm, productsInHalf } from './training.ts'
