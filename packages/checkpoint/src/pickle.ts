// Python pickles read as data: the stack machine of protocols 0 to 5 (CPython Lib/pickletools.py documents every opcode), where
// "call" and "import" only build descriptions. Long because the machine is one loop over one state. Which names are plain, described or forbidden is decided in pickle-globals.ts.
import { CheckpointError, type CheckpointErrorCode } from './error.ts'
import { isActing, plainBuilder, restoreNumpyArray, restoreNumpyType } from './pickle-globals.ts'
import { copyBytes, rawUnicode, unescaped } from './pickle-text.ts'
import {
  isKind,
  type PickleGlobal,
  type PickleObject,
  type PickleTuple,
  type PickleValue,
} from './pickle-values.ts'

/** Bounds of one pickle; each is far above the largest real file named beside it, and far below what exhausts memory. */
export const PICKLE_LIMITS = {
  /** 50,000 RefCOCO references take 13 MB; the data.pkl of a published checkpoint stays under 20 MB. */
  byteLength: 512 * 1024 * 1024,
  /** 50,000 RefCOCO references take under 6 million. */
  opcodes: 40_000_000,
  /** Lists, dicts, tuples, objects: 1 byte of pickle makes some 200 of memory. 50,000 RefCOCO references take 450,000. */
  containers: 4_000_000,
  /** Values on the stack at once; writers batch by 1,000, tuples hold a few. */
  stackDepth: 2_000_000,
  /** Open marks: nesting of unfinished containers; Python's own writer stops near 1,000. */
  markDepth: 10_000,
  /** Remembered values; Python's writer remembers every container and string. */
  memoEntries: 10_000_000,
  /** Bytes of values that calls copy (`OrderedDict(pairs)`): a remembered argument could be copied without end. */
  copiedBytes: 512 * 1024 * 1024,
  /** One string; mmengine keeps a whole configuration file in one, some 100 kB. */
  stringBytes: 64 * 1024 * 1024,
  /** Digits or bytes of one whole number: more would take quadratic time to convert. */
  integerBytes: 1024,
}

const MAX_CALL_DEPTH = 8

export type PickleLimits = typeof PICKLE_LIMITS

export type ReadPickleOptions = {
  /** The file's name, for errors. */
  file?: string
  /** Offset of the pickle in that file, for errors. */
  startByte?: number
  /** What to do with names that this reader does not know: 'describe' them (the default) or 'refuse' the file. */
  unknown?: 'describe' | 'refuse'
  /** Python 2 `str` values: 'auto' is UTF-8 where valid, else latin-1; 'latin1' keeps every byte (numpy arrays of Python 2). */
  strings?: 'auto' | 'latin1'
  limits?: Partial<PickleLimits>
}

/** Further names that build values, and what a persistent id stands for: how torch files extend plain pickles. */
export type PickleExtension = {
  builder(
    module: string,
    name: string,
  ): ((args: readonly PickleValue[], context: PickleContext) => PickleValue | undefined) | undefined
  persistent(id: PickleValue, context: PickleContext): PickleValue
}

/** What an extension's builder may use: a typed failure at the current byte, and a call of another name. */
export type PickleContext = {
  fail(what: string, entry?: string, code?: CheckpointErrorCode): never
  call(callee: PickleValue, args: readonly PickleValue[]): PickleValue
}

/**
 * Reads a pickle without executing anything: unknown classes and functions come out as descriptions (`kind: 'object'`).
 * Bytes after the pickle's end are left alone.
 * @throws CheckpointError `forbidden` where the pickle names something that acts (os.system), `malformed`, `truncated`, `too-large`,
 * `unsupported` (extension registry, out-of-band buffers).
 */
export function readPickle(bytes: Uint8Array, options: ReadPickleOptions = {}): PickleValue {
  return runPickle(bytes, options).value
}

/** As `readPickle`, with an extension; also tells where the pickle ended. */
export function runPickle(
  bytes: Uint8Array,
  options: ReadPickleOptions = {},
  extension?: PickleExtension,
): { value: PickleValue; byteLength: number } {
  const limits = { ...PICKLE_LIMITS, ...options.limits }
  const startByte = options.startByte ?? 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const latin1 = (from: number, to: number): string => {
    let text = ''
    for (let i = from; i < to; i += 8192)
      text += String.fromCharCode(...bytes.subarray(i, Math.min(to, i + 8192)))
    return text
  }
  let at = 0
  let opcodeAt = 0
  let containers = 0
  let opcodes = 0
  let copied = 0
  let callDepth = 0
  const stack: PickleValue[] = []
  const marks: number[] = []
  const memo = new Map<number, PickleValue>()

  const fail: (what: string, entry?: string, code?: CheckpointErrorCode, hint?: string) => never = (
    what,
    entry,
    code = 'malformed',
    hint,
  ) => {
    throw new CheckpointError(code, `pickle: ${what}`, {
      file: options.file,
      at: startByte + opcodeAt,
      entry,
      hint,
    })
  }
  const limit = (name: keyof PickleLimits, got: number): void => {
    if (got > limits[name]) fail(`more than ${limits[name]} (${name})`, undefined, 'too-large')
  }
  if (bytes.byteLength > limits.byteLength) limit('byteLength', bytes.byteLength)

  const need = (count: number): number => {
    if (count > bytes.byteLength - at) {
      fail(
        'it ends in the middle of an instruction',
        undefined,
        'truncated',
        'The file looks cut short: fetch it again.',
      )
    }
    const from = at
    at += count
    return from
  }
  const longLength = (): number => {
    const high = view.getUint32(need(8) + 4, true)
    // A length that leaves 2^53 leaves the file too; need() says so.
    return high * 2 ** 32 + view.getUint32(at - 8, true)
  }
  const line = (): [number, number] => {
    const from = at
    const end = bytes.indexOf(10, at)
    if (end < 0) {
      at = bytes.byteLength
      need(1)
    }
    limit('stringBytes', end - from)
    at = end + 1
    return [from, end > from && bytes[end - 1] === 13 ? end - 1 : end]
  }
  const textLine = (): string => latin1(...line())
  const text = (from: number, to: number): string => {
    limit('stringBytes', to - from)
    try {
      return utf8.decode(bytes.subarray(from, to))
    } catch {
      // Python writes lone surrogates with 'surrogatepass'; they come out as replacement characters.
      return new TextDecoder().decode(bytes.subarray(from, to))
    }
  }
  const oldString = (from: number, to: number): string => {
    limit('stringBytes', to - from)
    if (options.strings !== 'latin1') {
      try {
        return utf8.decode(bytes.subarray(from, to))
      } catch {
        // Python 2 strings are bytes of no stated encoding.
      }
    }
    return latin1(from, to)
  }
  const counted = (length: number): [number, number] => {
    const from = need(length)
    return [from, from + length]
  }

  const push = (value: PickleValue): void => {
    if (stack.push(value) > limits.stackDepth) limit('stackDepth', stack.length)
  }
  const container = <T extends PickleValue>(value: T): T => {
    if (++containers > limits.containers) limit('containers', containers)
    return value
  }
  /** Where the newest mark stands: an instruction may not reach below it. */
  const floor = (): number => (marks.length === 0 ? 0 : marks[marks.length - 1])
  const pop = (): PickleValue => {
    if (stack.length <= floor()) fail('it takes a value from an empty stack')
    return stack.pop()!
  }
  const top = (): PickleValue => {
    if (stack.length <= floor()) fail('it uses a value of an empty stack')
    return stack[stack.length - 1]
  }
  const popMark = (): PickleValue[] => {
    const from = marks.pop()
    if (from === undefined) return fail('it closes a group that it never opened')
    return stack.splice(from)
  }
  const tuple = (items: PickleValue[]): PickleTuple => container({ kind: 'tuple', items })
  const int = (value: bigint): number | bigint =>
    Number.isSafeInteger(Number(value)) ? Number(value) : value
  const long = (length: number): number | bigint => {
    limit('integerBytes', length)
    const [from, to] = counted(length)
    if (length === 0) return 0
    let hex = ''
    for (let i = to - 1; i >= from; i--) hex += bytes[i].toString(16).padStart(2, '0')
    return int(BigInt.asIntN(8 * length, BigInt(`0x${hex}`)))
  }
  const decimal = (digits: string): number | bigint => {
    limit('integerBytes', digits.length)
    const plain = digits.replace(/L$/, '').trim()
    if (!/^[+-]?\d+$/.test(plain)) fail('a whole number is not one', plain)
    return int(BigInt(plain.replace(/^\+/, '')))
  }

  const nameGlobal = (module: string, name: string): PickleGlobal => {
    const full = `${module}.${name}`
    if (isActing(module, name)) {
      fail(
        `it asks to call ${full.slice(0, 120)}, which can act on the machine that opens the file`,
        full,
        'forbidden',
        'Nothing was executed. Do not open this file with torch.load or pickle.load; get the weights from their publisher, as safetensors if possible.',
      )
    }
    if (options.unknown === 'refuse' && plainBuilder(module, name) === undefined) {
      const known =
        extension?.builder(module, name) !== undefined ||
        /^(?:copy_?reg\.(?:_reconstructor|__newobj__)|numpy\.ndarray|(?:builtins|__builtin__)\.\w+)$/.test(
          full,
        )
      if (!known) fail('it holds a class or function that this reader does not know', full, 'unsupported')
    }
    return container({ kind: 'global', module, name })
  }
  const call = (callee: PickleValue, args: readonly PickleValue[]): PickleValue => {
    if (isKind(callee, 'object')) return container({ kind: 'object', callee, args })
    if (!isKind(callee, 'global')) return fail('it calls something that is no class or function')
    // A call that stands for another call (copyreg, tensor subclasses) nests once or twice; arguments can be made to name it without end.
    if (++callDepth > MAX_CALL_DEPTH)
      fail(`calls nest more than ${MAX_CALL_DEPTH} deep`, undefined, 'too-large')
    try {
      return callGlobal(callee, args)
    } finally {
      callDepth--
    }
  }
  const callGlobal = (callee: PickleGlobal, args: readonly PickleValue[]): PickleValue => {
    const { module, name } = callee
    if ((module === 'copy_reg' || module === 'copyreg') && args.length > 0 && isKind(args[0], 'global')) {
      if (name === '_reconstructor' || name === '__newobj__') {
        const rest = name === '__newobj__' ? args.slice(1) : args.slice(2).filter((arg) => arg !== null)
        return call(args[0], rest)
      }
    }
    for (const arg of args) copied += copyBytes(arg)
    limit('copiedBytes', copied)
    const extended = extension?.builder(module, name)
    const built = extended === undefined ? plainBuilder(module, name)?.(args) : extended(args, context)
    return container(built === undefined ? { kind: 'object', callee, args } : built)
  }
  const context: PickleContext = { fail, call }
  const argsOf = (value: PickleValue): readonly PickleValue[] =>
    isKind(value, 'tuple') ? value.items : fail('the arguments of a call are no tuple')

  const setItems = (target: PickleValue, pairs: PickleValue[]): void => {
    let entries: Map<PickleValue, PickleValue>
    if (target instanceof Map) entries = target
    else if (isKind(target, 'object')) entries = target.entries ??= new Map()
    else fail('it adds keys to something that is no dict')
    if (pairs.length % 2 !== 0) fail('a key has no value')
    for (let i = 0; i < pairs.length; i += 2) entries.set(pairs[i], pairs[i + 1])
  }
  const append = (target: PickleValue, items: PickleValue[]): void => {
    let list: PickleValue[]
    if (Array.isArray(target)) list = target
    else if (isKind(target, 'object')) list = target.items ??= []
    else fail('it appends to something that is no list')
    for (const item of items) list.push(item)
  }
  const build = (state: PickleValue): void => {
    const target = top()
    if (isKind(target, 'object')) target.state = state
    else if (isKind(target, 'numpy-dtype')) restoreNumpyType(target, state)
    else if (isKind(target, 'numpy-array') && !restoreNumpyArray(target, state)) {
      const described: PickleObject = {
        kind: 'object',
        callee: { kind: 'global', module: 'numpy', name: 'ndarray' },
        args: [],
        state,
      }
      stack[stack.length - 1] = container(described)
    }
    // Attributes of dicts (a state dict's _metadata), lists and tensors are not part of the data.
  }
  const remember = (index: number): void => {
    memo.set(index, top())
    limit('memoEntries', memo.size)
  }
  const recall = (index: number): void => {
    const value = memo.get(index)
    if (value === undefined) fail(`it recalls value ${index}, which it never remembered`)
    push(value!)
  }
  const persistent = (id: PickleValue): PickleValue =>
    extension === undefined
      ? fail(
          'it refers to data outside the pickle',
          undefined,
          'unsupported',
          'Is this the data.pkl of a torch file? Open the whole file.',
        )
      : extension.persistent(id, context)

  for (;;) {
    if (++opcodes > limits.opcodes) limit('opcodes', opcodes)
    opcodeAt = at
    const opcode = bytes[need(1)]
    switch (opcode) {
      case 0x80: // PROTO
        if (bytes[need(1)] > 5) fail(`protocol ${bytes[at - 1]} is unknown`, undefined, 'unsupported')
        break
      case 0x95: // FRAME
        if (longLength() > bytes.byteLength - at) need(bytes.byteLength - at + 1)
        break
      case 0x2e: // STOP
        if (marks.length > 0) fail('it ends inside an open group')
        return { value: pop(), byteLength: at }
      case 0x28: // MARK
        limit('markDepth', marks.push(stack.length))
        break
      case 0x30: // POP
        if (marks.length > 0 && stack.length === floor()) marks.pop()
        else pop()
        break
      case 0x31: // POP_MARK
        popMark()
        break
      case 0x32: // DUP
        push(top())
        break
      case 0x4e: // NONE
        push(null)
        break
      case 0x88: // NEWTRUE
        push(true)
        break
      case 0x89: // NEWFALSE
        push(false)
        break
      case 0x49: {
        // INT
        const digits = textLine()
        push(digits === '00' ? false : digits === '01' ? true : decimal(digits))
        break
      }
      case 0x4a: // BININT
        push(view.getInt32(need(4), true))
        break
      case 0x4b: // BININT1
        push(bytes[need(1)])
        break
      case 0x4d: // BININT2
        push(view.getUint16(need(2), true))
        break
      case 0x4c: // LONG
        push(decimal(textLine()))
        break
      case 0x8a: // LONG1
        push(long(bytes[need(1)]))
        break
      case 0x8b: // LONG4
        push(long(view.getUint32(need(4), true)))
        break
      case 0x46: {
        // FLOAT
        const written = textLine()
        const value = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity }[written] ?? Number(written)
        if (written.trim() === '' || (Number.isNaN(value) && written !== 'nan'))
          fail('a float is not one', written)
        push(value)
        break
      }
      case 0x47: // BINFLOAT
        push(view.getFloat64(need(8), false))
        break
      case 0x53: {
        // STRING
        const [from, to] = line()
        const quoted = latin1(from, to).trim()
        const quote = quoted[0]
        if (quoted.length < 2 || (quote !== "'" && quote !== '"') || quoted.at(-1) !== quote)
          fail('a string lacks its quotes')
        push(unescaped(quoted.slice(1, -1), options.strings ?? 'auto'))
        break
      }
      case 0x54: // BINSTRING
        push(oldString(...counted(view.getUint32(need(4), true))))
        break
      case 0x55: // SHORT_BINSTRING
        push(oldString(...counted(bytes[need(1)])))
        break
      case 0x56: // UNICODE
        push(rawUnicode(textLine()))
        break
      case 0x58: // BINUNICODE
        push(text(...counted(view.getUint32(need(4), true))))
        break
      case 0x8c: // SHORT_BINUNICODE
        push(text(...counted(bytes[need(1)])))
        break
      case 0x8d: // BINUNICODE8
        push(text(...counted(longLength())))
        break
      case 0x42: // BINBYTES
        push(bytes.slice(...counted(view.getUint32(need(4), true))))
        break
      case 0x43: // SHORT_BINBYTES
        push(bytes.slice(...counted(bytes[need(1)])))
        break
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        push(bytes.slice(...counted(longLength())))
        break
      case 0x5d: // EMPTY_LIST
        push(container([]))
        break
      case 0x6c: // LIST
        push(container(popMark()))
        break
      case 0x61: {
        // APPEND
        const item = pop()
        append(top(), [item])
        break
      }
      case 0x65: {
        // APPENDS
        const items = popMark()
        append(top(), items)
        break
      }
      case 0x29: // EMPTY_TUPLE
        push(tuple([]))
        break
      case 0x74: // TUPLE
        push(tuple(popMark()))
        break
      case 0x85: // TUPLE1
        push(tuple([pop()]))
        break
      case 0x86: {
        // TUPLE2
        const second = pop()
        push(tuple([pop(), second]))
        break
      }
      case 0x87: {
        // TUPLE3
        const third = pop()
        const second = pop()
        push(tuple([pop(), second, third]))
        break
      }
      case 0x7d: // EMPTY_DICT
        push(container(new Map()))
        break
      case 0x64: {
        // DICT
        const pairs = popMark()
        const dict = container(new Map<PickleValue, PickleValue>())
        setItems(dict, pairs)
        push(dict)
        break
      }
      case 0x73: {
        // SETITEM
        const value = pop()
        const key = pop()
        setItems(top(), [key, value])
        break
      }
      case 0x75: {
        // SETITEMS
        const pairs = popMark()
        setItems(top(), pairs)
        break
      }
      case 0x8f: // EMPTY_SET
        push(container(new Set()))
        break
      case 0x90: {
        // ADDITEMS
        const items = popMark()
        const target = top()
        if (target instanceof Set) for (const item of items) target.add(item)
        else append(target, items)
        break
      }
      case 0x91: // FROZENSET
        push(container(new Set(popMark())))
        break
      case 0x63: {
        // GLOBAL
        const module = textLine()
        push(nameGlobal(module, textLine()))
        break
      }
      case 0x93: {
        // STACK_GLOBAL
        const name = pop()
        const module = pop()
        if (typeof module !== 'string' || typeof name !== 'string')
          fail('a class or function is named by something else than text')
        push(nameGlobal(module as string, name as string))
        break
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const args = argsOf(pop())
        push(call(pop(), args))
        break
      }
      case 0x92: {
        // NEWOBJ_EX
        const named = pop()
        const args = argsOf(pop())
        const made = call(pop(), args)
        if (named instanceof Map && named.size > 0 && isKind(made, 'object')) made.entries = named
        push(made)
        break
      }
      case 0x69: {
        // INST
        const module = textLine()
        const callee = nameGlobal(module, textLine())
        push(call(callee, popMark()))
        break
      }
      case 0x6f: {
        // OBJ
        const [callee, ...args] = popMark()
        if (callee === undefined) fail('it makes an instance of nothing')
        push(call(callee, args))
        break
      }
      case 0x62: // BUILD
        build(pop())
        break
      case 0x50: // PERSID
        push(persistent(textLine()))
        break
      case 0x51: // BINPERSID
        push(persistent(pop()))
        break
      case 0x70: // PUT
        remember(Number(decimal(textLine())))
        break
      case 0x71: // BINPUT
        remember(bytes[need(1)])
        break
      case 0x72: // LONG_BINPUT
        remember(view.getUint32(need(4), true))
        break
      case 0x94: // MEMOIZE
        remember(memo.size)
        break
      case 0x67: // GET
        recall(Number(decimal(textLine())))
        break
      case 0x68: // BINGET
        recall(bytes[need(1)])
        break
      case 0x6a: // LONG_BINGET
        recall(view.getUint32(need(4), true))
        break
      case 0x82: // EXT1
      case 0x83: // EXT2
      case 0x84: // EXT4
        fail('it uses the extension registry of the program that wrote it', undefined, 'unsupported')
        break
      case 0x97: // NEXT_BUFFER
      case 0x98: // READONLY_BUFFER
        fail('it keeps data in buffers outside the pickle', undefined, 'unsupported')
        break
      default:
        fail(`instruction 0x${opcode.toString(16).padStart(2, '0')} does not exist`)
    }
  }
}
