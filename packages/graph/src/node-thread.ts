// Starting Node worker threads of this package from TypeScript sources as well as from compiled files.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

/**
 * A worker thread that runs `<stem>.ts` or `<stem>.js` beside the module `beside` (its import.meta.url), or the file at `url`.
 * Sources in TypeScript are loaded through tsx, which workers do not inherit, and see the sources of other packages.
 */
export function startThread(options: {
  beside: string
  stem: string
  url: string | undefined
  workerData?: unknown
}): Worker {
  const { beside, stem, url, workerData } = options
  const name = `maskwords-${stem}`
  if (url !== undefined) return new Worker(new URL(url), { name, workerData })
  if (!beside.endsWith('.ts')) return new Worker(new URL(`./${stem}.js`, beside), { name, workerData })
  // require() finds the CommonJS build, whose register() looks for its sibling in the wrong folder; the module build is beside it.
  const api = pathToFileURL(createRequire(beside).resolve('tsx/esm/api'))
  const tsx = new URL('./index.mjs', api).href
  const entry = new URL(`./${stem}.ts`, beside).href
  const code = `import(${JSON.stringify(tsx)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(entry)}) })`
  return new Worker(code, { eval: true, execArgv: ['--conditions=@maskwords/source'], name, workerData })
}
