// Which Python names a pickle may hold, and which few of them build plain values. The rule:
//   1. names on the lists below build data (dicts, sets, numpy scalars and arrays);
//   2. names that can act when called (os.system, builtins.eval, subprocess.*) make the whole file `forbidden`: nothing would be
//      executed here in any case, but a checkpoint that names them was made to attack whoever opens it elsewhere;
//   3. every other name may stand in the file, outside tensors, and is described, never resolved.
// Names as CPython's pickle and numpy write them (numpy/core/src/multiarray: __reduce__ of ndarray, dtype and scalars).
import {
  isKind,
  type PickleNumpyArray,
  type PickleNumpyType,
  type PickleTuple,
  type PickleValue,
  sequenceOf,
} from './pickle-values.ts'

/** Builds a value from the arguments of a call, or undefined where they are not the expected ones (the call is then described). */
export type PickleBuilder = (args: readonly PickleValue[]) => PickleValue | undefined

const ACTING_MODULES = new Set(
  `os posix nt sys subprocess shutil socket pty importlib imp runpy ctypes _ctypes code codeop commands popen2 multiprocessing
  _posixsubprocess asyncio webbrowser urllib urllib2 http ftplib smtplib telnetlib xmlrpc socketserver requests aiohttp httpx pickle _pickle cPickle
  dill joblib marshal shelve pdb bdb timeit trace cProfile profile doctest platform zipimport pkgutil pip setuptools
  distutils ensurepip venv site idlelib lib2to3 pydoc gc signal threading _thread faulthandler antigravity nntplib poplib imaplib
  sqlite3 linecache tempfile glob fileinput mmap resource fcntl winreg _winapi msvcrt atexit`.split(/\s+/),
)

/** Single names that act, in modules that also hold harmless ones. */
const ACTING_NAMES = new Set([
  'types.FunctionType',
  'types.CodeType',
  'types.LambdaType',
  'types.MethodType',
  'operator.methodcaller',
  'operator.attrgetter',
  'torch.load',
  'torch.save',
  'torch.serialization.load',
  'numpy.load',
  'numpy.save',
  'numpy.fromfile',
  'numpy.memmap',
  'numpy.testing._private.utils.runstring',
  'logging.config.fileConfig',
  'logging.config.listen',
  'cloudpickle.cloudpickle._make_function',
  'cloudpickle.cloudpickle._make_skel_func',
])
const ACTING_PREFIXES = [
  'torch.hub',
  'torch.utils.cpp_extension',
  'torch.multiprocessing',
  'numpy.f2py',
  'numpy.distutils',
]

/** The builtins that a pickle of data names; all others (eval, exec, open, __import__, compile, ...) act. */
const DATA_BUILTINS = new Set(
  `set frozenset list dict tuple bytearray bytes str unicode basestring int long float complex bool object slice range xrange type
  getattr property staticmethod classmethod enumerate zip map filter reversed NoneType Ellipsis NotImplemented`.split(
    /\s+/,
  ),
)
const BUILTIN_MODULES = new Set(['builtins', '__builtin__', '__builtins__'])

/** Whether naming `module.name` makes a file forbidden (rule 2). */
export function isActing(module: string, name: string): boolean {
  const segments = name.split('.')
  if (BUILTIN_MODULES.has(module)) {
    return segments.length > 1 || !(DATA_BUILTINS.has(name) || /(Error|Exception|Warning)$/.test(name))
  }
  if (ACTING_MODULES.has(module.split('.')[0])) return true
  const full = `${module}.${name}`
  if (
    ACTING_NAMES.has(full) ||
    ACTING_PREFIXES.some((prefix) => full === prefix || full.startsWith(`${prefix}.`))
  ) {
    return true
  }
  // Protocol 4 resolves dotted names attribute by attribute: `torch` + `os.system` reaches the same function.
  return (
    segments.length > 1 &&
    segments.some(
      (part) =>
        ACTING_MODULES.has(part) ||
        BUILTIN_MODULES.has(part) ||
        part === '__globals__' ||
        part === '__import__',
    )
  )
}

function mapFrom(value: PickleValue | undefined): Map<PickleValue, PickleValue> | undefined {
  if (value === undefined) return new Map()
  if (value instanceof Map) return new Map(value)
  const pairs = sequenceOf(value)?.map((pair) => sequenceOf(pair))
  if (pairs === undefined || pairs.some((pair) => pair?.length !== 2)) return undefined
  return new Map(pairs as unknown as [PickleValue, PickleValue][])
}

function tuple(items: readonly PickleValue[]): PickleTuple {
  return { kind: 'tuple', items }
}

/** latin-1 text back to the bytes that protocols 0 to 2 wrote as text. */
function latin1Bytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255) return undefined
    bytes[i] = code
  }
  return bytes
}

const NUMPY_CODE = /^[<>|=]?(?:[iu][1248]|f[248]|b1|c8|c16)$/

function numpyScalar(args: readonly PickleValue[]): PickleValue | undefined {
  const [dtype, raw] = args
  const bytes = typeof raw === 'string' ? latin1Bytes(raw) : raw
  if (!isKind(dtype, 'numpy-dtype') || !(bytes instanceof Uint8Array)) return undefined
  const code = dtype.code.replace(/^[<>|=]/, '')
  if (bytes.length !== Number(code.slice(1))) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = !dtype.code.startsWith('>')
  const integer = (value: bigint): PickleValue =>
    Number.isSafeInteger(Number(value)) ? Number(value) : value
  switch (code) {
    case 'f8':
      return view.getFloat64(0, little)
    case 'f4':
      return view.getFloat32(0, little)
    case 'i8':
      return integer(view.getBigInt64(0, little))
    case 'u8':
      return integer(view.getBigUint64(0, little))
    case 'i4':
      return view.getInt32(0, little)
    case 'u4':
      return view.getUint32(0, little)
    case 'i2':
      return view.getInt16(0, little)
    case 'u2':
      return view.getUint16(0, little)
    case 'i1':
      return view.getInt8(0)
    case 'u1':
      return view.getUint8(0)
    case 'b1':
      return view.getUint8(0) !== 0
    default:
      return undefined
  }
}

const emptyArray: PickleBuilder = (args) => {
  if (!isKind(args[0], 'global') || args[0].name !== 'ndarray') return undefined
  return { kind: 'numpy-array', dtype: '', shape: [], columnMajor: false, data: new Uint8Array(0) }
}

/** Protocol 5 passes an array's bytes to a function: (buffer, dtype, shape, order). */
const bufferArray: PickleBuilder = ([data, dtype, shape, order]) => {
  const array: PickleNumpyArray = {
    kind: 'numpy-array',
    dtype: '',
    shape: [],
    columnMajor: false,
    data: new Uint8Array(0),
  }
  const state: PickleTuple = tuple([1, shape ?? null, dtype ?? null, order === 'F', data ?? null])
  return restoreNumpyArray(array, state) ? array : undefined
}

const BUILDERS = new Map<string, PickleBuilder>([
  ['collections.OrderedDict', (args) => mapFrom(args[0])],
  ['collections.defaultdict', (args) => mapFrom(args[1])],
  ['collections.Counter', (args) => mapFrom(args[0])],
  ['collections.deque', (args) => [...(sequenceOf(args[0]) ?? [])]],
  ['builtins.dict', (args) => mapFrom(args[0])],
  ['builtins.list', (args) => [...(sequenceOf(args[0]) ?? [])]],
  ['builtins.tuple', (args) => tuple(sequenceOf(args[0]) ?? [])],
  ['builtins.set', (args) => new Set(sequenceOf(args[0]) ?? [])],
  ['builtins.frozenset', (args) => new Set(sequenceOf(args[0]) ?? [])],
  [
    'builtins.bytearray',
    (args) =>
      typeof args[0] === 'string'
        ? latin1Bytes(args[0])
        : args[0] instanceof Uint8Array
          ? args[0]
          : undefined,
  ],
  [
    '_codecs.encode',
    (args) => (typeof args[0] === 'string' && args[1] === 'latin1' ? latin1Bytes(args[0]) : undefined),
  ],
  ['numpy.core.multiarray._reconstruct', emptyArray],
  ['numpy._core.multiarray._reconstruct', emptyArray],
  ['numpy.core.numeric._frombuffer', bufferArray],
  ['numpy._core.numeric._frombuffer', bufferArray],
  ['numpy.core.multiarray.scalar', numpyScalar],
  ['numpy._core.multiarray.scalar', numpyScalar],
  [
    'numpy.dtype',
    (args) =>
      typeof args[0] === 'string' && NUMPY_CODE.test(args[0])
        ? { kind: 'numpy-dtype', code: args[0] }
        : undefined,
  ],
])

/** The builder of a plain Python or numpy name (rule 1), or undefined. */
export function plainBuilder(module: string, name: string): PickleBuilder | undefined {
  return BUILDERS.get(`${BUILTIN_MODULES.has(module) ? 'builtins' : module}.${name}`)
}

/** `dtype.__setstate__((version, byteorder, ...))`: only the byte order matters for plain types. */
export function restoreNumpyType(dtype: PickleNumpyType, state: PickleValue): void {
  const order = sequenceOf(state)?.[1]
  if (order === '<' || order === '>' || order === '|') dtype.code = order + dtype.code.replace(/^[<>|=]/, '')
}

/** `ndarray.__setstate__((version, shape, dtype, is_fortran, rawdata))`. False where the state is not that of a plain array. */
export function restoreNumpyArray(array: PickleNumpyArray, state: PickleValue): boolean {
  const fields = sequenceOf(state)
  if (fields?.length !== 5) return false
  const shape = sequenceOf(fields[1])
  const dtype = fields[2]
  const data = typeof fields[4] === 'string' ? latin1Bytes(fields[4]) : fields[4]
  if (shape === undefined || !isKind(dtype, 'numpy-dtype') || !(data instanceof Uint8Array)) return false
  const elementBytes = Number(dtype.code.replace(/^\D+/, ''))
  const count = shape.reduce<number>(
    (product, size) => product * (typeof size === 'number' && size >= 0 ? size : Number.NaN),
    1,
  )
  if (count * elementBytes !== data.length) return false
  array.dtype = dtype.code
  array.shape = shape as number[]
  array.columnMajor = fields[3] === true
  array.data = data
  return true
}
