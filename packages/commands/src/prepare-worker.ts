// The threads of `maskwords prepare`: this module starts them, and is what runs in them.
import { isMainThread, parentPort, type Worker, workerData } from 'node:worker_threads'
import { Engine, type EngineSetup, serveWork, taskByName } from '@maskwords/data'
import type { PictureFile } from '@maskwords/datasets'
import { type LoadCodecOptions, loadCodec, MaskwordsError, readPicture } from '@maskwords/files'
import { startThread } from '@maskwords/graph'
import { loadedPlugins, loadPlugins } from '@maskwords/plugins'

/** A codec by what opens it: plain data, for threads. */
export type CodecRequest = { readonly source: string; readonly options: Omit<LoadCodecOptions, 'signal'> }

type ThreadData = {
  readonly maskwords: 'prepare'
  readonly setup: EngineSetup
  readonly codec: CodecRequest
  readonly plugins: readonly string[]
}

/** The engine of one thread. */
export async function openEngine(setup: EngineSetup, codec: CodecRequest): Promise<Engine> {
  return new Engine({
    ...setup,
    tasks: setup.tasks.map(({ name, settings }) => ({ task: taskByName(name), settings })),
    codec: await loadCodec(codec.source, codec.options),
    readPixels,
  })
}

/** Pixels as the masks lie on them; the record says which and of what size. */
async function readPixels(path: string, { widthPx, heightPx, turn }: PictureFile) {
  const picture = await readPicture(path, { exif: turn?.ground === 'shown' ? 'apply' : 'ignore' })
  if (picture.widthPx === widthPx && picture.heightPx === heightPx) return picture
  throw new MaskwordsError(
    'size-mismatch',
    `it is ${picture.widthPx} x ${picture.heightPx}, its record says ${widthPx} x ${heightPx}`,
  )
}

/** A thread with an engine: this module again. */
export function startEngineThread(setup: EngineSetup, codec: CodecRequest): Worker {
  const data: ThreadData = { maskwords: 'prepare', setup, codec, plugins: loadedPlugins() }
  const self = import.meta.url
  return startThread({ beside: self, stem: 'prepare', source: self, built: self, workerData: data })
}

if (!isMainThread && (workerData as Partial<ThreadData> | null)?.maskwords === 'prepare') {
  const { setup, codec, plugins } = workerData as ThreadData
  serveWork(parentPort!, async () => {
    await loadPlugins(plugins, process.cwd())
    return openEngine(setup, codec)
  })
}
