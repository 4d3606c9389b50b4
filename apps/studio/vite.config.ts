// The studio as static files: `vite build` puts them where `maskwords serve` finds them; `vite` serves them while developing.
import { createReadStream, statSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { defineConfig, type Plugin } from 'vite'
import { offline } from './offline-plugin.ts'
import { collectPackages, finishFolder } from './packed-plugin.ts'

const WEIGHTS = join(import.meta.dirname, '../../packages/maskwords/weights')

/** While developing, /models is the folder of shipped weights, as `maskwords serve` has it. */
const models: Plugin = {
  name: 'maskwords-models',
  configureServer(server) {
    server.middlewares.use('/models', (request, response, next) => {
      const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
      try {
        const file = join(WEIGHTS, path)
        response.setHeader('content-length', statSync(file).size)
        createReadStream(file).pipe(response)
      } catch {
        next()
      }
    })
  },
}

export default defineConfig({
  base: './',
  plugins: [models, offline, collectPackages(), finishFolder],
  resolve: { conditions: ['@maskwords/source', 'import', 'module', 'browser', 'default'] },
  worker: { format: 'es', plugins: () => [collectPackages()] },
  // Inlined files would be data: URLs, which the content security policy refuses to run.
  build: {
    outDir: '../../packages/maskwords/studio',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 5173,
    headers: {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    },
  },
})
