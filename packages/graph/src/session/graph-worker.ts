// The entry of the Node worker thread that runs one model. A bundler must emit it as `graph-worker.js` beside the code that opens sessions.
import { parentPort } from 'node:worker_threads'
import { openNodeRunner } from './node.ts'
import type { Port } from './protocol.ts'
import { serve } from './protocol.ts'

const channel = parentPort
if (channel) {
  const port: Port = {
    post: (message, transfer) => channel.postMessage(message, [...transfer]),
    onMessage: (listener) => channel.on('message', listener),
  }
  serve(port, ({ model, options }) => openNodeRunner(model, options))
}
