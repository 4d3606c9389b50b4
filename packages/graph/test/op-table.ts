// One row an op: how to call it for the gradient check, and what docs/graph.md says about it.
import type { DType, Tensor } from '../src/index.ts'
import * as g from '../src/index.ts'

export type Leaf = { shape: readonly number[]; low?: number; high?: number }

export type OpRow = {
  name: string
  /** ONNX operators written for the forward pass on the default target. */
  onnx: string
  /** false: integers or truth values come out, or the gradient is zero by definition. */
  gradient: boolean
  /** Types the check runs in: float64 where ONNX Runtime's CPU kernels have it. */
  dtype?: DType
  leaves?: readonly Leaf[]
  call?: (...leaves: Tensor[]) => Tensor
}

const at = (shape: readonly number[], low = -1, high = 1): Leaf => ({ shape, low, high })
const int = (values: readonly number[], shape?: readonly number[]) =>
  g.constant(values, { dtype: 'int64', ...(shape ? { shape } : {}) })
const bools = g.constant([1, 0, 1, 1, 0, 0], { dtype: 'bool', shape: [2, 3] })
const on = (
  name: string,
  onnx: string,
  leaves: readonly Leaf[],
  call: (...t: Tensor[]) => Tensor,
  dtype: DType = 'float64',
): OpRow => ({ name, onnx, gradient: true, dtype, leaves, call })
const f32 = (name: string, onnx: string, leaves: readonly Leaf[], call: (...t: Tensor[]) => Tensor): OpRow =>
  on(name, onnx, leaves, call, 'float32')
const none = (name: string, onnx: string): OpRow => ({ name, onnx, gradient: false })

const x23 = at([2, 3])
const x234 = at([2, 3, 4])
const image = at([2, 4, 5, 6])

export const OP_TABLE: readonly OpRow[] = [
  on('add', 'Add', [x234, at([3, 1])], (a, b) => g.add(a, b)),
  on('subtract', 'Sub', [x234, at([4])], (a, b) => g.subtract(a, b)),
  on('multiply', 'Mul', [x234, at([1, 4])], (a, b) => g.multiply(a, b)),
  on('divide', 'Div', [x234, at([3, 1], 0.5, 2)], (a, b) => g.divide(a, b)),
  on('power', 'Pow', [at([2, 3], 0.5, 2), at([3], 0.5, 2)], (a, b) => g.power(a, b)),
  on('negate', 'Neg', [x23], (a) => g.negate(a)),
  on('abs', 'Abs', [at([2, 3], 0.2, 1)], (a) => g.abs(g.subtract(a, 2))),
  on('sqrt', 'Sqrt', [at([2, 3], 0.5, 2)], (a) => g.sqrt(a)),
  on('exp', 'Exp', [x23], (a) => g.exp(a)),
  on('log', 'Log', [at([2, 3], 0.5, 2)], (a) => g.log(a)),
  on('sin', 'Sin', [x23], (a) => g.sin(a)),
  f32('cos', 'Cos', [x23], (a) => g.cos(a)),
  f32('erf', 'Erf', [x23], (a) => g.erf(a)),
  on('maximum', 'Max', [x234, at([3, 1])], (a, b) => g.maximum(a, b)),
  on('minimum', 'Min', [x234, at([3, 1])], (a, b) => g.minimum(a, b)),
  on('clip', 'Clip', [x234], (a) => g.clip(a, { low: -0.5, high: 0.6 })),
  on('where', 'Where', [x23, at([3])], (a, b) => g.where(bools, a, b)),
  on('sumOf', 'Sum', [x23, x23, x23], (a, b, c) => g.sumOf([a, b, c])),
  on('matmul', 'MatMul, FusedMatMul', [at([2, 3, 4]), at([2, 4, 5])], (a, b) =>
    g.matmul(a, b, { scale: 0.5 }),
  ),
  on('matmul (narrow)', 'MatMul', [at([2, 2, 3, 4]), at([2, 4, 2])], (a, b) => g.matmul(a, b)),
  on('linear', 'FusedMatMul, Add', [at([2, 3, 4]), at([5, 4]), at([5])], (x, w, b) => g.linear(x, w, b)),
  on('einsum', 'MatMul', [at([2, 3, 4]), at([2, 5, 4])], (a, b) => g.einsum('bqc,bkc->bkq', a, b)),
  f32('conv', 'Conv', [image, at([6, 2, 3, 3]), at([6])], (x, w, bias) =>
    g.conv2d(x, w, { bias, stride: 2, padding: 1, groups: 2 }),
  ),
  f32('conv (stride 1)', 'Conv', [at([2, 4, 4, 5]), at([6, 2, 3, 2])], (x, w) =>
    g.conv2d(x, w, { padding: [1, 0, 2, 1], groups: 2 }),
  ),
  f32('conv (wide)', 'Conv', [at([2, 4, 3, 20]), at([6, 2, 3, 2])], (x, w) =>
    g.conv2d(x, w, { padding: [1, 0, 2, 1], groups: 2, dilation: [1, 2] }),
  ),
  f32('conv (wide, 3 axes)', 'Conv', [at([2, 2, 3, 3, 18]), at([2, 2, 2, 3, 3])], (x, w) =>
    g.conv(x, w, { padding: [1, 0, 1, 0, 0, 1], dilation: [1, 1, 1] }),
  ),
  f32('conv (depthwise)', 'Conv', [at([2, 3, 5, 5]), at([3, 1, 3, 3])], (x, w) =>
    g.conv2d(x, w, { padding: 1, groups: 3, dilation: 2 }),
  ),
  f32('conv (many channels)', 'Conv', [at([1, 20, 3]), at([2, 20, 2])], (x, w) => g.conv(x, w)),
  f32('convTranspose', 'ConvTranspose', [at([2, 4, 3, 3]), at([4, 3, 2, 2]), at([6])], (x, w, bias) =>
    g.convTranspose2d(x, w, { bias, stride: 2, groups: 2 }),
  ),
  f32('maxPool', 'MaxPool', [image], (x) => g.maxPool(x, { kernel: 3, stride: 2, padding: 1 })),
  f32('averagePool', 'AveragePool', [image], (x) => g.averagePool(x, { kernel: 3, stride: 2, padding: 1 })),
  f32('resize (nearest)', 'Resize', [at([1, 2, 2, 3])], (x) =>
    g.resize(x, { size: [4, 9], mode: 'nearest' }),
  ),
  f32('upsampleConv2d', 'Resize, Conv', [at([2, 3, 3, 2]), at([4, 3, 3, 2]), at([4])], (x, w, bias) =>
    g.upsampleConv2d(x, w, { factor: 3, bias, padding: 1 }),
  ),
  on('resize', 'MatMul; Resize, Expand or Gather (nearest)', [at([1, 2, 4, 5])], (x) =>
    g.resize(x, { size: [7, 3], mode: 'bicubic', antialias: true }),
  ),
  on('reshape', 'Reshape', [x234], (x) => x.reshape([4, -1])),
  on('permute', 'Transpose', [x234], (x) => x.permute([2, 0, 1])),
  on('expand', 'Expand', [at([3, 1])], (x) => x.expand([2, 3, 4])),
  on('tile', 'Expand, Reshape', [x23], (x) => g.tile(x, [2, 3])),
  on('repeatInterleave', 'Expand, Reshape', [x23], (x) => g.repeatInterleave(x, 1, 3)),
  on('slice', 'Slice', [at([3, 7])], (x) => g.slice(x, { axis: 1, start: 1, end: -1, step: 2 })),
  on('flip', 'Slice', [x23], (x) => g.flip(x, 1)),
  on('roll', 'Slice, Concat', [x234], (x) => g.roll(x, 2, 1)),
  on('split', 'Split', [at([2, 5])], (x) =>
    g.multiply(g.split(x, 1, [2, 1, 2])[0]!, g.split(x, 1, [2, 1, 2])[2]!),
  ),
  on('concat', 'Concat', [x23, at([2, 2])], (a, b) => g.concat([a, b], 1)),
  on('stack', 'Concat', [x23, x23], (a, b) => g.stack([a, b], 1)),
  on('pad', 'Pad', [x23], (x) =>
    g.pad(x, [
      [1, 0],
      [2, 1],
    ]),
  ),
  on('sum', 'ReduceSum', [x234], (x) => x.sum([0, 2])),
  on('mean', 'ReduceMean', [x234], (x) => x.mean([1], { keepDims: true })),
  on('max', 'ReduceMax', [x234], (x) => x.max(1)),
  on('min', 'ReduceMin', [x234], (x) => x.min([0, 2])),
  on('variance', 'ReduceMean, Mul', [x234], (x) => g.variance(x, [1, 2])),
  on('norm', 'ReduceSum, Sqrt', [x23], (x) => g.norm(x)),
  on('cumulativeSum', 'CumSum', [x234], (x) => g.cumulativeSum(x, 1)),
  on('softmax', 'Softmax', [x234], (x) => x.softmax(1)),
  on('logSoftmax', 'LogSoftmax', [x234], (x) => g.logSoftmax(x, 1)),
  on('relu', 'Relu', [x234], (x) => g.relu(x)),
  on('leakyRelu', 'LeakyRelu; Where (float64)', [x234], (x) => g.leakyRelu(x, 0.1)),
  f32('gelu', 'Erf, Mul (ONNX Runtime fuses them)', [x234], (x) => g.gelu(x)),
  on('gelu (tanh)', 'Tanh, Mul, Add', [x234], (x) => g.gelu(x, { approximate: 'tanh' })),
  on('silu', 'Sigmoid, Mul', [x234], (x) => g.silu(x)),
  on('sigmoid', 'Sigmoid', [x234], (x) => g.sigmoid(x)),
  on('tanh', 'Tanh', [x234], (x) => g.tanh(x)),
  f32('softplus', 'Softplus', [x234], (x) => g.softplus(x)),
  f32('logSigmoid', 'Softplus, Neg', [x234], (x) => g.logSigmoid(x)),
  on('layerNorm', 'LayerNormalization', [x234, at([3, 4]), at([3, 4])], (x, weight, bias) =>
    g.layerNorm(x, { weight, bias }),
  ),
  on(
    'layerNorm2d',
    'LayerNormalization, Transpose',
    [at([1, 3, 2, 2]), at([3]), at([3])],
    (x, weight, bias) => g.layerNorm2d(x, { weight, bias }),
  ),
  on('groupNorm', 'LayerNormalization', [at([2, 4, 3]), at([4]), at([4])], (x, weight, bias) =>
    g.groupNorm(x, 2, { weight, bias }),
  ),
  on('rmsNorm', 'SimplifiedLayerNormalization', [x234, at([4])], (x, w) => g.rmsNorm(x, w)),
  on(
    'batchNorm',
    'Mul, Add',
    [at([2, 3, 2]), at([3]), at([3], 0.5, 1), at([3]), at([3])],
    (x, mean, variance, weight, bias) => g.batchNorm(x, { mean, variance, weight, bias }),
  ),
  on(
    'attention',
    'FusedMatMul, Softmax, MatMul',
    [at([1, 4, 3, 2]), at([1, 2, 5, 2]), at([1, 2, 5, 3])],
    (q, k, v) => g.attention(q, k, v, { causal: true }),
  ),
  on('rotary', 'Mul, Add, Slice, Concat', [at([2, 3, 4]), at([3, 4]), at([3, 4])], (x, c, s) =>
    g.add(g.rotary(x, c, s), g.rotary(x, c, s, { interleaved: true })),
  ),
  on('gather', 'Gather', [x234], (x) => g.gather(x, int([2, 0, 0, 1], [2, 2]), 1)),
  on('embedding', 'Gather', [at([5, 3])], (x) => g.embedding(x, int([4, 1, 4]))),
  on('gatherElements', 'GatherElements', [x23], (x) => g.gatherElements(x, int([0, 0, 1, 1], [2, 2]), 1)),
  on('scatterAdd', 'ScatterElements', [x23, at([2, 2])], (x, u) =>
    g.scatterAdd(x, int([0, 0, 2, 1], [2, 2]), u, 1),
  ),
  on('scatterRows', 'ScatterND', [at([4, 3]), x23], (x, u) => g.scatterRows(x, int([2, 2]), u)),
  on('topK', 'TopK', [x234], (x) => g.topK(x, 2).values),
  f32('gridSample', 'GridSample', [at([2, 3, 4, 5]), at([2, 2, 3, 2], -0.9, 0.9)], (x, grid) =>
    g.gridSample(x, grid),
  ),
  on('crossEntropy', 'LogSoftmax, GatherElements', [at([3, 4])], (x) =>
    g.crossEntropy(x, int([3, 0, -100]), { ignoreIndex: -100, smoothing: 0.1 }),
  ),
  f32('bceWithLogits', 'Softplus, Mul, Sub', [x23, at([2, 3], 0, 1)], (x, t) => g.bceWithLogits(x, t)),
  on('diceLoss', 'ReduceSum, Div', [at([2, 6], 0.1, 0.9), at([2, 6], 0, 1)], (p, t) =>
    g.diceLoss(p, t, { axes: [1] }),
  ),
  f32('focalLoss', 'Softplus, Sigmoid, Mul', [x23, at([2, 3], 0, 1)], (x, t) => g.focalLoss(x, t)),
  on('meanSquaredError', 'Sub, Mul, ReduceMean', [x23, x23], (a, b) => g.meanSquaredError(a, b)),
  on('meanAbsoluteError', 'Sub, Abs, ReduceMean', [x23, at([2, 3], 2, 3)], (a, b) =>
    g.meanAbsoluteError(a, b),
  ),
  f32('dropout', 'Mul, Mod, Div, Where', [x234], (x) => g.randomSource(int([7], [])).dropout(x, 0.4)),
  on('recompute', '(the segment twice)', [x23, at([3, 3])], (x, w) =>
    g.recompute(() => g.tanh(g.matmul(x, w))),
  ),
  on('cast', 'Cast', [x23], (x) => x.cast('float32').cast('float64')),
  none('stopGradient', '-'),
  none('straightThrough', '-'),
  none('sign', 'Sign'),
  none('floor', 'Floor'),
  none('round', 'Round'),
  none('modulo', 'Mod'),
  none(
    'greater, greaterOrEqual, less, lessOrEqual, equal',
    'Greater, GreaterOrEqual, Less, LessOrEqual, Equal',
  ),
  none('and, or, not', 'And, Or, Not'),
  none('argMax, argMin', 'ArgMax, ArgMin'),
  none('oneHot', 'Equal, Cast'),
  none('randomSource (uniform, normal)', 'Mul, Mod, Div, Add'),
  none('fusedAttention', 'MultiHeadAttention (com.microsoft)'),
  none('fusedRotary', 'RotaryEmbedding (com.microsoft)'),
]
