import { describe, expect, it } from 'vitest'
import { joinBytes, op } from '../test/torch-writer.ts'
import { CheckpointError } from './error.ts'
import { type ReadPickleOptions, readPickle } from './pickle.ts'
import { describePickle, isKind } from './pickle-values.ts'

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const read = (text: string, options?: ReadPickleOptions) => readPickle(latin1(text), options)

function refusal(bytes: Uint8Array | string, options?: ReadPickleOptions): CheckpointError {
  try {
    readPickle(typeof bytes === 'string' ? latin1(bytes) : bytes, options)
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError)
    return error as CheckpointError
  }
  throw new Error('it was read')
}

describe('plain values', () => {
  // The texts are what CPython's pickle.dumps wrote for the values beside them.
  const cases: [string, string, unknown][] = [
    [
      'protocol 0: a dict',
      '(dp0\nVa\np1\nI1\nsVb\np2\n(lp3\nF2.5\naNas.',
      new Map<string, unknown>([
        ['a', 1],
        ['b', [2.5, null]],
      ]),
    ],
    [
      'protocol 0: True, False, a long',
      '(lp0\nI01\naI00\naL12345678901234567890L\na.',
      [true, false, 12345678901234567890n],
    ],
    [
      'protocol 0: Python 2 strings with escapes',
      "(lp0\nS'a\\n\\xc3\\xa9'\np1\naS\"it's\"\np2\na.",
      ['a\né', "it's"],
    ],
    ['protocol 0: unicode escapes', 'V\\u20ac\\U0001f600\np0\n.', '€😀'],
    [
      'protocol 2: signed whole numbers',
      '\x80\x02]q\x00(K\xffM\xff\xffJ\xff\xff\xff\xff\x8a\x05\x00\x00\x00\x00\x80\x8a\x00e.',
      [255, 65535, -1, -(2 ** 39), 0],
    ],
    ['protocol 2: a Python 2 str that is no UTF-8 is latin-1', '\x80\x02U\x02\xe9tq\x00.', 'ét'],
    ['protocol 2: a float', '\x80\x02G?\xb9\x99\x99\x99\x99\x99\x9a.', 0.1],
    [
      'protocol 4: frame, memo, set',
      '\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8f\x94(\x8c\x01a\x94K\x01\x90.',
      new Set<unknown>(['a', 1]),
    ],
    [
      'protocol 2: bytes by way of _codecs.encode',
      '\x80\x02c_codecs\nencode\nq\x00X\x04\x00\x00\x00a\xc3\xbfbq\x01X\x06\x00\x00\x00latin1q\x02\x86q\x03Rq\x04.',
      Uint8Array.of(97, 255, 98),
    ],
    ['protocol 5: a bytearray', '\x80\x05\x96\x02\x00\x00\x00\x00\x00\x00\x00\x01\x02.', Uint8Array.of(1, 2)],
    [
      'an OrderedDict of pairs',
      '\x80\x02ccollections\nOrderedDict\n](X\x01\x00\x00\x00aK\x01\x86e\x85R.',
      new Map([['a', 1]]),
    ],
  ]
  it.each(cases)('%s', (_title, text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  it('reads what a RefCOCO refs(*).p holds: Python 2 dicts of lists, at protocol 2', () => {
    const text =
      '\x80\x02]q\x00}q\x01(U\x08sent_idsq\x02]q\x03(K\x00K\x01eU\x06ref_idq\x04M\x39\x30U\x05splitq\x05U\x04testq\x06ua.'
    expect(read(text)).toEqual([
      new Map<string, unknown>([
        ['sent_ids', [0, 1]],
        ['ref_id', 12345],
        ['split', 'test'],
      ]),
    ])
  })

  it('reads numpy scalars and arrays as raw data', () => {
    const dtype =
      '\x80\x02cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb'
    expect(
      read(
        `${dtype.replace('\x80\x02', '\x80\x02cnumpy.core.multiarray\nscalar\n')}C\x04\x3f\xc0\x00\x00\x86R.`,
      ),
    ).toBe(1.5)
    const array = read(
      `\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01K\x02\x85${dtype.slice(2)}\x89C\x08\x3f\x80\x00\x00\xc0\x00\x00\x00tb.`,
    )
    expect(array).toMatchObject({ kind: 'numpy-array', dtype: '>f4', shape: [2], columnMajor: false })
    const buffer = `\x80\x05cnumpy.core.numeric\n_frombuffer\n(\x96${'\x08'.padEnd(8, '\0')}\x3f\x80\x00\x00\xc0\x00\x00\x00`
    expect(read(`${buffer}${dtype.slice(2)}K\x01K\x02\x86\x8c\x01FtR.`)).toMatchObject({
      shape: [1, 2],
      columnMajor: true,
    })
  })
})

describe('names', () => {
  it('unknown classes are described with arguments, state, items and keys; nothing is called', () => {
    const value = read('\x80\x02cargparse\nNamespace\n)\x81}(X\x02\x00\x00\x00lrK\x05ub.')
    expect(value).toEqual({
      kind: 'object',
      callee: { kind: 'global', module: 'argparse', name: 'Namespace' },
      args: [],
      state: new Map([['lr', 5]]),
    })
    expect(describePickle(value)).toBe('<argparse.Namespace() state {"lr": 5}>')
    expect(refusal('\x80\x02cargparse\nNamespace\n)\x81.', { unknown: 'refuse' })).toMatchObject({
      code: 'unsupported',
      entry: 'argparse.Namespace',
    })
  })

  it.each([
    'os\nsystem',
    'posix\nsystem',
    'nt\nsystem',
    'subprocess\nPopen',
    'builtins\neval',
    '__builtin__\nexec',
    'builtins\n__import__',
    'builtins\ngetattr.__call__',
    'sys\nmodules',
    'shutil\nrmtree',
    'socket\ncreate_connection',
    'runpy\n_run_code',
    'importlib\nimport_module',
    'types\nFunctionType',
    'torch.hub\nload',
    'torch\nos.system',
    'webbrowser\nopen',
    'pickle\nloads',
    'os.path\nexists',
  ])('%j makes the file forbidden, by protocol 0, INST and STACK_GLOBAL', (names) => {
    const [module, name] = names.split('\n')
    const texts = [
      `c${names}\n(S'id'\ntR.`,
      `(S'id'\ni${names}\n.`,
      `\x80\x04\x8c${String.fromCharCode(module.length)}${module}\x8c${String.fromCharCode(name.length)}${name}\x93.`,
    ]
    for (const text of texts)
      expect(refusal(text)).toMatchObject({ code: 'forbidden', entry: `${module}.${name}` })
  })
})

describe('limits', () => {
  it.each([
    ['nothing', '', 'truncated'],
    ['no end', '\x80\x02]', 'truncated'],
    ['a string of 2^60 bytes', `\x80\x04\x8d${'\0'.repeat(7)}\x10`, 'truncated'],
    ['a pop from nothing', '0.', 'malformed'],
    ['a group that was never opened', 't.', 'malformed'],
    ['a pop below a mark', '](a.', 'malformed'],
    ['a memo that was never written', 'h\x05.', 'malformed'],
    ['protocol 6', '\x80\x06N.', 'unsupported'],
    ['an unknown instruction', '\xff.', 'malformed'],
    ['the extension registry', '\x80\x02\x82\x01.', 'unsupported'],
    ['buffers elsewhere', '\x80\x05\x97.', 'unsupported'],
    ['a persistent id', '\x80\x02K\x01Q.', 'unsupported'],
    ['a number of a million digits', `L${'9'.repeat(1_000_000)}L\n.`, 'too-large'],
    ['20,000 open groups', `${'('.repeat(20_000)}.`, 'too-large'],
  ])('%s', (_title, text, code) => {
    expect(refusal(text).code).toBe(code)
  })

  it.each([
    ['stackDepth', `(${'N'.repeat(1001)}t.`],
    ['containers', `${'}0'.repeat(1001)}N.`],
    ['opcodes', `${'N0'.repeat(501)}N.`],
    ['memoEntries', `\x80\x04N${'\x94'.repeat(1001)}.`],
    ['stringBytes', `V${'a'.repeat(1001)}\n.`],
    ['byteLength', `${'N0'.repeat(501)}N.`],
  ])('%s has a limit that can be set, and names itself', (name, text) => {
    expect(() => read(text)).not.toThrow()
    const error = refusal(text, { limits: { [name]: 1000 } })
    expect(error.code).toBe('too-large')
    expect(error.message).toContain(`more than 1000 (${name})`)
  })

  it('calls that copy a remembered argument again and again', () => {
    const big = `(${'N'.repeat(100_000)}tq\x00\x30cbuiltins\nset\nq\x010`
    expect(refusal(`\x80\x02${big}${'h\x01h\x00\x85R0'.repeat(1000)}N.`)).toMatchObject({ code: 'too-large' })
  })

  it('calls that name themselves without end', () => {
    const call = 'ccopyreg\n__newobj__\nq\x00'
    expect(refusal(`\x80\x02${call}(${'h\x00'.repeat(10_000)}tR.`)).toMatchObject({ code: 'too-large' })
  })

  it('lists nested 100,000 deep are read and printed without recursion running out', () => {
    const depth = 100_000
    const value = readPickle(
      joinBytes(op.proto(2), new Uint8Array(depth).fill(0x5d), new Uint8Array(depth - 1).fill(0x61), op.stop),
    )
    expect(Array.isArray(value)).toBe(true)
    expect(describePickle(value)).toBe('[[[[[...]]]]]')
  })

  it('a billion laughs is read in its own size and printed in bounded length', () => {
    let text = '\x80\x02](NNe'
    text += 'q\x000'
    for (let level = 1; level < 100; level++) {
      text += `](${`h${String.fromCharCode(level - 1)}`.repeat(10)}eq${String.fromCharCode(level)}0`
    }
    const value = read(`${text}h\x63.`)
    expect(describePickle(value, { maxDepth: 50, maxLength: 1000 }).length).toBeLessThanOrEqual(1003)
    expect(isKind(value, 'tuple')).toBe(false)
  })
})
