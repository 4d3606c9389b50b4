// From what a torch pickle holds to named tensors: finds the state dict inside wrappers ({"model": {...}}, {"state_dict": {...}}),
// names nested tensors by their paths, and takes off prefixes that training wrappers put on every name.
import { CheckpointError } from './error.ts'
import { isKind, type PickleValue, type TorchTensor } from './pickle-values.ts'

/** Keys under which trainers put the state dict, in the order in which they are tried. */
export const KNOWN_WRAPPERS: readonly string[] = [
  'state_dict',
  'model_state_dict',
  'model',
  'module',
  'net',
  'network',
  'params',
  'weights',
]

/** Prefixes of data-parallel training, torch.compile and the published mask-tokenizer trainer. */
export const KNOWN_PREFIXES: readonly string[] = ['module.', '_orig_mod.', 'hf_model.']

/** Dicts in dicts; training states nest 5 deep. Bounds the walk through values that contain themselves. */
const MAX_WALK_DEPTH = 32
/** Names are paths of attributes; the longest published ones have some 150 characters. Bounds what many tensors under one name take. */
const MAX_NAME_LENGTH = 4096
/** Values looked at. A shared value is visited once per path that leads to it, which a hostile file can make exponential. */
const MAX_WALK_STEPS = 2_000_000

/** A place in the file under which tensors lie: its path ('' is the whole file) and what it holds. */
export type TensorGroup = { path: string; tensorCount: number }

export type NamedTorchTensor = { name: string; storedName: string; tensor: TorchTensor }

export type TorchContents = {
  /** The path whose tensors are listed; '' where nothing was unwrapped. */
  group: string
  /** Every dict, list or object that directly holds tensors. */
  groups: TensorGroup[]
  tensors: NamedTorchTensor[]
  /** Things that look like tensors and are not read: "head.scale: torch._utils._rebuild_qtensor". */
  unread: string[]
}

/** Prefixes that begin every one of these names, repeatedly ('module.hf_model.'), joined; '' where there are none. */
export function commonPrefix(names: readonly string[], prefixes: readonly string[] = KNOWN_PREFIXES): string {
  let found = ''
  if (names.length === 0) return found
  for (;;) {
    const next = prefixes.find(
      (prefix) =>
        prefix !== '' &&
        names.every((name) => name.startsWith(found + prefix) && name.length > found.length + prefix.length),
    )
    if (next === undefined) return found
    found += next
  }
}

function* childrenOf(value: PickleValue): Generator<[string, PickleValue]> {
  if (value instanceof Map) {
    for (const [key, item] of value) {
      if (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint')
        yield [String(key), item]
    }
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [String(i), value[i]]
  } else if (isKind(value, 'tuple')) {
    for (let i = 0; i < value.items.length; i++) yield [String(i), value.items[i]]
  } else if (isKind(value, 'object')) {
    if (value.entries !== undefined) yield* childrenOf(value.entries)
    if (value.items !== undefined) yield* childrenOf(value.items)
    // An object as the state of an object is entered like any child: it may be that object itself.
    if (isKind(value.state, 'object')) yield ['state', value.state]
    else if (value.state !== undefined) yield* childrenOf(value.state)
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

/** The name of a torch function that builds a kind of tensor which is not read here. */
function unreadTensorName(value: PickleValue): string | undefined {
  if (!isKind(value, 'object') || value.callee.kind !== 'global') return undefined
  const name = `${value.callee.module}.${value.callee.name}`
  return name.startsWith('torch._utils._rebuild_') ? name : undefined
}

type Walk = { file: string; steps: number }

/** Calls `found` for every tensor under a value, with its path; containers that are being walked are not entered again. */
function walkTensors(
  root: PickleValue,
  rootPath: string,
  walk: Walk,
  found: (path: string, parent: string, value: TorchTensor) => void,
  unread: (path: string, name: string) => void,
): void {
  const open = new Set<PickleValue>()
  const barren = new Set<PickleValue>()
  /** Whether anything was found, or was too deep to be looked at: false means that the value need not be entered again. */
  const visit = (value: PickleValue, path: string, parent: string, depth: number): boolean => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
    if (++walk.steps > MAX_WALK_STEPS) {
      throw new CheckpointError('too-large', `more than ${MAX_WALK_STEPS} values are reachable`, {
        file: walk.file,
        hint: 'The pickle refers to the same values over and over; it was not written by torch.save of a model.',
      })
    }
    if (path.length > MAX_NAME_LENGTH) {
      throw new CheckpointError(
        'too-large',
        `the path of a value has more than ${MAX_NAME_LENGTH} characters`,
        {
          file: walk.file,
          entry: path,
        },
      )
    }
    if (isKind(value, 'torch-tensor')) {
      found(path, parent, value)
      return true
    }
    const unknown = unreadTensorName(value)
    if (unknown !== undefined) {
      unread(path, unknown)
      return true
    }
    if (open.has(value) || barren.has(value)) return false
    if (depth === MAX_WALK_DEPTH) return true
    open.add(value)
    let fruitful = false
    for (const [key, child] of childrenOf(value)) {
      if (visit(child, join(path, key), path, depth + 1)) fruitful = true
    }
    open.delete(value)
    if (!fruitful) barren.add(value)
    return fruitful
  }
  visit(root, rootPath, rootPath, 0)
}

function holdsTensor(value: PickleValue, walk: Walk): boolean {
  const stop = Symbol('found')
  try {
    walkTensors(
      value,
      '',
      walk,
      () => {
        throw stop
      },
      () => {},
    )
  } catch (thrown) {
    if (thrown === stop) return true
    throw thrown
  }
  return false
}

/** The part of a file that is its state dict: known wrappers first, then a single key under which all tensors lie. */
function unwrap(root: PickleValue, walk: Walk): { value: PickleValue; path: string } {
  let value = root
  let path = ''
  for (let depth = 0; depth < MAX_WALK_DEPTH; depth++) {
    if (!(value instanceof Map)) break
    const entries = value
    const wrapper = KNOWN_WRAPPERS.find((key) => {
      const inner = entries.get(key)
      return inner !== undefined && !isKind(inner, 'torch-tensor') && holdsTensor(inner, walk)
    })
    if (wrapper === undefined) break
    value = entries.get(wrapper)!
    path = join(path, wrapper)
  }
  return { value, path }
}

function at(root: PickleValue, wanted: string): PickleValue | undefined {
  if (wanted === '') return root
  for (const [key, child] of childrenOf(root)) {
    if (wanted === key) return child
    if (wanted.startsWith(`${key}.`)) {
      const found = at(child, wanted.slice(key.length + 1))
      if (found !== undefined) return found
    }
  }
  return undefined
}

/**
 * Lists the tensors of a torch file's contents.
 * @param options.group the path to list instead of the one that unwrapping finds ('optimizer.state'; '' is everything).
 * @param options.stripPrefixes taken off where every name has them (default `KNOWN_PREFIXES`; [] keeps names as stored).
 * @throws CheckpointError `missing` (no such group; no tensors), `malformed` (two tensors of one name), `too-large`.
 */
export function torchContents(
  root: PickleValue,
  options: { file: string; group?: string | undefined; stripPrefixes?: readonly string[] | undefined },
): TorchContents {
  const { file } = options
  const walk: Walk = { file, steps: 0 }
  const counts = new Map<string, number>()
  walkTensors(
    root,
    '',
    walk,
    (_path, parent) => counts.set(parent, (counts.get(parent) ?? 0) + 1),
    () => {},
  )
  const groups = [...counts].map(([path, tensorCount]) => ({ path, tensorCount }))
  const chosen =
    options.group === undefined ? unwrap(root, walk) : { value: at(root, options.group), path: options.group }
  if (chosen.value === undefined) {
    const known = groups.slice(0, 12).map((group) => `"${group.path}" (${group.tensorCount})`)
    throw new CheckpointError('missing', 'the file has no such group of tensors', {
      file,
      entry: chosen.path,
      hint: `Groups: ${known.join(', ') || 'none'}.`,
    })
  }
  const stored: NamedTorchTensor[] = []
  const unread: string[] = []
  const cut = chosen.path === '' ? 0 : chosen.path.length + 1
  walkTensors(
    chosen.value,
    chosen.path,
    walk,
    (path, _parent, tensor) =>
      stored.push({ name: path.slice(cut) || 'tensor', storedName: path || 'tensor', tensor }),
    (path, name) => unread.push(`${path}: ${name}`),
  )
  const prefix = commonPrefix(
    stored.map(({ name }) => name),
    options.stripPrefixes,
  )
  const names = new Set<string>()
  const tensors = stored.map((entry) => {
    const name = entry.name.slice(prefix.length)
    if (names.has(name))
      throw new CheckpointError('malformed', 'two tensors come to the same name', { file, entry: name })
    names.add(name)
    return { ...entry, name }
  })
  return { group: chosen.path, groups, tensors, unread }
}
