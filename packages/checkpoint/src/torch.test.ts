import { describe, expect, it, onTestFinished } from 'vitest'
import { fileWeight } from '../../graph/src/build/in-place.ts'
import {
  joinBytes,
  op,
  tensorPickle,
  writeTorchLegacy,
  writeTorchZip,
  writeZip,
} from '../test/torch-writer.ts'
import { bytesFromMemory } from './bytes.ts'
import { type OpenCheckpointOptions, openCheckpoint } from './checkpoint.ts'
import { CheckpointError } from './error.ts'
import { runPickle } from './pickle.ts'
import { describePickle, isKind } from './pickle-values.ts'
import { commonPrefix, torchContents } from './torch-contents.ts'
import { torchExtension } from './torch-pickle.ts'

const open = (bytes: Uint8Array, options: Partial<OpenCheckpointOptions> = {}) =>
  openCheckpoint(bytesFromMemory(bytes), { name: 'a.pth', ...options })

async function refusal(bytes: Uint8Array): Promise<CheckpointError> {
  const error = await open(bytes).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(CheckpointError)
  return error as CheckpointError
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
const SIX = Float32Array.of(0, 1, 2, 3, 4, 5)
const FLOATS = { className: 'FloatStorage', key: '0', size: 6 }
const row = tensorPickle(FLOATS, [2, 3], [3, 1])

describe('torch files (ZIP)', () => {
  it('reads a tensor and says where its bytes lie', async () => {
    const bytes = writeTorchZip(op.dict(op.text('w'), row), { 0: bytesOf(SIX) })
    const checkpoint = await open(bytes)
    expect(checkpoint.format).toBe('torch')
    expect(checkpoint.metadata.get('version')).toBe('3')
    const info = checkpoint.tensors.get('w')!
    expect(info).toMatchObject({
      dtype: 'float32',
      shape: [2, 3],
      byteLength: 24,
      inPlace: true,
      byteOrder: 'little',
    })
    expect(info.byteOffset % 64).toBe(0)
    expect(bytes.slice(info.byteOffset, info.byteOffset + 24)).toEqual(bytesOf(SIX))
    expect(await checkpoint.read('w')).toEqual(SIX)
  })

  it('materialises views: transposed, every other column, shared with an offset, expanded', async () => {
    const checkpoint = await open(
      writeTorchZip(
        op.dict(
          ...[op.text('transposed'), tensorPickle(FLOATS, [3, 2], [1, 3])],
          ...[op.text('columns'), tensorPickle(FLOATS, [2, 2], [3, 2])],
          ...[op.text('tail'), tensorPickle(FLOATS, [2], [1], 4)],
          ...[op.text('expanded'), tensorPickle(FLOATS, [2, 2], [0, 1], 2)],
          ...[op.text('one'), tensorPickle(FLOATS, [], [], 5)],
        ),
        { 0: bytesOf(SIX) },
      ),
    )
    expect([...(await checkpoint.read('transposed'))]).toEqual([0, 3, 1, 4, 2, 5])
    expect([...(await checkpoint.read('columns'))]).toEqual([0, 2, 3, 5])
    expect([...(await checkpoint.read('tail'))]).toEqual([4, 5])
    expect([...(await checkpoint.read('expanded'))]).toEqual([2, 3, 2, 3])
    expect([...(await checkpoint.read('one', { as: 'float32' }))]).toEqual([5])
    expect(checkpoint.tensors.get('transposed')!.inPlace).toBe(false)
    const tail = checkpoint.tensors.get('tail')!
    const place = { path: 'a.pth', offset: tail.byteOffset, length: 8, dtype: 'float32' }
    expect(fileWeight(tail)).toEqual(place)
    expect(() => fileWeight(checkpoint.tensors.get('transposed')!)).toThrow(/cannot be used in place/)
  })

  it('reads strided views of every element size', async () => {
    for (const [className, size] of [
      ['ByteStorage', 1],
      ['HalfStorage', 2],
      ['LongStorage', 8],
      ['ComplexDoubleStorage', 16],
    ] as const) {
      const data = Uint8Array.from({ length: 6 * size }, (_, i) => i)
      const checkpoint = await open(
        writeTorchZip(op.dict(op.text('t'), tensorPickle({ className, key: '0', size: 6 }, [3, 2], [1, 3])), {
          0: data,
        }),
      )
      const expected = [0, 3, 1, 4, 2, 5].flatMap((element) => [
        ...data.subarray(element * size, (element + 1) * size),
      ])
      expect([...(await checkpoint.read('t', { as: 'bytes' }))], className).toEqual(expected)
    }
  })

  it('reads big-endian files', async () => {
    const data = new Uint8Array(24)
    for (const [i, value] of SIX.entries()) new DataView(data.buffer).setFloat32(4 * i, value, false)
    const checkpoint = await open(
      writeTorchZip(op.dict(op.text('w'), row), { 0: data }, { byteOrder: 'big' }),
    )
    expect(checkpoint.tensors.get('w')!.inPlace).toBe(false)
    expect(await checkpoint.read('w')).toEqual(SIX)
    expect(await checkpoint.read('w', { as: 'float32' })).toEqual(SIX)
  })

  it('reads ZIP64 archives and archives with a comment', async () => {
    for (const options of [{ zip64: true }, { comment: 'PK\x05\x06 is what an end record begins with' }]) {
      const checkpoint = await open(writeTorchZip(op.dict(op.text('w'), row), { 0: bytesOf(SIX) }, options))
      expect(await checkpoint.read('w')).toEqual(SIX)
    }
  })

  it('unwraps {"model": {"module.x": ...}}, lists every group, and keeps the rest as data', async () => {
    const value = op.dict(
      ...[op.text('epoch'), op.int(7)],
      ...[
        op.text('optimizer'),
        op.dict(
          op.text('state'),
          op.dict(op.int(0), op.dict(op.text('step'), tensorPickle(FLOATS, [1], [1]))),
        ),
      ],
      ...[
        op.text('model'),
        op.dict(op.text('module.a.w'), row, op.text('module.b'), tensorPickle(FLOATS, [2], [1])),
      ],
    )
    const bytes = writeTorchZip(value, { 0: bytesOf(SIX) })
    const checkpoint = await open(bytes)
    expect([...checkpoint.tensors.keys()]).toEqual(['a.w', 'b'])
    expect(checkpoint.tensors.get('a.w')!.storedName).toBe('model.module.a.w')
    expect(checkpoint.group).toBe('model')
    expect(checkpoint.groups).toEqual([
      { path: 'optimizer.state.0', tensorCount: 1 },
      { path: 'model', tensorCount: 2 },
    ])
    expect((checkpoint.contents as Map<string, number>).get('epoch')).toBe(7)
    expect([...(await open(bytes, { group: 'optimizer.state' })).tensors.keys()]).toEqual(['0.step'])
    expect((await open(bytes, { group: '', stripPrefixes: [] })).tensors.has('model.module.a.w')).toBe(true)
    await expect(open(bytes, { group: 'modell' })).rejects.toMatchObject({
      code: 'missing',
      hint: expect.stringContaining('"model" (2)'),
    })
  })

  it('takes prefixes off only where every name has them', () => {
    expect(commonPrefix(['module.hf_model.a', 'module.hf_model.b'])).toBe('module.hf_model.')
    expect(commonPrefix(['module.a', 'b'])).toBe('')
    expect(commonPrefix(['module.'])).toBe('')
    expect(commonPrefix([])).toBe('')
  })

  it('describes unknown classes and says which tensors it left out', async () => {
    const history = [
      ...op.global('mmengine.logging.history_buffer', 'HistoryBuffer'),
      ...op.emptyTuple,
      ...op.reduce,
    ]
    const quantised = [...op.global('torch._utils', '_rebuild_qtensor'), ...op.tuple(op.int(1)), ...op.reduce]
    const checkpoint = await open(
      writeTorchZip(
        op.dict(
          op.text('state_dict'),
          op.dict(op.text('w'), row, op.text('q'), quantised),
          op.text('h'),
          history,
        ),
        { 0: bytesOf(SIX) },
      ),
    )
    expect([...checkpoint.tensors.keys()]).toEqual(['w'])
    expect(checkpoint.notes.join()).toMatch(
      /1 tensors .* left out: state_dict\.q: torch\._utils\._rebuild_qtensor/,
    )
    const described = (checkpoint.contents as Map<string, never>).get('h')
    expect(isKind(described, 'object')).toBe(true)
  })
})

describe('torch files from before 1.6', () => {
  it('reads storages that follow the pickles', async () => {
    const half = { className: 'HalfStorage', key: '7', size: 2 }
    const checkpoint = await open(
      writeTorchLegacy(op.dict(op.text('w'), row, op.text('h'), tensorPickle(half, [2], [1])), [
        { key: '0', size: 6, data: bytesOf(SIX) },
        { key: '7', size: 2, data: [0, 0x3c, 0, 0xc0] },
      ]),
    )
    expect(checkpoint.format).toBe('torch-legacy')
    expect(await checkpoint.read('w')).toEqual(SIX)
    expect([...(await checkpoint.read('h', { as: 'float32' }))]).toEqual([1, -2])
  })

  it('says that the file ends early', async () => {
    const bytes = writeTorchLegacy(op.dict(op.text('w'), row), [{ key: '0', size: 6, data: bytesOf(SIX) }])
    expect(await refusal(bytes.slice(0, -1))).toMatchObject({ code: 'truncated', entry: '0' })
    expect(await refusal(bytes.slice(0, 60))).toMatchObject({ code: 'truncated' })
  })
})

describe('refusing', () => {
  const six = { 0: bytesOf(SIX) }
  const zipOf = (value: readonly number[], storages: Record<string, Uint8Array> = six) =>
    writeTorchZip(value, storages)
  const system = (module: string, name: string) => [
    ...op.global(module, name),
    ...op.tuple(op.text('id')),
    ...op.reduce,
  ]
  const w = (tensor: number[]) => op.dict(op.text('w'), tensor)
  const good = zipOf(w(row))
  const cases: [string, Uint8Array, string, RegExp][] = [
    ['a pickle that asks for os.system', zipOf(w(system('os', 'system'))), 'forbidden', /os\.system/],
    ['the same under its real name', zipOf(w(system('posix', 'system'))), 'forbidden', /posix\.system/],
    ['builtins.eval', zipOf(w(system('builtins', 'eval'))), 'forbidden', /builtins\.eval/],
    [
      'a name that is only held, not called',
      zipOf(op.list(row, op.global('subprocess', 'Popen'))),
      'forbidden',
      /subprocess\.Popen/,
    ],
    [
      'os.system hidden in another module',
      zipOf(op.global('torch', 'serialization.os.system')),
      'forbidden',
      /os\.system/,
    ],
    [
      'an archive with ../x',
      writeZip([
        ['../x', [1]],
        ['archive/data.pkl', [0x4e, 0x2e]],
      ]),
      'forbidden',
      /leaves its folder.*\.\.\/x/,
    ],
    ['an archive with an absolute path', writeZip([['/etc/passwd', [1]]]), 'forbidden', /etc\/passwd/],
    ['an archive with a drive', writeZip([['C:\\x', [1]]]), 'forbidden', /leaves its folder/],
    [
      'compressed entries',
      writeZip([['archive/data.pkl', [1]]], { method: 8 }),
      'unsupported',
      /compressed \(method 8\)/,
    ],
    [
      'two entries of one name',
      writeZip([
        ['archive/data.pkl', [1]],
        ['archive/data.pkl', [1]],
      ]),
      'malformed',
      /share a name/,
    ],
    ['an archive without its end', good.slice(0, -30), 'truncated', /no directory/],
    ['a plain archive', writeZip([['readme.txt', 'hello']]), 'not-a-checkpoint', /no data\.pkl/],
    ['a numpy archive', writeZip([['w.npy', [1]]]), 'not-a-checkpoint', /numpy/],
    ['a storage that is not there', zipOf(w(row), {}), 'missing', /lacks the bytes/],
    [
      'a storage shorter than it claims',
      zipOf(w(row), { 0: new Uint8Array(20) }),
      'truncated',
      /claims 24 bytes, the file has 20/,
    ],
    [
      'a view that leaves its storage',
      zipOf(w(tensorPickle(FLOATS, [2, 3], [3, 1], 1))),
      'malformed',
      /leaves its storage/,
    ],
    ['strides of 2^50', zipOf(w(tensorPickle(FLOATS, [2], [2 ** 50]))), 'malformed', /leaves its storage/],
    [
      'a shape of 2^80 elements',
      zipOf(w(tensorPickle(FLOATS, [2 ** 40, 2 ** 40], [0, 0]))),
      'malformed',
      /more elements than can be counted/,
    ],
    [
      'a tensor made of a string',
      zipOf([
        ...op.global('torch._utils', '_rebuild_tensor_v2'),
        ...op.tuple(op.text('x'), op.int(0)),
        ...op.reduce,
      ]),
      'malformed',
      /something else than a storage/,
    ],
    [
      'quantised storages',
      zipOf(w(tensorPickle({ ...FLOATS, className: 'QInt8Storage' }, [1], [1]))),
      'unsupported',
      /torch\.QInt8Storage/,
    ],
    [
      'another byte order',
      writeTorchZip(w(row), six, { byteOrder: 'middle' }),
      'malformed',
      /neither little nor big/,
    ],
    [
      'a plain pickle',
      Uint8Array.from([...op.proto(2), ...op.list(), ...op.stop]),
      'not-a-checkpoint',
      /plain pickle/,
    ],
  ]
  it.each(cases)('%s', async (_title, bytes, code, message) => {
    const error = await refusal(bytes)
    expect(`${error.code}: ${error.message}`).toMatch(message)
    expect(error).toMatchObject({ code, file: 'a.pth' })
  })

  it('does not unfold a view of 2^40 elements out of 4 bytes', async () => {
    const checkpoint = await open(zipOf(w(tensorPickle(FLOATS, [2 ** 40], [0]))))
    await expect(checkpoint.read('w')).rejects.toMatchObject({ code: 'too-large', entry: 'w' })
  })

  it('two storages over the same bytes: a local header inside the data of another entry', async () => {
    const inner = joinBytes('PK\x03\x04', new Uint8Array(22), [14, 0, 0, 0], 'archive/data/1', bytesOf(SIX))
    const value = op.list(row, tensorPickle({ ...FLOATS, key: '1' }, [6], [1]))
    const bytes = writeTorchZip(value, { 0: inner, 1: bytesOf(SIX) })
    const outer = (await open(bytes)).tensors.get('0')!.byteOffset
    const view = new DataView(bytes.buffer)
    const isDirectoryEntry = (at: number) =>
      view.getUint32(at, true) === 0x02014b50 &&
      new TextDecoder().decode(bytes.subarray(at + 46, at + 60)) === 'archive/data/1'
    let at = 0
    while (!isDirectoryEntry(at)) at++
    view.setUint32(at + 42, outer, true)
    expect(await refusal(bytes)).toMatchObject({
      code: 'malformed',
      message: expect.stringMatching(/overlap/),
    })
  })

  it('values that contain themselves, and a billion laughs', async () => {
    // A list that holds itself beside a tensor: L = [L, row].
    const self = [0x5d, 0x71, 200, 0x28, 0x68, 200, ...row, 0x65]
    expect([...(await open(zipOf(self))).tensors.keys()]).toEqual(['1'])
    // An object whose state is the object itself.
    const own = [...op.global('some.where', 'Thing'), ...op.emptyTuple, 0x81, 0x71, 201, 0x68, 201, 0x62]
    expect((await open(zipOf(op.list(row, own)))).tensors.size).toBe(1)
    // 30 lists, each holding the one before it ten times: 10^30 paths lead to the tensor.
    const laughs = [0x5d, 0x71, 0, 0x30]
    laughs.push(...row, 0x71, 0, 0x30)
    for (let level = 1; level <= 30; level++) {
      laughs.push(
        0x5d,
        0x28,
        ...Array.from({ length: 10 }, () => [0x68, level - 1]).flat(),
        0x65,
        0x71,
        level,
        0x30,
      )
    }
    laughs.push(0x68, 30)
    expect(await refusal(zipOf(laughs))).toMatchObject({ code: 'too-large' })
  })

  it('20,000 random programs for the pickle machine', () => {
    const opcodes = joinBytes(
      '(.012FNIJKMLPQRSTUVXBCGacbdeghijlopqrstu})',
      [0x80, 0x81, 0x82, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95],
    )
    // Three values to begin with, so that programs get somewhere: a class, an object of it, a tensor.
    const thing = op.global('some.where', 'Thing')
    const start = [
      ...op.proto(2),
      ...thing,
      0x71,
      0,
      ...thing,
      ...op.emptyTuple,
      0x81,
      0x71,
      1,
      ...row,
      0x71,
      2,
    ]
    let x = 77
    const random = (below: number) => {
      x ^= x << 13
      x ^= x >>> 17
      x ^= x << 5
      return (x >>> 0) % below
    }
    const outcomes = new Set<string>()
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    onTestFinished(() => {
      Error.stackTraceLimit = stackTraceLimit
    })
    for (let i = 0; i < 20_000; i++) {
      const program = Array.from({ length: random(30) }, () =>
        random(3) > 0 ? opcodes[random(opcodes.length)] : random(6),
      )
      let outcome = 'read'
      try {
        const { value } = runPickle(joinBytes(start, program, op.stop), {}, torchExtension(new Map()))
        if (describePickle(value).length > 5000) throw new Error('the text has no bound')
        torchContents(value, { file: 'x' })
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw new Error(`program ${i} ${program}`, { cause: error })
        outcome = error.code
      }
      outcomes.add(outcome)
    }
    expect([...outcomes].sort()).toEqual(expect.arrayContaining(['malformed', 'read', 'truncated']))
  })
})
