// samtok-nano and himtok-nano in a worker of the browser, on onnxruntime-web. Loaded when the first of them is opened.
import { codecFromFiles } from '@maskwords/codec-loading'
import { openWebSession } from '@maskwords/graph/web'
import type { OpenNetworks } from './host.ts'
import { fetchCodecFiles } from './weights.ts'

/** More gain nothing for networks of this size. */
const MAX_THREADS = 4

/**
 * One processor stays with the page. Where others work too, a thread more makes runs slower: each waits for the other at
 * every step.
 */
const threadsHere = (): number =>
  globalThis.crossOriginIsolated ? Math.min(MAX_THREADS, Math.max(1, navigator.hardwareConcurrency - 1)) : 1

export const openNetworks: OpenNetworks = async ({ codec: id, baseUrl, device }, tell) => {
  const files = await fetchCodecFiles(baseUrl, `${id}-nano`, tell)
  tell({ doing: `starting ${files.name}` })
  const threads = threadsHere()
  const codec = await codecFromFiles(files, {
    runtime: {
      target: device === 'webgpu' ? 'webgpu' : 'web',
      // This is a worker already, and sessions of one worker share the runtime's code and threads.
      open: (model) => openWebSession(model, { device, threads, worker: false }),
    },
  })
  return { codec, threads }
}
