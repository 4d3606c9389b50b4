// The whole service of `maskwords serve`: the frame, the pool, what is kept of pictures, codecs, rewards and the studio's pages.
import { SHIPPED_CODECS, shippedFolder } from '@maskwords/files'
import type { MultimodalModel } from '@maskwords/mllm'
import { loadedPlugins } from '@maskwords/plugins'
import type { Vocabulary } from '@maskwords/words'
import { isLoopback } from './auth.ts'
import { addChatRoutes } from './chat/chat-routes.ts'
import { createGateway, type Gateway, type GatewayOptions, vocabularyOf } from './chat/gateway.ts'
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
  /** A model that answers questions. */
  readonly model?: ServedModel
  /** Web origins from which pictures of questions may be fetched. */
  readonly fetchOrigins?: readonly string[]
  /** The built studio; undefined serves none. */
  readonly studioFolder?: string
  readonly onInternal?: (error: unknown, requestId: string) => void
  readonly onRequest?: (request: RequestRecord) => void
  readonly onLost?: (why: string) => void
}

export type ServedModel = Omit<GatewayOptions, 'model'> & {
  /** Opens it. `words` are those of the first codec, for a server that does not say its model's. */
  open(words: Vocabulary | undefined): Promise<MultimodalModel>
}

/** What the studio runs in the page, whatever codecs the server has. */
const SHIPPED_FOLDERS = new Map(SHIPPED_CODECS.map((name) => [name, shippedFolder(name)]))

export type CodecService = {
  readonly service: Service
  readonly pool: Pool
  readonly cache: PictureCache
  /** What is said of the served model; undefined where there is none. */
  readonly model: { readonly id: string; readonly notes: readonly string[] } | undefined
  /** Ends the workers and closes the model. */
  close(): Promise<void>
}

/** Opens the codecs in the workers and the model, and puts the service together. Throws what keeps one of them from opening. */
export async function openCodecService(options: CodecServiceOptions): Promise<CodecService> {
  const { host, codecs, workers, threads, maxPixels, cacheFolder, cacheFolderBytes, token, cors } = options
  const { fetchOrigins } = options
  const cache = createPictureCache({ maxBytes: options.cacheBytes })
  const setup: WorkerSetup = {
    codecs,
    plugins: loadedPlugins(),
    threads,
    maxPixels,
    ...(fetchOrigins !== undefined && { fetchOrigins }),
    ...(cacheFolder !== undefined && { cacheFolder }),
    ...(cacheFolderBytes !== undefined && { cacheFolderBytes }),
  }
  const pool = await openPool({
    workers,
    start: () => startWorker(setup),
    cache,
    ...(options.onLost !== undefined && { onLost: options.onLost }),
  })
  const gateway = await openGateway(options.model, pool).catch(async (error: unknown) => {
    await pool.close()
    throw error
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
  addChatRoutes(service, { pool, cache, gateway })
  addRewardRoutes(service, { score: (body, signal) => pool.run({ kind: 'rewards', body }, { signal }) })
  service.pages(await studioPages(options.studioFolder, SHIPPED_FOLDERS))
  return {
    service,
    pool,
    cache,
    model: gateway && { id: gateway.id, notes: gateway.model.facts.notes },
    async close() {
      loop.stop()
      await gateway?.model.close()
      await pool.close()
    },
  }
}

async function openGateway(served: ServedModel | undefined, pool: Pool): Promise<Gateway | undefined> {
  if (served === undefined) return undefined
  const { open, ...options } = served
  const [first] = pool.vocabularies
  const model = await open(first === undefined ? undefined : vocabularyOf(first))
  return createGateway({ ...options, model }, pool.codecs)
}

/** Requests held at a time: with half a second each on two workers, the last of these waits a minute. */
const MAX_HELD = 256
