// The entry of the Web Worker that runs one model through onnxruntime-web.
import type { Port } from './protocol.ts'
import { serve } from './protocol.ts'
import type { WebSetup } from './web-runtime.ts'
import { openWebRunner } from './web-runtime.ts'

const scope = globalThis as unknown as {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
}
const port: Port = {
  post: (message, transfer) => scope.postMessage(message, transfer),
  onMessage: (listener) => scope.addEventListener('message', (event) => listener(event.data)),
}
serve(port, ({ model, options, setup }) => openWebRunner(model, options, setup as WebSetup))
