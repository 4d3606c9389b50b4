// Starting Node worker threads from TypeScript sources as well as from compiled and bundled files: the one place that knows how.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'

export type ThreadOptions = Pick<WorkerOptions, 'workerData' | 'resourceLimits'> & {
  /** The module that starts the thread: its import.meta.url. */
  readonly beside: string
  /** What the thread is called, after `maskwords-`; unless said otherwise it runs `<stem>.ts` or `<stem>.js` beside the module. */
  readonly stem: string
  /** The thread's source, from the module. Default `./<stem>.ts`. */
  readonly source?: string
  /** The thread's compiled or bundled file, from the module. Default `./<stem>.js`. */
  readonly built?: string
  /** The file to run instead, whatever the module is. */
  readonly url?: string | undefined
}

/** A worker thread of this house. Sources in TypeScript are loaded through tsx and from sources, neither of which workers inherit. */
export function startThread(options: ThreadOptions): Worker {
  const { beside, stem, source = `./${stem}.ts`, built = `./${stem}.js`, url, ...rest } = options
  const common: WorkerOptions = { name: `maskwords-${stem}`, ...rest }
  if (url !== undefined) return new Worker(new URL(url), common)
  if (!beside.endsWith('.ts')) return new Worker(new URL(built, beside), { ...withoutInputType(), ...common })
  // require() finds the CommonJS build, whose register() looks for its sibling in the wrong folder; the module build is beside it.
  const api = pathToFileURL(createRequire(beside).resolve('tsx/esm/api'))
  const tsx = new URL('./index.mjs', api).href
  const entry = new URL(source, beside).href
  const code = `import(${JSON.stringify(tsx)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(entry)}) })`
  return new Worker(code, { ...common, eval: true, execArgv: ['--conditions=@maskwords/source'] })
}

/** `node --input-type=module -e ...` would hand its option on to the thread, whose file then may not be loaded. */
const withoutInputType = (): WorkerOptions =>
  process.execArgv.some((option) => option.startsWith('--input-type')) ? { execArgv: [] } : {}
