// The entry of a server's worker thread: opens the codecs, then does one job after the other. A bundler must emit it as
// `server-worker.js` beside the code that starts it.
import { parentPort, workerData } from 'node:worker_threads'
import { openImageStore } from '@maskwords/codecs'
import { findSharp, reportOf } from '@maskwords/files'
import { loadPlugins } from '@maskwords/plugins'
import { openCodecs, vocabularyListing } from './codecs.ts'
import { type FromWorker, faultData, type Keeper, type Kept, type ToWorker, type WorkerSetup } from './job.ts'
import { runJob } from './jobs.ts'
import { warmUp } from './warm-up.ts'
import type { Work } from './work.ts'

/** How long work goes on between two looks at what the main thread says. */
const PAUSE_MS = 10

async function main(port: NonNullable<typeof parentPort>, setup: WorkerSetup): Promise<void> {
  const say = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
  await loadPlugins(setup.plugins, process.cwd())
  const codecs = await openCodecs(setup)
  // Pictures are decoded once, so that a cache of theirs is memory for nothing; threads are shared out already.
  const sharp = await findSharp()
  sharp?.cache(false)
  sharp?.concurrency(setup.threads)
  const { cacheFolder, cacheFolderBytes } = setup
  const store =
    cacheFolder === undefined
      ? undefined
      : await openImageStore({
          folder: cacheFolder,
          ...(cacheFolderBytes !== undefined && { maxBytes: cacheFolderBytes }),
        })
  const questions = new Map<number, (kept: Kept) => void>()
  let asked = 0
  const keeper: Keeper = {
    lookUp: (handle, codec) =>
      new Promise((resolve) => {
        const question = asked++
        questions.set(question, resolve)
        say({ say: 'look-up', question, handle, ...(codec !== undefined && { codec }) })
      }),
    keepPicture: (handle, picture) => say({ say: 'keep-picture', handle, picture }),
    keepImage: (handle, codec, image) => say({ say: 'keep-image', handle, codec, image }),
  }
  const running = new Map<number, AbortController>()
  const underWay = new Set<Promise<void>>()
  const leaving = new AbortController()
  const leave = async (): Promise<void> => {
    leaving.abort()
    for (const controller of running.values()) controller.abort()
    await Promise.all(underWay)
    await codecs.close()
    process.exit(0)
  }
  const begin = (work: Promise<void>): void => {
    underWay.add(work)
    void work.then(() => underWay.delete(work))
  }
  const run = async (message: ToWorker & { say: 'job' }) => {
    const { id, job } = message
    const controller = new AbortController()
    running.set(id, controller)
    try {
      const { signal } = controller
      const answer = await runJob(job, {
        codecs,
        keeper,
        store,
        maxPixels: setup.maxPixels,
        fetchOrigins: setup.fetchOrigins ?? [],
        signal,
        pause: pauses(signal),
      })
      say({ say: 'done', id, answer }, transferable(answer.body))
    } catch (error) {
      say({ say: 'fault', id, fault: faultData(error) })
    } finally {
      running.delete(id)
    }
  }
  port.on('message', (message: ToWorker) => {
    if (message.say === 'job') begin(run(message))
    else if (message.say === 'leave') void leave()
    else if (message.say === 'cancel') running.get(message.id)?.abort()
    else {
      questions.get(message.question)?.(message.kept)
      questions.delete(message.question)
    }
  })
  say({
    say: 'ready',
    codecs: codecs.all.map((open) => open.info),
    vocabularies: codecs.all.map(({ name, codec }) => vocabularyListing(name, codec.vocabulary)),
  })
  begin(warmUp(codecs, leaving.signal))
}

function pauses(signal: AbortSignal): Work['pause'] {
  let last = performance.now()
  return async () => {
    if (performance.now() - last > PAUSE_MS) {
      await new Promise((resolve) => setImmediate(resolve))
      last = performance.now()
    }
    signal.throwIfAborted()
  }
}

/** The memory of an answer, where it is all of it and nobody else's. */
function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : []
}

if (parentPort !== null) {
  const port = parentPort
  main(port, workerData as WorkerSetup).catch((error: unknown) => {
    port.postMessage({ say: 'failed', report: reportOf(error) } satisfies FromWorker)
  })
}
