// The names that torch adds to pickles: storages, tensor rebuilding, parameters. Definition: torch/_utils.py (_rebuild_*),
// torch/serialization.py (persistent_id), torch/_tensor.py (__reduce_ex__).
// A tensor is built only from a storage, whole numbers and tuples of them: anything else inside one makes the file malformed.
import { elementCountOf, isTensorType, MAX_RANK, type TensorType, typeFromTorchStorage } from './dtype.ts'
import type { PickleContext, PickleExtension } from './pickle.ts'
import { isKind, type PickleValue, sequenceOf, type TorchStorage, type TorchTensor } from './pickle-values.ts'

type TorchBuilder = (args: readonly PickleValue[], context: PickleContext) => PickleValue | undefined

function wholeNumbers(value: PickleValue | undefined): number[] | undefined {
  const items = sequenceOf(value)
  if (items === undefined || items.length > MAX_RANK) return undefined
  for (const item of items)
    if (typeof item !== 'number' || !Number.isSafeInteger(item) || item < 0) return undefined
  return items as number[]
}

function buildTensor(
  args: readonly PickleValue[],
  context: PickleContext,
  dtype: TensorType | undefined,
): TorchTensor {
  const [storage, storageOffset] = args
  const shape = wholeNumbers(args[2])
  const strides = wholeNumbers(args[3])
  if (!isKind(storage, 'torch-storage'))
    return context.fail('a tensor is made of something else than a storage')
  if (typeof storageOffset !== 'number' || !Number.isSafeInteger(storageOffset) || storageOffset < 0) {
    return context.fail('the storage offset of a tensor is no whole number >= 0', storage.key)
  }
  if (shape === undefined || strides === undefined || shape.length !== strides.length) {
    return context.fail(
      'size and stride of a tensor are not two equally long tuples of whole numbers >= 0',
      storage.key,
    )
  }
  if (elementCountOf(shape) === undefined) {
    return context.fail(
      `a tensor of [${shape.join(', ')}] has more elements than can be counted`,
      storage.key,
    )
  }
  const type = dtype ?? storage.dtype
  if (type === undefined) return context.fail('a tensor in an untyped storage has no dtype', storage.key)
  return { kind: 'torch-tensor', dtype: type, storage, storageOffset, shape, strides }
}

function dtypeOf(value: PickleValue | undefined, context: PickleContext): TensorType {
  if (isKind(value, 'global') && value.module === 'torch' && isTensorType(value.name)) return value.name
  const name = isKind(value, 'global') ? `${value.module}.${value.name}` : 'something else than a type'
  return context.fail('the dtype of a tensor is not one that is read here', name, 'unsupported')
}

const rebuildTensor: TorchBuilder = (args, context) => buildTensor(args, context, undefined)

const rebuildParameter: TorchBuilder = (args, context) => {
  const data = args[0]
  // A parameter around a tensor of a kind that is not read stays a description.
  if (isKind(data, 'object')) return undefined
  return isKind(data, 'torch-tensor')
    ? data
    : context.fail('a parameter is made of something else than a tensor')
}

const rebuildFromType: TorchBuilder = (args, context) => {
  const inner = sequenceOf(args[2])
  if (!isKind(args[0], 'global') || inner === undefined)
    return context.fail('a tensor subclass is not made as torch makes them')
  return context.call(args[0], inner)
}

const TENSOR_BUILDERS = new Map<string, TorchBuilder>([
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  [
    'torch._utils._rebuild_tensor_v3',
    (args, context) => buildTensor(args, context, dtypeOf(args[6], context)),
  ],
  ['torch._utils._rebuild_parameter', rebuildParameter],
  ['torch._utils._rebuild_parameter_with_state', rebuildParameter],
  ['torch._tensor._rebuild_from_type_v2', rebuildFromType],
  ['torch._tensor._rebuild_from_type', rebuildFromType],
  ['torch.nn.parameter.Parameter', rebuildParameter],
  ['torch.Size', (args) => ({ kind: 'tuple', items: sequenceOf(args[0]) ?? [] })],
])

/** `torch.FloatStorage`, `torch.cuda.HalfStorage`, `torch.storage.UntypedStorage`: the dtype, undefined for untyped; false for others. */
function storageType(value: PickleValue | undefined): TensorType | undefined | false {
  if (!isKind(value, 'global') || !/^torch(?:\.cuda|\.storage)?$/.test(value.module)) return false
  if (value.name === 'UntypedStorage' || value.name === '_UntypedStorage') return undefined
  return typeFromTorchStorage(value.name) ?? false
}

/** The persistent id of a storage: ('storage', type, key, location, numel[, view]). */
function loadStorage(id: PickleValue, context: PickleContext): PickleValue {
  const fields = sequenceOf(id)
  if (fields === undefined) return context.fail('a persistent id is not a tuple')
  // Very old files keep a class together with its source text; the class alone counts, by name.
  if (fields[0] === 'module' && fields.length === 4) return fields[1]
  const [kind, type, key, location, size, view] = fields
  if (kind !== 'storage' || fields.length < 5) return context.fail('a persistent id is not that of a storage')
  const dtype = storageType(type)
  if (dtype === false) {
    const name = isKind(type, 'global') ? `${type.module}.${type.name}` : 'something else than a type'
    return context.fail('a storage has a type that is not read here', name, 'unsupported')
  }
  const keyText = typeof key === 'number' ? String(key) : key
  if (typeof keyText !== 'string' || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    return context.fail('a storage lacks its key or its size')
  }
  const viewFields = wholeNumbers(sequenceOf(view)?.slice(1))
  const storage: TorchStorage = {
    kind: 'torch-storage',
    dtype,
    key: keyText,
    location: typeof location === 'string' ? location : '',
    size,
    viewOffset: viewFields?.[0] ?? 0,
  }
  return storage
}

/** A fresh extension for one pickle; `storages` collects every storage by its key. */
export function torchExtension(storages: Map<string, TorchStorage>): PickleExtension {
  return {
    builder: (module, name) => TENSOR_BUILDERS.get(`${module}.${name}`),
    persistent(id, context) {
      const value = loadStorage(id, context)
      if (!isKind(value, 'torch-storage')) return value
      const known = storages.get(value.key)
      if (known !== undefined && (known.dtype !== value.dtype || known.size !== value.size)) {
        return context.fail('one storage is described in two ways', value.key)
      }
      if (known === undefined) storages.set(value.key, value)
      return value
    },
  }
}
