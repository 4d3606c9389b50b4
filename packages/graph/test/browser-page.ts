// The page of browser.test.ts: a model and its feeds as plain values go in, what it gives comes out.
import { type Feeds, GraphError, type Model, planBatches, type TensorData } from '@maskwords/graph'
import { openWebSession, type WebSessionOptions } from '@maskwords/graph/web'

type Kind = 'Float32Array' | 'Float64Array' | 'BigInt64Array'
export type Sent = { data: number[]; shape: readonly number[]; kind: Kind }
export type SentModel = Omit<Model, 'onnx'> & { readonly onnx: string }
export type Answer = {
  readonly out: Readonly<Record<string, { data: number[]; shape: readonly number[] }>>
  /** The code of the error that a closed session answers with. */
  readonly refused: string
  readonly batches: number
}

const arrayOf = ({ data, kind }: Sent): TensorData =>
  kind === 'BigInt64Array' ? BigInt64Array.from(data, BigInt) : globalThis[kind].from(data)

export async function runModel(
  model: SentModel,
  feeds: Record<string, Sent>,
  options: WebSessionOptions,
): Promise<Answer> {
  const onnx = Uint8Array.from(atob(model.onnx), (c) => c.charCodeAt(0))
  const session = await openWebSession({ ...model, onnx }, options)
  const fed = Object.entries(feeds).map(([name, sent]) => [name, { data: arrayOf(sent), shape: sent.shape }])
  const out = await session.run(Object.fromEntries(fed) as Feeds)
  await session.close()
  const refused = await session.run({}).then(
    () => 'nothing',
    (error: unknown) => (error instanceof GraphError ? error.code : String(error)),
  )
  const plain = Object.entries(out).map(([name, { data, shape }]) => [
    name,
    { data: Array.from(data as ArrayLike<number | bigint>, Number), shape },
  ])
  const batches = planBatches({ items: 3, bytesPerItem: 1, limitBytes: 2 }).length
  return { out: Object.fromEntries(plain), refused, batches }
}
