// The pool with workers of its own making: what happens when one dies, hangs, or is not waited for.
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { HttpFault } from './fault.ts'
import { createPictureCache } from './picture-cache.ts'
import { openPool, type Pool, type PoolOptions } from './pool.ts'

/** A worker that does what the body of a job says, and answers with the number of jobs it has had. */
const CODE = `
const { parentPort, workerData } = require('node:worker_threads')
if (workerData === 'broken') throw new Error('no such weights')
let jobs = 0
const cancelled = new Set()
parentPort.on('message', async ({ say, id, job }) => {
  if (say === 'cancel') cancelled.add(id)
  if (say === 'leave') process.exit(0)
  if (say !== 'job') return
  jobs++
  const text = Buffer.from(job.body).toString()
  if (text === 'die') process.exit(3)
  if (text === 'hang') for (;;);
  if (text === 'refuse') return parentPort.postMessage({ say: 'fault', id, fault: { status: 400, report: { code: 'malformed', message: 'no' }, headers: {} } })
  if (text.startsWith('wait')) while (!cancelled.has(id)) await new Promise((next) => setTimeout(next, 1))
  if (text.startsWith('pause')) await new Promise((next) => setTimeout(next, 20))
  parentPort.postMessage({ say: 'done', id, answer: { body: Buffer.from(text + ' ' + jobs), type: 'text/plain' } })
})
parentPort.postMessage({ say: 'ready', codecs: [], vocabularies: [] })
`

let pool: Pool | undefined
afterEach(async () => {
  await pool?.close()
  pool = undefined
})

const open = async (options: Partial<PoolOptions> = {}, workerData?: string): Promise<Pool> => {
  pool = await openPool({
    workers: 1,
    start: () => new Worker(CODE, { eval: true, workerData }),
    cache: createPictureCache({ maxBytes: 1000 }),
    ...options,
  })
  return pool
}
const never = new AbortController().signal
const ask = async (text: string, options: { signal?: AbortSignal; key?: string } = {}): Promise<string> => {
  const body = new TextEncoder().encode(text)
  const answer = await pool!.run({ kind: 'parse', body }, { signal: never, ...options })
  return new TextDecoder().decode(answer.body)
}
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof HttpFault ? `${error.status} ${error.report.code}` : error),
  )

describe('a pool of workers', () => {
  it('does jobs one after the other and passes on what they refuse', async () => {
    await open()
    const answers = await Promise.all([ask('a'), codeOf(ask('refuse')), ask('b')])
    expect(answers).toEqual(['a 1', '400 malformed', 'b 3'])
  })

  it('answers 503 for a worker that dies, and goes on with a new one', async () => {
    const lost: string[] = []
    await open({ onLost: (why) => lost.push(why) })
    const [died, next] = await Promise.all([codeOf(ask('die')), ask('next')])
    expect([died, next]).toEqual(['503 worker-lost', 'next 1'])
    expect(lost).toEqual(['it ended with code 3'])
    expect([pool!.lost, pool!.alive]).toEqual([1, 1])
  })

  it('ends a worker that does not stop when its job is cancelled', async () => {
    await open({ hangMs: 30, graceMs: 30 })
    const controller = new AbortController()
    const hanging = codeOf(ask('hang', { signal: controller.signal }))
    const waiting = ask('next')
    setTimeout(() => controller.abort('gone'), 20)
    expect(await hanging).toBe('gone')
    expect(await waiting).toBe('next 1')
  })

  it('never starts a job that nobody waits for any more', async () => {
    await open()
    const controller = new AbortController()
    const first = ask('pause')
    const left = codeOf(ask('left', { signal: controller.signal }))
    controller.abort('gone')
    expect([await left, await first, await ask('last')]).toEqual(['gone', 'pause 1', 'last 2'])
    expect(pool!.waiting).toBe(0)
  })

  it('does jobs that are the same at the same time once, and stops when the last one leaves', async () => {
    await open()
    const both = await Promise.all([ask('pause', { key: 'k' }), ask('pause', { key: 'k' })])
    expect(both).toEqual(['pause 1', 'pause 1'])
    expect(await ask('pause', { key: 'k' })).toBe('pause 2')

    const [one, two] = [new AbortController(), new AbortController()]
    const first = codeOf(ask('wait', { key: 'w', signal: one.signal }))
    const second = codeOf(ask('wait', { key: 'w', signal: two.signal }))
    one.abort('one left')
    expect(await first).toBe('one left')
    expect(pool!.busy).toBe(1)
    two.abort('two left')
    expect(await second).toBe('two left')
    // Who comes right after is not told that another one left; the worker heard of it and is free again.
    expect(await ask('pause', { key: 'w' })).toBe('pause 4')
  })

  it('does not open where its workers cannot, and says why', async () => {
    await expect(open({}, 'broken')).rejects.toThrow('no such weights')
  })

  it('refuses jobs once it is closed', async () => {
    await open()
    const running = codeOf(ask('wait'))
    const waiting = codeOf(ask('b'))
    await pool!.close()
    expect(await Promise.all([running, waiting, codeOf(ask('c'))])).toEqual([
      '503 worker-lost',
      '503 worker-lost',
      '503 worker-lost',
    ])
  })
})
