// onnxruntime-web: loading it, its settings, and a model in this thread.
import { GraphError } from '../error.ts'
import type { ModelBytes, Runner, RunnerOptions, Runtime } from './runner.ts'
import { openRunner } from './runner.ts'

export type WebDevice = 'wasm' | 'webgpu'
export type WebSetup = {
  /** Folder (URL) of onnxruntime-web's .wasm and .mjs files, where the bundler did not place them. */
  readonly wasmPaths?: string | undefined
}

type WebRuntime = Runtime & {
  env: { wasm: { numThreads?: number; wasmPaths?: string; proxy?: boolean }; logLevel?: string }
}

/** Opens a model in the calling thread of a browser. */
export async function openWebRunner(
  model: ModelBytes,
  options: RunnerOptions,
  setup: WebSetup,
): Promise<Runner> {
  const webgpu = options.providers[0] === 'webgpu'
  if (webgpu && !(globalThis.navigator as { gpu?: unknown } | undefined)?.gpu) {
    throw new GraphError('provider-missing', 'this browser has no WebGPU', {
      hint: 'open the session with device: "wasm"',
    })
  }
  let runtime: WebRuntime
  try {
    runtime = (webgpu
      ? await import('onnxruntime-web/webgpu')
      : await import('onnxruntime-web/wasm')) as unknown as WebRuntime
  } catch (cause) {
    throw new GraphError('provider-missing', `onnxruntime-web does not load: ${String(cause)}`, {
      cause,
      hint: 'npm install onnxruntime-web',
    })
  }
  if (setup.wasmPaths !== undefined) runtime.env.wasm.wasmPaths = setup.wasmPaths
  // Threads need SharedArrayBuffer, which browsers give only to isolated pages.
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true
  runtime.env.wasm.numThreads = isolated
    ? (options.threads ?? Math.min(8, globalThis.navigator?.hardwareConcurrency ?? 1))
    : 1
  return openRunner(runtime, model, { ...options, threads: undefined })
}
