// Ending a worker thread that may be inside a network: by asking it.
import type { Worker } from 'node:worker_threads'

const GRACE_MS = 30_000

/**
 * Sends `message`, which asks the thread to close what it has open and end by itself, and waits until it has ended. Force
 * comes after `graceMs` only: a thread that is ended while ONNX Runtime works in it takes the whole process with it
 * (`terminate called after throwing an instance of 'Napi::Error'`).
 */
export function dismissThread(worker: Worker, message: unknown, graceMs = GRACE_MS): Promise<void> {
  return new Promise((resolve) => {
    // A thread that was let go of would let the process end before it: whoever waits would wait for nothing (exit code 13).
    worker.ref()
    const force = setTimeout(() => void worker.terminate().then(() => resolve()), graceMs)
    force.unref()
    worker.once('exit', () => {
      clearTimeout(force)
      resolve()
    })
    worker.postMessage(message)
  })
}
