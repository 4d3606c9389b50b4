// Small helpers of the tests: deterministic numbers, one-line runs.
import type { Feeds, Session, Tensor, Value } from '../src/index.ts'
import { buildModel, openSession, toNumbers } from '../src/index.ts'

/** Numbers in [low, high) from a seed (mulberry32). */
export function seeded(seed: number): (low?: number, high?: number) => number {
  let state = seed >>> 0
  return (low = 0, high = 1) => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return low + (high - low) * (((word ^ (word >>> 14)) >>> 0) / 2 ** 32)
  }
}

export async function open(outputs: Record<string, Tensor>): Promise<Session> {
  return openSession(buildModel({ outputs }), { worker: false, threads: 1 })
}

/** Runs the graph once in this thread. */
export async function run(
  outputs: Record<string, Tensor>,
  feeds: Feeds = {},
): Promise<Record<string, Value>> {
  const session = await open(outputs)
  try {
    return await session.run(feeds)
  } finally {
    await session.close()
  }
}

/** The numbers of one tensor. */
export async function evaluate(tensor: Tensor, feeds: Feeds = {}): Promise<number[]> {
  const { y } = await run({ y: tensor }, feeds)
  return toNumbers(y!.data, y!.dtype)
}
