// The backend in this page's own workers, one for each codec, so that none waits for another: GETok is there at once, networks
// come when the runtime is. Where WebGPU is worth it, one more worker takes the networks over.
import { messageOf } from '@maskwords/base'
import { CODECS, type CodecId } from '../state/types.ts'
import type { ClickBackend, CodecFacts, Progress } from './backend.ts'
import { deviceWish, refusal, usableGpu } from './gpu.ts'
import { type WorkerLink, workerLink } from './worker-link.ts'

export type BrowserBackendOptions = {
  /** Where the page's files are. */
  readonly baseUrl: string
  /** `location.search`. */
  readonly search: string
  /** Hears that a codec now runs elsewhere: on the GPU. */
  readonly onMoved: (facts: CodecFacts) => void
  /** Hears why WebGPU is not used although the browser has it. */
  readonly onGpuRefused: (reason: string) => void
}

/** Runs ahead, each once nothing was asked for this long, unless so many calls have made the code warm already. */
const WARM_RUNS = 2
const QUIET_MS = 400
const ENOUGH_CALLS = 8

type WorkerName = CodecId | 'webgpu'

const startWorker = (name: WorkerName): WorkerLink =>
  workerLink(
    // Written as one literal, so that the bundler finds the worker.
    new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: `maskwords-${name}` }),
  )

export function browserBackend(options: BrowserBackendOptions): ClickBackend {
  const { baseUrl, search, onMoved, onGpuRefused } = options
  const wish = deviceWish(search)
  const links = new Map<WorkerName, WorkerLink>()
  const onGpu = new Set<CodecId>()
  const opening = new Map<CodecId, { readonly link: WorkerLink; readonly facts: Promise<CodecFacts> }>()
  const listeners = new Map<CodecId, Set<(progress: Progress) => void>>(CODECS.map((id) => [id, new Set()]))

  const link = (name: WorkerName): WorkerLink => {
    let one = links.get(name)
    if (one === undefined || !one.alive) {
      one = startWorker(name)
      links.set(name, one)
    }
    return one
  }
  const nameOf = (codec: CodecId): WorkerName => (onGpu.has(codec) ? 'webgpu' : codec)

  const open = (codec: CodecId, onProgress?: (progress: Progress) => void): Promise<CodecFacts> => {
    const there = opening.get(codec)
    if (there?.link.alive && there.link === links.get(nameOf(codec))) {
      if (onProgress !== undefined) listeners.get(codec)!.add(onProgress)
      return there.facts
    }
    // A worker that died takes the GPU with it: start over with what always works.
    onGpu.delete(codec)
    const one = link(nameOf(codec))
    const tell = (progress: Progress): void => {
      for (const listener of listeners.get(codec)!) listener(progress)
    }
    if (onProgress !== undefined) listeners.get(codec)!.add(onProgress)
    const facts = one.open({ codec, baseUrl, device: 'wasm' }, tell)
    opening.set(codec, { link: one, facts })
    facts
      .then(
        () => {
          if (codec === 'getok') return
          tryGpu(codec, one)
          warmUp(codec, one).catch(() => {})
        },
        () => {
          opening.delete(codec)
        },
      )
      .finally(() => listeners.get(codec)!.clear())
    return facts
  }

  /**
   * First runs are slow, because their code is compiled while it runs: a few are made ahead, whenever nobody asks for
   * anything. What fails here says so to the next call.
   */
  const asked = new Map<CodecId, { times: number; atMs: number }>()
  const warmUp = async (codec: CodecId, to: WorkerLink): Promise<void> => {
    for (let run = 0; run < WARM_RUNS; run++) {
      for (let waitMs = QUIET_MS; waitMs > 0; ) {
        await new Promise((resolve) => setTimeout(resolve, waitMs))
        waitMs = (asked.get(codec)?.atMs ?? Number.NEGATIVE_INFINITY) + QUIET_MS - performance.now()
      }
      if (!to.alive || onGpu.has(codec) || (asked.get(codec)?.times ?? 0) > ENOUGH_CALLS) return
      await to.proof(codec)
    }
  }

  // One codec after the other, and none after the first refusal: the same adapter computes for all.
  let trials: Promise<void> = Promise.resolve()
  let refused = false
  const tryGpu = (codec: CodecId, wasm: WorkerLink): void => {
    trials = trials.then(() => (refused ? undefined : tryGpuNow(codec, wasm)))
  }

  const tryGpuNow = async (codec: CodecId, wasm: WorkerLink): Promise<void> => {
    const { gpu } = navigator as { gpu?: Parameters<typeof usableGpu>[0] }
    const found = await usableGpu(gpu, wish)
    let reason = found.usable ? undefined : found.reason
    if (found.usable) {
      try {
        const other = link('webgpu')
        const facts = await other.open({ codec, baseUrl, device: 'webgpu' }, () => {})
        reason = refusal(await wasm.proof(codec), await other.proof(codec), wish)
        if (reason === undefined) {
          onGpu.add(codec)
          opening.set(codec, { link: other, facts: Promise.resolve(facts) })
          onMoved(facts)
          wasm.retire()
          return
        }
      } catch (error) {
        reason = messageOf(error)
      }
    }
    refused = true
    if (onGpu.size === 0) links.get('webgpu')?.close()
    if (reason !== undefined) onGpuRefused(reason)
  }

  /** A call to the worker of a codec. A GPU can be lost at any time: what fails there is tried on WebAssembly, which then stays. */
  const ask = async <T>(
    codec: CodecId,
    signal: AbortSignal | undefined,
    call: (to: WorkerLink) => Promise<T>,
  ): Promise<T> => {
    asked.set(codec, { times: (asked.get(codec)?.times ?? 0) + 1, atMs: performance.now() })
    await open(codec)
    try {
      return await call(link(nameOf(codec)))
    } catch (error) {
      if (!onGpu.has(codec) || signal?.aborted) throw error
      refused = true
      onGpu.delete(codec)
      onMoved(await open(codec))
      const answer = await call(link(codec))
      onGpuRefused(`it failed: ${messageOf(error)}`)
      return answer
    }
  }

  return {
    open,
    see: (codec, picture) => ask(codec, undefined, (to) => to.see(codec, picture)),
    speak: (codec, picture, mask, call = {}) =>
      ask(codec, call.signal, (to) => to.speak(codec, picture, mask, call)),
    draw: (codec, picture, words, call = {}) =>
      ask(codec, call.signal, (to) => to.draw(codec, picture, words, call)),
    levels: (codec, picture, codes, lengths, call = {}) =>
      ask(codec, call.signal, (to) => to.levels(codec, picture, codes, lengths, call)),
    pick: (picture, prompt, call = {}) => ask('samtok', call.signal, (to) => to.pick(picture, prompt, call)),
    close() {
      for (const one of links.values()) one.close()
      links.clear()
    },
  }
}
