// Starts the server's worker threads.
import type { Worker } from 'node:worker_threads'
import { startThread } from '@maskwords/graph'
import type { WorkerSetup } from './work/job.ts'

/**
 * Objects of one worker, networks and pictures aside. The largest request that makes sense, 32 MiB of run lengths, makes some
 * 300 MB of them; a worker that wants more is ended and replaced, and its request answered 503, before the machine runs out.
 */
const MAX_HEAP_MB = 512

/** A thread that runs work/thread.ts. */
export function startWorker(setup: WorkerSetup): Worker {
  return startThread({
    beside: import.meta.url,
    stem: 'server-worker',
    source: './work/thread.ts',
    workerData: setup,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: 32 },
  })
}
