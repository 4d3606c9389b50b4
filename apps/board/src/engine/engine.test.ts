import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { codecFromFiles } from '@maskwords/codec-loading'
import { area, emptyMask, equalMasks, maskFromCocoBox } from '@maskwords/mask'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { deviceWish, refusal, usableGpu } from './gpu.ts'
import { engineHost, type OpenNetworks } from './host.ts'
import { lane, URGENCY } from './lane.ts'
import { probeServer } from './probe.ts'
import { answerCalls, callsOver, type Port } from './rpc.ts'
import { serverBackend } from './server.ts'
import { CLOSED, type EngineState, statusOf } from './status.ts'
import { tokenProblem } from './token.ts'
import { tracked } from './tracked.ts'
import { fetchFile } from './weights.ts'
import { type WorkerLike, workerLink } from './worker-link.ts'

const WEIGHTS = join(import.meta.dirname, '../../../../packages/maskwords/weights')
const settled = () => new Promise((resolve) => setTimeout(resolve))

/** Two ends of a channel. */
function ports(): [Port, Port, close: () => void] {
  const { port1, port2 } = new MessageChannel()
  const port = (end: typeof port1): Port => ({
    post: (message) => end.postMessage(message),
    onMessage: (listener) => end.on('message', listener),
  })
  return [port(port1), port(port2), () => port1.close()]
}

describe('a lane', () => {
  it('runs one call at a time, urgent ones first, others as they came', async () => {
    const order: string[] = []
    let running = 0
    const { run } = lane()
    const job = (name: string) => async () => {
      expect(++running).toBe(1)
      await settled()
      running--
      order.push(name)
    }
    await Promise.all([
      run(job('levels 1'), URGENCY.levels),
      run(job('levels 2'), URGENCY.levels),
      run(job('speak 1'), URGENCY.speak),
      run(job('draw'), URGENCY.draw),
      run(job('speak 2'), URGENCY.speak),
    ])
    expect(order).toEqual(['levels 1', 'draw', 'speak 1', 'speak 2', 'levels 2'])
  })

  it('never starts what was given up while it waited, and drops the result of what ran', async () => {
    const started: number[] = []
    const turns = lane()
    const controllers = [0, 1, 2].map(() => new AbortController())
    const calls = controllers.map(({ signal }, k) =>
      turns.run(
        async () => {
          started.push(k)
          await settled()
          return k
        },
        URGENCY.draw,
        signal,
      ),
    )
    controllers[0]!.abort(new Error('overtaken'))
    controllers[1]!.abort(new Error('overtaken'))
    const results = await Promise.allSettled(calls)
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect(started).toEqual([0, 2])
    expect(turns.waiting).toBe(0)
  })

  it('goes on after a failure', async () => {
    const { run } = lane()
    await expect(run(() => Promise.reject(new Error('no')), URGENCY.draw)).rejects.toThrow('no')
    expect(await run(async () => 7, URGENCY.draw)).toBe(7)
  })
})

describe('calls over a port', () => {
  type Sums = { sum: { args: { numbers: number[] }; answer: number; progress: number } }

  it('give the answer, what is told meanwhile, and errors with their hint and place', async () => {
    const [here, there, close] = ports()
    answerCalls<Sums>(there, {
      sum: ({ numbers }, tell) => {
        for (const i of numbers.keys()) tell(i)
        if (numbers.length === 0)
          throw Object.assign(new Error('nothing to add'), { hint: 'give some', at: 3 })
        return numbers.reduce((a, b) => a + b)
      },
    })
    const { call } = callsOver<Sums>(here)
    const told: number[] = []
    const [a, b] = await Promise.all([
      call('sum', { numbers: [1, 2, 3] }, (progress) => told.push(progress)),
      call('sum', { numbers: [4] }),
    ])
    expect([a, b, told]).toEqual([6, 4, [0, 1, 2]])
    await expect(call('sum', { numbers: [] })).rejects.toMatchObject({
      name: 'EngineError',
      code: 'codec',
      message: 'nothing to add',
      hint: 'give some',
      at: 3,
    })
    await expect(call('toString' as 'sum', { numbers: [] })).rejects.toMatchObject({ code: 'worker' })
    close()
  })

  it('all end when the other side has failed', async () => {
    const [here, , close] = ports()
    const calls = callsOver<Sums>(here)
    const waiting = calls.call('sum', { numbers: [1] })
    calls.fail(new Error('the worker is gone'))
    await expect(waiting).rejects.toThrow('the worker is gone')
    await expect(calls.call('sum', { numbers: [1] })).rejects.toThrow('the worker is gone')
    close()
  })
})

/** A worker of this thread: the host behind a channel, as the page sees it. */
function workerHere(openNetworks: OpenNetworks): { worker: WorkerLike; calls: string[]; fail(): void } {
  const { port1, port2 } = new MessageChannel()
  const calls: string[] = []
  const failed: ((event: { message?: string }) => void)[] = []
  answerCalls(
    {
      post: (message) => port2.postMessage(message),
      onMessage: (listener) =>
        port2.on('message', (message: { name: string }) => {
          calls.push(message.name)
          listener(message)
        }),
    },
    engineHost(openNetworks, () => Promise.reject(new Error('no clicks here'))),
  )
  const worker: WorkerLike = {
    postMessage: (message) => port1.postMessage(message),
    addEventListener: (type, listener) => {
      if (type === 'message') port1.on('message', (data) => listener({ data }))
      if (type === 'error') failed.push(listener)
    },
    terminate: () => port1.close(),
  }
  const fail = (): void => {
    for (const listener of failed) listener({ message: 'out of memory' })
  }
  return { worker, calls, fail }
}

const inNode: OpenNetworks = async ({ codec }) => {
  const folder = join(WEIGHTS, `${codec}-nano`)
  const [config, weights] = await Promise.all([
    readFile(join(folder, 'config.json'), 'utf8'),
    readFile(join(folder, 'weights.safetensors')),
  ])
  const session = { worker: false, threads: 1 } as const
  return { codec: await codecFromFiles({ config, weights }, { session }), threads: 1 }
}

describe('a worker', () => {
  const [widthPx, heightPx] = [80, 60]
  const picture = (id: string) => ({
    id,
    pixels: { widthPx, heightPx, rgb: Uint8Array.from({ length: 14400 }, (_, i) => (i * 31) % 251) },
  })
  const mask = maskFromCocoBox({ box: { x: 10, y: 12, width: 40, height: 30 }, widthPx, heightPx })
  const baseUrl = 'http://localhost/'

  it('says a mask in HiMTok, draws its words, any prefix of them, and edited ones', async () => {
    const { worker, calls } = workerHere(inNode)
    const link = workerLink(worker)
    const facts = await link.open({ codec: 'himtok', baseUrl, device: 'wasm' }, () => {})
    expect(facts).toMatchObject({ name: 'himtok-nano', place: 'wasm', threads: 1 })
    expect(facts.sizes).toEqual(Array(32).fill(1024))
    const spoken = await link.speak('himtok', picture('a'), mask, {})
    expect(spoken).toMatchObject({ tokens: 34, bits: 320 })
    const drawn = await link.draw('himtok', picture('a'), spoken.text, {})
    expect(equalMasks(drawn.mask, spoken.mask)).toBe(true)
    const levels = await link.levels('himtok', picture('a'), spoken.codes, [1, 32], {})
    expect(equalMasks(levels[1]!.mask, spoken.mask)).toBe(true)
    const first = await link.draw('himtok', picture('a'), spoken.codes, { length: 1 })
    expect(equalMasks(levels[0]!.mask, first.mask)).toBe(true)
    await expect(link.draw('himtok', picture('a'), [5000], {})).rejects.toMatchObject({
      code: 'codec',
      message: expect.stringContaining('code 5000'),
    })
    // The picture went there once.
    expect(calls.filter((name) => name === 'picture')).toHaveLength(1)
    link.close()
    await expect(link.draw('himtok', picture('a'), [5], {})).rejects.toMatchObject({ code: 'worker' })
  })

  it('keeps three pictures, and is given a forgotten one again', async () => {
    const { worker, calls } = workerHere(inNode)
    const link = workerLink(worker)
    await link.open({ codec: 'getok', baseUrl, device: 'wasm' }, () => {})
    for (const id of ['a', 'b', 'c', 'a', 'd', 'b']) {
      const { mask: drawn } = await link.speak('getok', picture(id), mask, { refine: true })
      expect(area(drawn)).toBeGreaterThan(600)
    }
    expect(calls.filter((name) => name === 'picture' || name === 'forget')).toEqual([
      ...['picture', 'picture', 'picture', 'picture', 'forget', 'picture', 'forget'],
    ])
    link.close()
  })

  it('that dies ends every call with its reason and says what happens next', async () => {
    const { worker, fail } = workerHere(() => new Promise(() => {}))
    const link = workerLink(worker)
    const waiting = link.open({ codec: 'himtok', baseUrl, device: 'wasm' }, () => {})
    fail()
    await expect(waiting).rejects.toMatchObject({
      message: expect.stringContaining('out of memory'),
      hint: expect.stringContaining('reload'),
    })
    expect(link.alive).toBe(false)
  })
})

describe('WebGPU', () => {
  const box = maskFromCocoBox({ box: { x: 1, y: 1, width: 20, height: 20 }, widthPx: 50, heightPx: 50 })
  const proof = { codes: [3, 200], mask: box, decodeMs: 5 }

  it('is taken where its numbers are those of WebAssembly and it is not slower', () => {
    expect(refusal(proof, { ...proof, decodeMs: 4 }, 'auto')).toBeUndefined()
    expect(refusal(proof, { ...proof, decodeMs: 12 }, 'auto')).toBe('slower here, 12 ms a mask against 5 ms')
    expect(refusal(proof, { ...proof, decodeMs: 12 }, 'webgpu')).toBeUndefined()
    expect(refusal(proof, { ...proof, codes: [3, 201] }, 'webgpu')).toMatch(/numbers differ/)
    expect(refusal(proof, { ...proof, mask: emptyMask(50, 50) }, 'webgpu')).toMatch(/IoU 0.00/)
  })

  it('is tried only on a real adapter, unless the address asks for it', async () => {
    const gpu = (isFallbackAdapter: boolean) => ({
      requestAdapter: async () => ({ info: { isFallbackAdapter } }),
    })
    expect(await usableGpu(gpu(false), 'auto')).toEqual({ usable: true })
    expect(await usableGpu(gpu(true), 'auto')).toMatchObject({ usable: false, reason: expect.any(String) })
    expect(await usableGpu(gpu(true), deviceWish('?device=webgpu'))).toEqual({ usable: true })
    expect(await usableGpu(gpu(false), deviceWish('?device=wasm'))).toEqual({ usable: false })
    expect(await usableGpu({ requestAdapter: async () => null }, 'auto')).toMatchObject({ usable: false })
    expect(await usableGpu(undefined, deviceWish('?device=<b>'))).toEqual({ usable: false })
  })
})

describe('files of weights', () => {
  afterEach(() => vi.unstubAllGlobals())

  /** A server of one file and the browser's cache. */
  function world() {
    const stored = new Map<string, Response>()
    const state = { body: 'first', offline: false, asked: [] as string[] }
    vi.stubGlobal('caches', {
      open: async () => ({
        match: async (url: string) => stored.get(url)?.clone(),
        put: async (url: string, response: Response) => void stored.set(url, response),
      }),
    })
    vi.stubGlobal('fetch', async (_: string, init?: RequestInit) => {
      state.asked.push(init?.method ?? 'GET')
      if (state.offline) throw new TypeError('Failed to fetch')
      const headers = { 'content-length': String(state.body.length), etag: `"${state.body}"` }
      return new Response(init?.method === 'HEAD' ? null : state.body, { headers })
    })
    return state
  }
  const url = 'http://localhost/models/x/weights.safetensors'
  const text = async () => new TextDecoder().decode(await fetchFile(url))

  it('are fetched once, again when they have changed, and are there without a network', async () => {
    const state = world()
    const told: string[] = []
    await fetchFile(url, { onBytes: (bytes, total) => told.push(`${bytes}/${total}`) })
    expect(told).toEqual(['5/5'])
    expect(await text()).toBe('first')
    state.body = 'second'
    expect(await text()).toBe('second')
    state.offline = true
    expect(await text()).toBe('second')
    expect(state.asked).toEqual(['GET', 'HEAD', 'HEAD', 'GET', 'HEAD'])
  })

  it('that cannot be had are an error with what was said and what to do', async () => {
    const state = world()
    state.offline = true
    await expect(fetchFile(url)).rejects.toMatchObject({
      code: 'weights',
      hint: expect.stringContaining('running'),
    })
    vi.stubGlobal('fetch', async () => new Response('no', { status: 404, statusText: 'Not Found' }))
    await expect(fetchFile(url)).rejects.toThrow(/404 Not Found/)
  })
})

describe('a server with a token', () => {
  afterEach(() => vi.unstubAllGlobals())
  const baseUrl = 'http://localhost/'

  /** A server that takes one token; remembers what each request carried. */
  function locked(token: string): (string | null)[] {
    const carried: (string | null)[] = []
    vi.stubGlobal('fetch', async (url: string | URL, init?: RequestInit) => {
      const authorization = new Headers(init?.headers).get('authorization')
      carried.push(authorization)
      if (authorization !== `Bearer ${token}`) {
        const message = authorization === null ? 'this service wants a token' : 'this is not the token'
        return Response.json({ error: { code: 'unauthorized', message } }, { status: 401 })
      }
      const listing = { codecs: [{ name: 'getok', kind: 'getok' }] }
      return Response.json(String(url).endsWith('/vocabulary') ? { gridSize: 32 } : listing)
    })
    return carried
  }

  it('is told from one without, and opens with the right token', async () => {
    locked('open-sesame')
    expect(await probeServer(baseUrl)).toMatchObject({ state: 'locked' })
    expect(await probeServer(baseUrl, 'sesame')).toMatchObject({ state: 'locked' })
    expect(await probeServer(baseUrl, 'open-sesame')).toEqual({ state: 'there' })
  })

  it('gets the token with every call; a refusal is told, with what to do', async () => {
    const carried = locked('open-sesame')
    const onLocked = vi.fn()
    const facts = await serverBackend({ baseUrl, token: 'open-sesame', onLocked }).open('getok')
    expect(facts).toMatchObject({ place: 'server', cells: 32 })
    expect(carried).toEqual(['Bearer open-sesame', 'Bearer open-sesame'])
    expect(onLocked).not.toHaveBeenCalled()
    for (const [token, message] of [
      [undefined, 'this service wants a token'],
      ['sesame', 'this is not the token'],
    ] as const) {
      await expect(serverBackend({ baseUrl, token, onLocked }).open('getok')).rejects.toMatchObject({
        code: 'server',
        message,
        hint: expect.stringContaining('Run in'),
      })
    }
    expect(onLocked).toHaveBeenCalledTimes(2)
  })

  it('never sees a token that cannot stand in a header', () => {
    expect(tokenProblem('open-sesame')).toBeUndefined()
    for (const bad of ['', 'open sesame', 'sésame', 'a\nb']) expect(tokenProblem(bad)).toMatch(/token/)
  })
})

describe('what was said of a mask', () => {
  it('is not asked for again; quick words never stand for searched ones, which serve whoever wants quick ones', async () => {
    const asked: boolean[] = []
    const inner = {
      open: async () => ({ id: 'samtok' }),
      speak: async (_codec: string, _picture: object, _mask: object, { quick }: { quick?: boolean }) => {
        asked.push(quick === true)
        return { codes: quick ? [1] : [2], pictureMs: 0 }
      },
    } as unknown as Parameters<typeof tracked>[1]
    const engine = tracked('browser', inner)
    const picture = { id: 'p', pixels: { widthPx: 4, heightPx: 4, rgb: new Uint8Array(48) } }
    const mask = emptyMask(4, 4)
    const say = async (quick: boolean) => (await engine.speak('samtok', picture, mask, { quick })).codes
    expect([await say(true), await say(true), await say(false), await say(false), await say(true)]).toEqual([
      [1],
      [1],
      [2],
      [2],
      [2],
    ])
    expect(asked).toEqual([true, false])
  })
})

describe('the status', () => {
  const state: EngineState = {
    runIn: 'browser',
    choosing: undefined,
    server: { state: 'unknown' },
    codecs: CLOSED,
    busy: 0,
    gpuRefused: undefined,
  }
  const facts = { id: 'samtok', name: 'samtok-nano', place: 'wasm', threads: 1, sizes: [256, 256] } as const

  it('says what is being opened, what failed, else where codecs run', () => {
    expect(statusOf(state)).toMatchObject({ text: 'codecs not loaded yet', busy: false })
    const opening = { state: 'opening', progress: { doing: 'fetching samtok-nano', share: 0.5 } } as const
    expect(statusOf({ ...state, codecs: { ...CLOSED, samtok: opening } })).toMatchObject({
      text: 'fetching samtok-nano',
      share: 0.5,
      busy: true,
    })
    const failed = { state: 'failed', message: 'the server answered 404' } as const
    expect(statusOf({ ...state, codecs: { ...CLOSED, himtok: failed } })).toMatchObject({ failed: true })
    const ready = { ...state, codecs: { ...CLOSED, samtok: { state: 'ready', facts } as const } }
    expect(statusOf(ready).text).toBe('codecs run in WebAssembly, 1 thread')
    expect(statusOf({ ...ready, gpuRefused: 'slower here' }).text).toMatch(
      /1 thread \(no WebGPU: slower here\)$/,
    )
  })
})
