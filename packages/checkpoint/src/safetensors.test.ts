import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinBytes } from '../test/torch-writer.ts'
import { bytesFromBlob, bytesFromMemory } from './bytes.ts'
import { openCheckpoint } from './checkpoint.ts'
import { detectFile } from './detect.ts'
import type { TensorArray, TensorType } from './dtype.ts'
import { CheckpointError } from './error.ts'
import { encodeSafetensors, planSafetensors, type TensorToWrite } from './safetensors-write.ts'

function fileOf(
  header: string,
  data: readonly number[] | Uint8Array = [],
  claimedLength?: bigint,
): Uint8Array {
  const json = new TextEncoder().encode(header)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, claimedLength ?? BigInt(json.length), true)
  return joinBytes(length, json, data)
}

const open = (bytes: Uint8Array, name = 'a.safetensors') => openCheckpoint(bytesFromMemory(bytes), { name })

async function refusal(bytes: Uint8Array): Promise<CheckpointError> {
  const error = await open(bytes).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(CheckpointError)
  return error as CheckpointError
}

const f32 = (begin: number, end: number, shape = `[${(end - begin) / 4}]`) =>
  `{"dtype":"F32","shape":${shape},"data_offsets":[${begin},${end}]}`

describe('reading', () => {
  it('reads a file written by hand: 1.5 and -2 as float32, metadata, absolute offsets', async () => {
    const header = `{"__metadata__":{"made":"by hand"},"w":${f32(0, 8, '[2,1]')}}`
    const checkpoint = await open(fileOf(header, [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]))
    expect(checkpoint.format).toBe('safetensors')
    expect([...checkpoint.metadata]).toEqual([['made', 'by hand']])
    expect(checkpoint.tensors.get('w')).toMatchObject({
      dtype: 'float32',
      shape: [2, 1],
      byteOffset: 8 + header.length,
      byteLength: 8,
      inPlace: true,
    })
    expect([...(await checkpoint.read('w'))]).toEqual([1.5, -2])
  })

  it('keeps tensors called __proto__ and constructor apart from JavaScript objects', async () => {
    const checkpoint = await open(
      fileOf(`{"__proto__":${f32(0, 4)},"constructor":${f32(4, 8)}}`, new Uint8Array(8)),
    )
    expect([...checkpoint.tensors.keys()]).toEqual(['__proto__', 'constructor'])
    expect(({} as { dtype?: string }).dtype).toBeUndefined()
  })

  it('takes scalars, empty tensors and no tensors at all', async () => {
    const checkpoint = await open(
      fileOf(`{"s":${f32(0, 4, '[]')},"e":${f32(4, 4, '[0,3]')}}   `, [0, 0, 0x80, 0x3f]),
    )
    expect([...(await checkpoint.read('s'))]).toEqual([1])
    expect((await checkpoint.read('e')).length).toBe(0)
    expect((await open(fileOf('{}'))).tensors.size).toBe(0)
  })

  it('reads from a Blob by range', async () => {
    const checkpoint = await openCheckpoint(
      bytesFromBlob(new Blob([fileOf(`{"w":${f32(0, 4)}}`, [0, 0, 0x80, 0x3f]) as BlobPart])),
      {
        name: 'picked',
      },
    )
    expect([...(await checkpoint.read('w', { as: 'float32' }))]).toEqual([1])
  })

  it.each([
    ['gzip', 0x8b1f],
    ['ONNX', 0x120308],
    ['ZIP', 0x04034b50],
  ])('takes no header length for the beginning of a %s file', (_kind, length) => {
    const head = fileOf('{}', [], BigInt(length))
    expect(detectFile(head, { file: 'renamed.bin', byteLength: 8 + length })).toBe('safetensors')
  })

  it('names near tensors when one is missing', async () => {
    const checkpoint = await open(fileOf(`{"module.conv.weight":${f32(0, 0)}}`))
    await expect(checkpoint.read('conv.weight')).rejects.toMatchObject({
      code: 'missing',
      entry: 'conv.weight',
      hint: 'It has: module.conv.weight.',
    })
  })
})

describe('refusing', () => {
  const cases: [string, Uint8Array, string, RegExp][] = [
    ['a header of 2^60 bytes', fileOf('{}', [], 2n ** 60n), 'too-large', /1152921504606846976/],
    ['a header one byte over 100 MB', fileOf('{}', [], 100_000_001n), 'too-large', /100000001/],
    ['a header longer than the file', fileOf('{}', [], 3n), 'truncated', /3 bytes, only 2/],
    ['fewer than 8 bytes', Uint8Array.of(2, 0, 0), 'truncated', /8 bytes at least, got 3/],
    [
      'overlapping tensors',
      fileOf(`{"a":${f32(0, 8)},"b":${f32(4, 12)}}`, new Uint8Array(12)),
      'malformed',
      /overlaps "a"/,
    ],
    [
      'a gap between tensors',
      fileOf(`{"a":${f32(0, 4)},"b":${f32(8, 12)}}`, new Uint8Array(12)),
      'malformed',
      /gap after "a"/,
    ],
    [
      'a gap before the first tensor',
      fileOf(`{"a":${f32(4, 8)}}`, new Uint8Array(8)),
      'malformed',
      /gap after the header/,
    ],
    [
      'bytes after the last tensor',
      fileOf(`{"a":${f32(0, 4)}}`, new Uint8Array(5)),
      'malformed',
      /1 bytes at the end/,
    ],
    ['missing tensor bytes', fileOf(`{"a":${f32(0, 4)}}`, new Uint8Array(3)), 'truncated', /end at byte/],
    [
      'a shape that does not fit its bytes',
      fileOf(`{"a":${f32(0, 4, '[2]')}}`, new Uint8Array(4)),
      'malformed',
      /takes 8 bytes, data_offsets span 4/,
    ],
    [
      'a shape of 2^80 elements',
      fileOf(`{"a":${f32(0, 4, '[1099511627776,1099511627776]')}}`, new Uint8Array(4)),
      'malformed',
      /53 bits/,
    ],
    [
      'huge sizes that hide behind a zero',
      fileOf(`{"a":${f32(0, 0, '[4503599627370496,4503599627370496,0]')}}`),
      'malformed',
      /53 bits/,
    ],
    ['a negative size', fileOf(`{"a":${f32(0, 4, '[-1]')}}`, new Uint8Array(4)), 'malformed', /shape/],
    [
      'a fractional offset',
      fileOf('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0.5,1.5]}}', [0, 0]),
      'malformed',
      /begin <= end/,
    ],
    [
      'an unknown dtype',
      fileOf('{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}', new Uint8Array(4)),
      'malformed',
      /"F31" is unknown/,
    ],
    [
      'four-bit floats that end in the middle of a byte',
      fileOf('{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}', [0, 0]),
      'malformed',
      /F4 \[3\] takes 1.5 bytes, data_offsets span 2/,
    ],
    [
      'a repeated key',
      fileOf(`{"a":${f32(0, 4)},"a":${f32(0, 4)}}`, new Uint8Array(4)),
      'malformed',
      /occurs twice/,
    ],
    [
      'a repeated key written with an escape',
      fileOf(`{"a":${f32(0, 4)},"\\u0061":${f32(0, 4)}}`, new Uint8Array(4)),
      'malformed',
      /occurs twice/,
    ],
    ['metadata that is no string', fileOf('{"__metadata__":{"n":1}}'), 'malformed', /not a string/],
    ['a header that is an array', fileOf('[1,2]'), 'malformed', /begin with \{/],
    ['a header that begins with a space', fileOf(' {}'), 'malformed', /begin with \{/],
    ['two JSON values', fileOf('{}{}'), 'malformed', /follows the JSON/],
    ['bytes that are no UTF-8', joinBytes([3, 0, 0, 0, 0, 0, 0, 0], '{', [0xff], '}'), 'malformed', /UTF-8/],
    ['JSON nested 100,000 deep', fileOf(`{"a":${'['.repeat(100_000)}`), 'malformed', /nests more than 16/],
  ]
  it.each(cases)('%s', async (_title, bytes, code, message) => {
    const error = await refusal(bytes)
    expect(error).toMatchObject({ code, file: 'a.safetensors' })
    expect(error.message).toMatch(message)
  })
})

const SAMPLES: [TensorType, TensorArray][] = [
  ['float64', Float64Array.of(1e300, -0, Number.NaN, 0.1)],
  ['float32', Float32Array.of(1.5, -2, Infinity, 1e-40)],
  ['float16', Uint16Array.of(0x3c00, 0x7bff, 1, 0x8000)],
  ['bfloat16', Uint16Array.of(0x3f80, 0x7f7f, 1, 0x8000)],
  ['int64', BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n), 0n, 16777217n)],
  ['int32', Int32Array.of(2 ** 31 - 1, -(2 ** 31), 0, 7)],
  ['int16', Int16Array.of(32767, -32768, 0, 7)],
  ['int8', Int8Array.of(127, -128, 0, 7)],
  ['uint64', BigUint64Array.of(2n ** 64n - 1n, 0n, 1n, 2n ** 53n + 1n)],
  ['uint32', Uint32Array.of(2 ** 32 - 1, 0, 1, 7)],
  ['uint16', Uint16Array.of(65535, 0, 1, 7)],
  ['uint8', Uint8Array.of(255, 0, 1, 7)],
  ['bool', Uint8Array.of(1, 0, 1, 1)],
  ['float8_e4m3fn', Uint8Array.of(1, 2, 3, 255)],
  ['float8_e5m2', Uint8Array.of(1, 2, 3, 255)],
  ['float8_e4m3fnuz', Uint8Array.of(1, 2, 3, 128)],
  ['float6_e2m3fn', Uint8Array.of(1, 2, 255)],
  ['float4_e2m1fn', Uint8Array.of(1, 255)],
  ['complex64', new Uint8Array(32).fill(3)],
]

describe('writing', () => {
  it('every type comes back bit for bit, and as float32 rounded once', async () => {
    const tensors = SAMPLES.map(
      ([dtype, data]): TensorToWrite => ({ name: dtype, dtype, shape: [2, 2], data }),
    )
    const checkpoint = await open(await encodeSafetensors({ tensors }))
    for (const [dtype, data] of SAMPLES) {
      const bytes = new Uint8Array(data.buffer)
      expect(await checkpoint.read(dtype, { as: 'bytes' }), dtype).toEqual(bytes)
      expect((await checkpoint.read(dtype)).constructor).toBe(data.constructor)
    }
    const asFloat = async (name: string) => [...(await checkpoint.read(name, { as: 'float32' }))]
    expect(await asFloat('float64')).toEqual([Infinity, -0, Number.NaN, Math.fround(0.1)])
    expect(await asFloat('float16')).toEqual([1, 65504, 2 ** -24, -0])
    expect(await asFloat('int64')).toEqual([2 ** 63, -(2 ** 63), 0, 16777216])
    expect(await asFloat('uint64')).toEqual([2 ** 64, 0, 1, 2 ** 53])
    expect(await asFloat('bool')).toEqual([1, 0, 1, 1])
    await expect(checkpoint.read('complex64', { as: 'float32' })).rejects.toMatchObject({
      code: 'unsupported',
    })
  })

  it('rounds 64-bit integers to float32 once: 2^60 + 2^36 + 1 goes up, where a detour over doubles would go down', async () => {
    const data = BigInt64Array.of(
      2n ** 60n + 2n ** 36n + 1n,
      -(2n ** 60n + 2n ** 36n + 1n),
      2n ** 60n + 2n ** 36n,
    )
    const checkpoint = await open(
      await encodeSafetensors({ tensors: [{ name: 'n', dtype: 'int64', shape: [3], data }] }),
    )
    const up = 2 ** 60 + 2 ** 37
    expect([...(await checkpoint.read('n', { as: 'float32' }))]).toEqual([up, -up, 2 ** 60])
  })

  it('writes the same bytes for the same tensors in any order, large elements first', async () => {
    const tensors = SAMPLES.map(([dtype, data]): TensorToWrite => ({ name: dtype, dtype, shape: [4], data }))
    const metadata = { b: '2', a: '1' }
    const bytes = await encodeSafetensors({ tensors, metadata })
    expect(
      await encodeSafetensors({
        tensors: [...tensors].reverse(),
        metadata: new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      }),
    ).toEqual(bytes)
    const plan = planSafetensors({ tensors, metadata })
    expect(plan.byteLength).toBe(bytes.length)
    for (const { byteOffset, byteLength } of plan.tensors)
      expect(byteOffset % Math.ceil(byteLength / 4)).toBe(0)
  })

  it('pads the header with spaces to 8, or to the page that was asked for', async () => {
    const tensors: TensorToWrite[] = [{ name: 'w', dtype: 'uint8', shape: [1], data: Uint8Array.of(9) }]
    const bytes = await encodeSafetensors({ tensors })
    const text = new TextDecoder().decode(bytes.subarray(8, -1))
    expect(text).toBe('{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'.padEnd(56, ' '))
    const paged = planSafetensors({ tensors, alignBytes: 4096 })
    expect(paged.tensors[0].byteOffset).toBe(4096)
    expect(
      (await open(await encodeSafetensors({ tensors, alignBytes: 4096 }))).tensors.get('w')!.byteOffset,
    ).toBe(4096)
  })

  it('stores floats as halves when asked, integers never', async () => {
    const tensors: TensorToWrite[] = [
      { name: 'w', dtype: 'float32', shape: [2], data: Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11) },
      { name: 'n', dtype: 'int32', shape: [1], data: async () => Int32Array.of(70000) },
      { name: 'norm', dtype: 'float32', shape: [1], data: Float32Array.of(0.1) },
    ]
    const checkpoint = await open(
      await encodeSafetensors({
        tensors,
        storeFloatsAs: ({ name }) => (name === 'norm' ? undefined : 'float16'),
      }),
    )
    expect([...(await checkpoint.read('w'))]).toEqual([0x3c00, 0x3c02])
    expect([...(await checkpoint.read('n'))]).toEqual([70000])
    expect(checkpoint.tensors.get('norm')!.dtype).toBe('float32')
  })

  it('refuses data of another length or kind than its type, repeated names and reserved ones', async () => {
    const wrong: Partial<TensorToWrite>[] = [
      { data: Float32Array.of(1, 2, 3) },
      { data: Int32Array.of(1, 2) },
      { name: '__metadata__' },
      { shape: [-2] },
    ]
    for (const change of wrong) {
      const tensor: TensorToWrite = {
        name: 'w',
        dtype: 'float32',
        shape: [2],
        data: Float32Array.of(1, 2),
        ...change,
      }
      await expect(encodeSafetensors({ tensors: [tensor] })).rejects.toMatchObject({ code: 'mismatch' })
    }
    const twin: TensorToWrite = { name: 'w', dtype: 'float32', shape: [1], data: Float32Array.of(1) }
    await expect(encodeSafetensors({ tensors: [twin, twin] })).rejects.toThrow(/share a name/)
  })

  it('any set of names, shapes and metadata comes back', async () => {
    const sizes = fc.array(fc.nat(4), { maxLength: 4 })
    const entries = fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), sizes), {
      selector: ([name]) => name,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(entries, fc.dictionary(fc.string(), fc.string()), async (shapes, metadata) => {
        const tensors = shapes
          .filter(([name]) => name !== '__metadata__')
          .map(([name, shape], index): TensorToWrite => {
            const count = shape.reduce((a, b) => a * b, 1)
            return { name, dtype: 'uint16', shape, data: new Uint16Array(count).fill(index + 1) }
          })
        const checkpoint = await open(await encodeSafetensors({ tensors, metadata }))
        expect(Object.fromEntries(checkpoint.metadata)).toEqual({ ...metadata })
        for (const { name, shape, data } of tensors) {
          expect(checkpoint.tensors.get(name)!.shape).toEqual(shape)
          expect(await checkpoint.read(name)).toEqual(data)
        }
      }),
      { numRuns: 200, seed: 2 },
    )
  })
})
