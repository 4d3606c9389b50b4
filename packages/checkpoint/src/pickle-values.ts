// What a pickle holds, as data: plain values as JavaScript's own, everything else described by name. Nothing here can act.
import type { TensorType } from './dtype.ts'

/** A Python class or function, by name only. */
export type PickleGlobal = { readonly kind: 'global'; readonly module: string; readonly name: string }

export type PickleTuple = { readonly kind: 'tuple'; readonly items: readonly PickleValue[] }

/** An instance of a class that this reader does not know, or the result of a function that it did not call: described, opaque. */
export type PickleObject = {
  readonly kind: 'object'
  readonly callee: PickleGlobal | PickleObject
  readonly args: readonly PickleValue[]
  /** What BUILD would have restored: usually a Map of attributes. */
  state?: PickleValue
  /** What a subclass of list or dict holds. */
  items?: PickleValue[]
  entries?: Map<PickleValue, PickleValue>
}

/** A numpy data type, such as `<f4`; `code` has its byte order once the pickle has told it. */
export type PickleNumpyType = { readonly kind: 'numpy-dtype'; code: string }

/** A numpy array of plain numbers: raw bytes in the order and byte order that the fields say. */
export type PickleNumpyArray = {
  readonly kind: 'numpy-array'
  dtype: string
  shape: readonly number[]
  columnMajor: boolean
  data: Uint8Array
}

/** A torch storage: bytes elsewhere in the file, by key. */
export type TorchStorage = {
  readonly kind: 'torch-storage'
  /** Undefined for untyped storages, whose size counts bytes. */
  readonly dtype: TensorType | undefined
  readonly key: string
  readonly location: string
  /** Elements, or bytes where untyped. */
  readonly size: number
  /** Elements between the stored bytes' start and this view's (very old files). */
  readonly viewOffset: number
}

/** A torch tensor: a strided view of a storage; sizes, strides and offset count elements. */
export type TorchTensor = {
  readonly kind: 'torch-tensor'
  readonly dtype: TensorType
  readonly storage: TorchStorage
  readonly storageOffset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}

/** Python None, bool, int (bigint beyond 2^53), float, str, bytes, list (Array), dict (Map), set (Set), and the described kinds. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | Set<PickleValue>
  | PickleGlobal
  | PickleTuple
  | PickleObject
  | PickleNumpyType
  | PickleNumpyArray
  | TorchStorage
  | TorchTensor

type Described = Extract<PickleValue, { kind: string }>

/** Whether a value is one of the described kinds: `isKind(value, 'tuple')`. */
export function isKind<K extends Described['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<Described, { kind: K }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind
}

/** The items of a list or tuple, or undefined. */
export function sequenceOf(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  if (Array.isArray(value)) return value
  return isKind(value, 'tuple') ? value.items : undefined
}

export function globalName(value: PickleGlobal | PickleObject): string {
  let callee: PickleGlobal | PickleObject = value
  while (callee.kind === 'object') callee = callee.callee
  return `${callee.module}.${callee.name}`
}

export type DescribePickleOptions = {
  /** Nesting shown (default 4); deeper values are "...". */
  maxDepth?: number
  /** Items shown of each list, dict or set (default 8). */
  maxItems?: number
  /** Characters of the whole text (default 4000). Bounds the work too: shared values of a hostile pickle can unfold without end. */
  maxLength?: number
}

/** A short text for people of what a pickle holds; bounded whatever the pickle refers to, itself included. */
export function describePickle(value: PickleValue, options: DescribePickleOptions = {}): string {
  const { maxDepth = 4, maxItems = 8, maxLength = 4000 } = options
  const parts: string[] = []
  let length = 0
  const put = (text: string): boolean => {
    if (length >= maxLength) return false
    parts.push(text.slice(0, maxLength - length))
    length += text.length
    return true
  }
  const list = (open: string, values: Iterable<() => void>, size: number, close: string): void => {
    put(open)
    let shown = 0
    for (const show of values) {
      if (shown === maxItems || length >= maxLength) break
      if (shown++ > 0) put(', ')
      show()
    }
    if (size > shown) put(`${shown > 0 ? ', ' : ''}... ${size - shown} more`)
    put(close)
  }
  const sequence = (open: string, items: readonly PickleValue[], close: string, depth: number): void => {
    const shown = items.slice(0, maxItems).map((item) => () => show(item, depth + 1))
    list(open, shown, items.length, close)
  }
  const dict = (open: string, map: Map<PickleValue, PickleValue>, close: string, depth: number): void => {
    const shown: (() => void)[] = []
    for (const [key, item] of map) {
      if (shown.length === maxItems) break
      shown.push(() => {
        show(key, depth + 1)
        put(': ')
        show(item, depth + 1)
      })
    }
    list(open, shown, map.size, close)
  }
  const show = (item: PickleValue, depth: number): void => {
    if (length >= maxLength) return
    if (item === null) put('None')
    else if (typeof item === 'boolean') put(item ? 'True' : 'False')
    else if (typeof item === 'string')
      put(JSON.stringify(item.length > 200 ? `${item.slice(0, 200)}...` : item))
    else if (typeof item !== 'object') put(item.toString().slice(0, 200))
    else if (item instanceof Uint8Array) put(`bytes[${item.length}]`)
    else if (depth > maxDepth) put('...')
    else if (Array.isArray(item)) sequence('[', item, ']', depth)
    else if (item instanceof Map) dict('{', item, '}', depth)
    else if (item instanceof Set) sequence('{', [...item].slice(0, maxItems + 1), '}', depth)
    else {
      switch (item.kind) {
        case 'tuple':
          sequence('(', item.items, ')', depth)
          return
        case 'global':
          put(`${item.module}.${item.name}`)
          return
        case 'numpy-dtype':
          put(`dtype ${item.code}`)
          return
        case 'numpy-array':
          put(`array ${item.dtype} [${item.shape.join(', ')}]`)
          return
        case 'torch-storage':
          put(`storage ${item.key}`)
          return
        case 'torch-tensor':
          put(`tensor ${item.dtype} [${item.shape.join(', ')}]`)
          return
        case 'object':
          sequence(`<${globalName(item)}(`, item.args, ')', depth)
          if (item.items !== undefined) sequence(' [', item.items, ']', depth)
          if (item.entries !== undefined) dict(' {', item.entries, '}', depth)
          if (item.state !== undefined) {
            put(' state ')
            show(item.state, depth + 1)
          }
          put('>')
      }
    }
  }
  show(value, 0)
  return length > maxLength ? `${parts.join('')}...` : parts.join('')
}
