import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  guardedSource,
  joinBytes,
  op,
  tensorPickle,
  writeTorchLegacy,
  writeTorchZip,
} from '../test/torch-writer.ts'
import { type ByteSource, bytesFromMemory } from './bytes.ts'
import { openCheckpoint } from './checkpoint.ts'
import { openCheckpointFile, openFileBytes, writeSafetensorsFile } from './node-files.ts'
import { encodeSafetensors } from './safetensors-write.ts'

const folder = mkdtempSync(join(tmpdir(), 'maskwords-checkpoint-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const text = (value: string) => new TextEncoder().encode(value)
const open = (bytes: Uint8Array, name = 'model') => openCheckpoint(bytesFromMemory(bytes), { name })
const one = (name: string, value: number) =>
  encodeSafetensors({ tensors: [{ name, dtype: 'float32', shape: [1], data: Float32Array.of(value) }] })

describe('files that are something else', () => {
  it.each([
    ['an empty file', new Uint8Array(), 'truncated', /empty/],
    [
      'a Git LFS pointer',
      text('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n'),
      'not-a-checkpoint',
      /Git LFS pointer/,
    ],
    ['a web page', text('\n<!DOCTYPE html><title>Log in</title>'), 'not-a-checkpoint', /web page/],
    ['the text of a 404', text('Entry not found'), 'not-a-checkpoint', /error answer/],
    ['a JSON error', text('{"error":"gated"}'), 'not-a-checkpoint', /error answer/],
    ['GGUF', text('GGUF\x03\0\0\0'), 'not-a-checkpoint', /GGUF/],
    ['ONNX', Uint8Array.of(8, 8, 0x12, 7, 112, 121, 116, 111, 114, 99, 104), 'not-a-checkpoint', /ONNX/],
    ['HDF5', text('\u0089HDF\r\n').slice(1), 'not-a-checkpoint', /HDF5|begins with/],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8), 'not-a-checkpoint', /gzip/],
    ['a numpy array', Uint8Array.of(0x93, 78, 85, 77, 80, 89), 'not-a-checkpoint', /numpy/],
    ['zeros', new Uint8Array(100), 'not-a-checkpoint', /zero bytes/],
    ['noise', Uint8Array.of(0xde, 0xad, 0xbe, 0xef), 'not-a-checkpoint', /de ad be ef/],
    ['an index without weight_map', text('{"metadata":{}}'), 'malformed', /weight_map/],
  ])('%s', async (_title, bytes, code, message) => {
    const error = await open(bytes).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'CheckpointError', code, file: 'model' })
    expect((error as Error).message).toMatch(message)
  })
})

describe('sources', () => {
  it('closes the source when opening fails, and turns its failures into typed errors', async () => {
    let closed = 0
    const source: ByteSource = {
      byteLength: 100,
      read: async () => {
        throw new Error('the cable is out')
      },
      close: async () => {
        closed++
      },
    }
    await expect(openCheckpoint(source, { name: 'far' })).rejects.toMatchObject({
      code: 'io',
      message: expect.stringMatching(/far: .*cable is out/),
    })
    expect(closed).toBe(1)
    const short: ByteSource = { byteLength: 100, read: async () => new Uint8Array(3) }
    await expect(openCheckpoint(short, { name: 'far' })).rejects.toMatchObject({ code: 'truncated' })
  })

  it('reads by range: listing touches only headers, a tensor only its own bytes, beyond 4 GiB too', async () => {
    const header = text(
      '{"big":{"dtype":"U8","shape":[6000000000],"data_offsets":[0,6000000000]},"w":{"dtype":"F32","shape":[1],"data_offsets":[6000000000,6000000004]}}',
    )
    const start = 8 + header.length
    const head = joinBytes([header.length, 0, 0, 0, 0, 0, 0, 0], header)
    const reads: [number, number][] = []
    const source: ByteSource = {
      byteLength: start + 6_000_000_004,
      async read(offset, length) {
        reads.push([offset, length])
        if (offset === start + 6_000_000_000) return Uint8Array.of(0, 0, 0x80, 0x3f)
        const out = new Uint8Array(length)
        out.set(head.subarray(offset, offset + length))
        return out
      },
    }
    const checkpoint = await openCheckpoint(source, { name: 'big.safetensors' })
    expect([...(await checkpoint.read('w'))]).toEqual([1])
    expect(reads.every(([, length]) => length <= 1024)).toBe(true)
    expect(reads.at(-1)).toEqual([start + 6_000_000_000, 4])
  })

  it('an aborted read rejects with the reason', async () => {
    const checkpoint = await open(await one('w', 1))
    await expect(checkpoint.read('w', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    )
  })
})

describe('sharded checkpoints', () => {
  const index = (map: Record<string, string>, total = 8) =>
    text(JSON.stringify({ metadata: { total_size: total }, weight_map: map }))
  const shards = async (): Promise<Map<string, Uint8Array>> =>
    new Map([
      ['a.safetensors', await one('x', 1)],
      ['b.safetensors', await one('y', 2)],
    ])
  const openIndex = async (bytes: Uint8Array, files?: Map<string, Uint8Array>) => {
    const known = files ?? (await shards())
    return openCheckpoint(bytesFromMemory(bytes), {
      name: 'model.safetensors.index.json',
      openShard: async (name) => (known.has(name) ? bytesFromMemory(known.get(name)!) : undefined),
    })
  }

  it('joins shards and reads across them', async () => {
    const checkpoint = await openIndex(index({ y: 'b.safetensors', x: 'a.safetensors' }))
    expect(checkpoint.format).toBe('sharded')
    expect(checkpoint.notes).toEqual([])
    expect(checkpoint.tensors.get('y')!.file).toBe('b.safetensors')
    expect([...(await checkpoint.read('x')), ...(await checkpoint.read('y', { as: 'float32' }))]).toEqual([
      1, 2,
    ])
    await checkpoint.close()
  })

  it('names missing shards and tensors, and notes a wrong total', async () => {
    await expect(openIndex(index({ x: 'a.safetensors', z: 'c.safetensors' }))).rejects.toMatchObject({
      code: 'missing',
      entry: 'c.safetensors',
    })
    await expect(openIndex(index({ z: 'a.safetensors' }))).rejects.toMatchObject({
      code: 'missing',
      entry: 'z in a.safetensors',
    })
    expect((await openIndex(index({ x: 'a.safetensors' }, 9))).notes).toEqual([
      'the index says 9 bytes of tensors, the shards hold 4',
    ])
  })

  it.each([
    '../a.safetensors',
    '/etc/passwd',
    'a/b.safetensors',
    '..',
    'C:a',
    'a\\b',
    '',
    'x\0y',
    'model.safetensors.index.json',
  ])('refuses the shard name %j', async (name) => {
    await expect(openIndex(index({ x: name }))).rejects.toMatchObject({ code: 'forbidden', entry: name })
  })
})

describe('files on disk', () => {
  const tensors = [{ name: 'w', dtype: 'float32' as const, shape: [2], data: Float32Array.of(1, 2) }]

  it('writes, then opens by file, folder and symbolic link', async () => {
    const path = join(folder, 'model.safetensors')
    const plan = await writeSafetensorsFile(path, { tensors, metadata: { made: 'here' } })
    const link = join(folder, 'link.safetensors')
    symlinkSync(path, link)
    for (const target of [path, folder, link]) {
      const checkpoint = await openCheckpointFile(target)
      expect([...(await checkpoint.read('w'))]).toEqual([1, 2])
      expect(checkpoint.tensors.get('w')).toMatchObject({
        byteOffset: plan.tensors[0].byteOffset,
        byteLength: 8,
      })
      await checkpoint.close()
    }
    const { byteOffset } = plan.tensors[0]
    expect(readFileSync(path).readFloatLE(byteOffset + 4)).toBe(2)
  })

  it('leaves the old file and no temporary one when writing fails midway', async () => {
    const path = join(folder, 'kept.safetensors')
    await writeSafetensorsFile(path, { tensors })
    const before = readFileSync(path)
    const failing = [
      ...tensors,
      { ...tensors[0], name: 'x', data: () => Promise.reject(new Error('out of luck')) },
    ]
    await expect(writeSafetensorsFile(path, { tensors: failing })).rejects.toThrow('out of luck')
    await expect(
      writeSafetensorsFile(path, { tensors, signal: AbortSignal.abort(new Error('stop')) }),
    ).rejects.toThrow('stop')
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(folder).filter((name) => name.includes('incomplete'))).toEqual([])
  })

  it('says which file is missing, that a folder is none, and that a folder holds nothing', async () => {
    await expect(openCheckpointFile(join(folder, 'none.pth'))).rejects.toMatchObject({ code: 'missing' })
    await expect(openFileBytes(folder)).rejects.toMatchObject({ code: 'io' })
    const empty = mkdtempSync(join(folder, 'empty-'))
    await expect(openCheckpointFile(empty)).rejects.toMatchObject({
      code: 'missing',
      message: expect.stringMatching(/no checkpoint/),
    })
    await expect(
      writeSafetensorsFile(join(folder, 'no', 'x.safetensors'), { tensors }),
    ).rejects.toMatchObject({ code: 'missing' })
  })

  it('opens a sharded folder, its index chosen before other files', async () => {
    const sharded = mkdtempSync(join(folder, 'sharded-'))
    await writeSafetensorsFile(join(sharded, 'model-1.safetensors'), { tensors })
    writeFileSync(
      join(sharded, 'model.safetensors.index.json'),
      JSON.stringify({ weight_map: { w: 'model-1.safetensors' } }),
    )
    const checkpoint = await openCheckpointFile(sharded)
    expect(checkpoint.tensors.get('w')!.file).toBe(join(sharded, 'model-1.safetensors'))
    await checkpoint.close()
  })
})

/** Small deterministic random numbers (xorshift32): a failing case is found again by its number. */
function randomOf(seed: number): (below: number) => number {
  let x = seed | 1
  return (below) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % below
  }
}

/** Bytes that matter to these formats more than others: opcodes, digits, quotes, extremes. */
const TELLING = Uint8Array.from([
  0, 1, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x30, 0x39, 0x52, 0x51, 0x68, 0x71, 0x74, 0x7b, 0x7d, 0x22, 0x2c, 0x5b,
  0x5d, 0x93, 0x94,
])

function mutated(seedFile: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes: Uint8Array = seedFile.slice()
  for (let edits = 1 + random(3); edits > 0; edits--) {
    const at = random(bytes.length || 1)
    const kind = random(8)
    if (kind < 4 && bytes.length > 0) bytes[at] = kind < 2 ? TELLING[random(TELLING.length)] : random(256)
    else if (kind === 4) bytes = bytes.slice(0, at)
    else if (kind === 5)
      bytes = joinBytes(bytes.subarray(0, at), [TELLING[random(TELLING.length)]], bytes.subarray(at))
    else if (kind === 6) bytes = joinBytes(bytes.subarray(0, at), bytes.subarray(at + 1 + random(4)))
    else if (bytes.length > 8)
      bytes.copyWithin(at, random(bytes.length), Math.min(bytes.length, at + random(12)))
  }
  return bytes
}

describe('100,000 mutated files', () => {
  const storage = { className: 'FloatStorage', key: '0', size: 4 }
  const seeds = async (): Promise<Uint8Array[]> => [
    await encodeSafetensors({
      tensors: [
        { name: 'a', dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) },
        { name: 'b', dtype: 'bfloat16', shape: [1, 3], data: Uint16Array.of(1, 2, 3) },
      ],
      metadata: { k: 'v' },
    }),
    writeTorchZip(
      op.dict(
        op.text('a'),
        tensorPickle(storage, [2, 2], [1, 2]),
        op.text('b'),
        tensorPickle(storage, [3], [1], 1),
      ),
      { 0: new Uint8Array(16).fill(7) },
      { alignBytes: 8, root: 'r' },
    ),
    writeTorchZip(
      op.dict(op.text('model'), op.dict(op.text('a'), tensorPickle(storage, [4], [1]))),
      { 0: new Uint8Array(16) },
      { zip64: true, alignBytes: 1, root: 'r', byteOrder: 'big' },
    ),
    writeTorchLegacy(op.dict(op.text('a'), tensorPickle(storage, [4], [1])), [
      { key: '0', size: 4, data: new Uint8Array(16) },
    ]),
  ]

  it('give tensors or a CheckpointError; never another error, a read outside the file, or much memory', async () => {
    const files = await seeds()
    const random = randomOf(20260)
    const outcomes = new Map<string, number>()
    let largest = 0
    const { stackTraceLimit } = Error
    // Most cases throw; collecting stacks would take most of the time.
    Error.stackTraceLimit = 0
    onTestFinished(() => {
      Error.stackTraceLimit = stackTraceLimit
    })
    for (let i = 0; i < 100_000; i++) {
      const bytes = mutated(files[i % files.length], random)
      let outcome = 'read'
      try {
        const checkpoint = await openCheckpoint(guardedSource(bytes), { name: 'fuzzed' })
        for (const name of checkpoint.tensors.keys()) {
          const values = await checkpoint.read(name, { as: 'float32' })
          largest = Math.max(largest, values.length)
        }
      } catch (error) {
        const { name, code, message } = error as { name: string; code: string; message: string }
        if (name !== 'CheckpointError' || code === 'io')
          throw new Error(`case ${i}: ${name} ${message}`, { cause: error })
        outcome = code
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    // Expanded views may unfold, within MAX_EXPANDED_BYTES; nothing else can exceed the file's few hundred bytes.
    expect(largest).toBeLessThanOrEqual(16 * 1024 * 1024)
    for (const kind of ['read', 'malformed', 'truncated', 'not-a-checkpoint', 'unsupported']) {
      expect(outcomes.get(kind) ?? 0, kind).toBeGreaterThan(100)
    }
  }, 120_000)
})
