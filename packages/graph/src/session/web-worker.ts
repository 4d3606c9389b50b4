// The entry of the Web Worker that runs one model through onnxruntime-web.
import type { Port } from './protocol.ts'
import { serve } from './protocol.ts'
import type { WebSetup } from './web-runtime.ts'
import { openWebRunner } from './web-runtime.ts'

type Message = { readonly data: unknown }
const scope = globalThis as unknown as {
  readonly name?: string
  onmessage: ((message: Message) => void) | null
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void
  addEventListener(type: 'message', listener: (message: Message) => void, options?: { once: boolean }): void
}

/** What ONNX Runtime calls the workers that are its threads. */
const THREAD_NAME = 'em-pthread'

/**
 * A thread of ONNX Runtime loads the file that the runtime's code is in. Where a bundler has put it into this one, as Vite does
 * unless `worker.format` is 'es', the thread starts here: the first message brings the compiled module, which says which of the
 * two runtimes is meant, and that one answers from then on.
 */
function becomeThread(): void {
  scope.addEventListener(
    'message',
    async (message) => {
      const parts: unknown[] = Object.values(message.data as object)
      const compiled = parts.find((part) => part instanceof WebAssembly.Module) as WebAssembly.Module
      const isWebgpu = WebAssembly.Module.exports(compiled).some(({ name }) => name.startsWith('asyncify'))
      await (isWebgpu ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm'))
      scope.onmessage?.(message)
    },
    { once: true },
  )
}

if (scope.name?.startsWith(THREAD_NAME)) becomeThread()
else {
  const port: Port = {
    post: (message, transfer) => scope.postMessage(message, transfer),
    onMessage: (listener) => scope.addEventListener('message', (event) => listener(event.data)),
  }
  serve(port, ({ model, options, setup }) => openWebRunner(model, options, setup as WebSetup))
}
