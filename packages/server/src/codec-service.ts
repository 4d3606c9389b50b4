// The whole service of `maskwords serve`: the frame, the pool, what is kept of pictures, codecs, rewards and the studio's pages.
import { SHIPPED_CODECS, shippedFolder } from '@maskwords/files'
import { loadedPlugins } from '@maskwords/plugins'
import { isLoopback } from './auth.ts'
import { addCodecRoutes } from './codec-routes.ts'
import { watchEventLoop } from './event-loop.ts'
import { createPictureCache, type PictureCache } from './picture-cache.ts'
import { openPool, type Pool } from './pool.ts'
import { addRewardRoutes } from './reward-routes.ts'
import { createService, type RequestRecord, type Service } from './service.ts'
import { startWorker } from './start-worker.ts'
import { studioPages } from './studio-pages.ts'
import type { WorkerSetup } from './work/job.ts'

export type CodecServiceOptions = {
  readonly host: string
  readonly codecs: WorkerSetup['codecs']
  readonly workers: number
  /** Threads of the networks in each worker. */
  readonly threads: number
  readonly maxPixels: number
  readonly maxBodyBytes: number
  readonly timeoutMs: number
  /** Memory for pictures and encoded pictures. */
  readonly cacheBytes: number
  /** Where encoded pictures are kept on disk, and how many bytes of them. */
  readonly cacheFolder?: string
  readonly cacheFolderBytes?: number
  readonly token?: string
  readonly cors?: string
  /** The built studio; undefined serves none. */
  readonly studioFolder?: string
  readonly onInternal?: (error: unknown, requestId: string) => void
  readonly onRequest?: (request: RequestRecord) => void
  readonly onLost?: (why: string) => void
}

/** What the studio runs in the page, whatever codecs the server has. */
const SHIPPED_FOLDERS = new Map(SHIPPED_CODECS.map((name) => [name, shippedFolder(name)]))

export type CodecService = {
  readonly service: Service
  readonly pool: Pool
  readonly cache: PictureCache
  /** Ends the workers. */
  close(): Promise<void>
}

/** Opens the codecs in the workers and puts the service together. Throws what keeps a codec from opening. */
export async function openCodecService(options: CodecServiceOptions): Promise<CodecService> {
  const { host, codecs, workers, threads, maxPixels, cacheFolder, cacheFolderBytes, token, cors } = options
  const cache = createPictureCache({ maxBytes: options.cacheBytes })
  const setup: WorkerSetup = {
    codecs,
    plugins: loadedPlugins(),
    threads,
    maxPixels,
    ...(cacheFolder !== undefined && { cacheFolder }),
    ...(cacheFolderBytes !== undefined && { cacheFolderBytes }),
  }
  const pool = await openPool({
    workers,
    start: () => startWorker(setup),
    cache,
    ...(options.onLost !== undefined && { onLost: options.onLost }),
  })
  const service = createService({
    title: 'maskwords',
    maxBodyBytes: options.maxBodyBytes,
    timeoutMs: options.timeoutMs,
    // The pool has a line of its own, in which requests that are the same wait once.
    maxWorking: Number.POSITIVE_INFINITY,
    maxHeld: MAX_HELD,
    isReady: () => pool.alive > 0,
    retryAfterS: () => Math.min(30, Math.max(1, Math.ceil(pool.expectedWaitMs / 1000))),
    loopbackNamesOnly: token === undefined && isLoopback(host),
    ...(token !== undefined && { token }),
    ...(cors !== undefined && { cors }),
    ...(options.onInternal !== undefined && { onInternal: options.onInternal }),
    ...(options.onRequest !== undefined && { onRequest: options.onRequest }),
  })
  const { metrics } = service
  metrics.gauge('maskwords_workers_alive', 'Worker threads that take work.', () => pool.alive)
  metrics.gauge('maskwords_workers_busy', 'Worker threads at work.', () => pool.busy)
  metrics.gauge('maskwords_workers_lost', 'Worker threads that died or were ended.', () => pool.lost)
  metrics.gauge('maskwords_jobs_waiting', 'Requests that wait for a worker.', () => pool.waiting)
  metrics.gauge('maskwords_picture_cache_bytes', 'Bytes of kept pictures.', () => cache.bytes)
  metrics.gauge('maskwords_picture_cache_entries', 'Kept pictures and encoded pictures.', () => cache.entries)
  metrics.gauge('maskwords_picture_cache_evicted', 'Entries that went for others.', () => cache.evicted)
  const loop = watchEventLoop(metrics)
  addCodecRoutes(service, { pool, cache })
  addRewardRoutes(service, { score: (body, signal) => pool.run({ kind: 'rewards', body }, { signal }) })
  service.pages(await studioPages(options.studioFolder, SHIPPED_FOLDERS))
  return {
    service,
    pool,
    cache,
    async close() {
      loop.stop()
      await pool.close()
    },
  }
}

/** Requests held at a time: with half a second each on two workers, the last of these waits a minute. */
const MAX_HELD = 256
