// Values that go into and come out of a run: an array, its data type, its shape; checked against the model before the run.
import type { Model, ModelValue } from '../build/model.ts'
import type { DType, TensorData } from '../dtype.ts'
import { carries } from '../dtype.ts'
import { GraphError } from '../error.ts'

/** Data in row-major order. float16 is carried by its bits in a Uint16Array, bool by bytes 0 and 1. */
export type Value = { readonly data: TensorData; readonly dtype: DType; readonly shape: readonly number[] }

/** What may be fed: with no dtype, the model's; with no shape, the model's where that has no symbolic size. */
export type Feed =
  | TensorData
  | { readonly data: TensorData; readonly shape?: readonly number[]; readonly dtype?: DType }

export type Feeds = Readonly<Record<string, Feed>>

function checkFeed(expected: ModelValue, feed: Feed, symbols: Map<string, number>): Value {
  const data = ArrayBuffer.isView(feed) ? (feed as TensorData) : feed.data
  const given = ArrayBuffer.isView(feed) ? {} : (feed as { shape?: readonly number[]; dtype?: DType })
  const { name, dtype } = expected
  const wanted = `${dtype}[${expected.shape}]`
  if ((given.dtype ?? dtype) !== dtype || !carries(data, dtype)) {
    throw new GraphError(
      'dtype',
      `input "${name}" wants ${wanted}, got ${given.dtype ?? ''} ${data.constructor.name}`,
    )
  }
  const shape = given.shape ?? expected.shape
  if (shape.length !== expected.shape.length || shape.some((size) => typeof size !== 'number')) {
    throw new GraphError(
      'shape',
      `input "${name}" wants ${wanted}, got ${given.shape ? `[${shape}]` : 'no shape'}`,
      {
        hint: 'feed { data, shape } with one number for each axis',
      },
    )
  }
  expected.shape.forEach((size, axis) => {
    const real = shape[axis] as number
    const known = typeof size === 'number' ? size : symbols.get(size)
    if (known !== undefined && known !== real) {
      throw new GraphError(
        'shape',
        `input "${name}" wants ${wanted}, got [${shape}]: axis ${axis} is ${real}, not ${known}`,
      )
    }
    if (typeof size === 'string') symbols.set(size, real)
  })
  const count = (shape as readonly number[]).reduce((a, b) => a * b, 1)
  if (data.length !== count) {
    throw new GraphError(
      'shape',
      `input "${name}": ${data.length} values for shape [${shape}], which wants ${count}`,
    )
  }
  return { data, dtype, shape: shape as readonly number[] }
}

/** The feeds of one run, complete and fitting; `held` names inputs that the session fills itself. */
export function checkFeeds(
  model: Pick<Model, 'inputs'>,
  feeds: Feeds,
  held: ReadonlySet<string>,
): Record<string, Value> {
  const symbols = new Map<string, number>()
  const values: Record<string, Value> = {}
  for (const expected of model.inputs) {
    const feed = Object.hasOwn(feeds, expected.name) ? feeds[expected.name] : undefined
    if (feed === undefined) {
      if (held.has(expected.name)) continue
      throw new GraphError(
        'argument',
        `input "${expected.name}" ${expected.dtype}[${expected.shape}] is not fed`,
      )
    }
    values[expected.name] = checkFeed(expected, feed, symbols)
  }
  const known = new Set(model.inputs.map((expected) => expected.name))
  for (const name of Object.keys(feeds)) {
    if (!known.has(name)) {
      throw new GraphError(
        'argument',
        `the model has no input "${name}"; it has ${model.inputs.map((i) => i.name).join(', ')}`,
      )
    }
  }
  return values
}

export function checkFetch(
  model: Pick<Model, 'outputs'>,
  fetch: readonly string[] | undefined,
): readonly string[] {
  const known = new Set(model.outputs.map((output) => output.name))
  for (const name of fetch ?? []) {
    if (!known.has(name)) {
      throw new GraphError(
        'argument',
        `the model has no output "${name}"; it has ${model.outputs.map((o) => o.name).join(', ')}`,
      )
    }
  }
  return fetch ?? model.outputs.map((output) => output.name)
}
