// Starts the server's worker threads, from TypeScript sources as well as from the bundle.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { WorkerSetup } from './work/job.ts'

/**
 * Objects of one worker, networks and pictures aside. The largest request that makes sense, 32 MiB of run lengths, makes some
 * 300 MB of them; a worker that wants more is ended and replaced, and its request answered 503, before the machine runs out.
 */
const MAX_HEAP_MB = 512

/** A thread that runs work/thread.ts. Sources in TypeScript are loaded through tsx, which threads do not inherit. */
export function startWorker(setup: WorkerSetup): Worker {
  const options = {
    name: 'maskwords-server',
    workerData: setup,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: 32 },
  }
  const self = import.meta.url
  if (!self.endsWith('.ts')) return new Worker(new URL('./server-worker.js', self), options)
  const api = pathToFileURL(createRequire(self).resolve('tsx/esm/api'))
  const tsx = new URL('./index.mjs', api).href
  const entry = new URL('./work/thread.ts', self).href
  const code = `import(${JSON.stringify(tsx)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(entry)}) })`
  return new Worker(code, { ...options, eval: true, execArgv: ['--conditions=@maskwords/source'] })
}
