// onnxruntime-node: loading it, the providers it has, and a model in this thread.
import { existsSync, lstatSync } from 'node:fs'
import { GraphError } from '../error.ts'
import type { ModelBytes, Runner, RunnerOptions, Runtime } from './runner.ts'
import { openRunner } from './runner.ts'

export type Device = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'dml'

type NodeRuntime = Runtime & {
  listSupportedBackends?: () => readonly { readonly name: string; readonly bundled: boolean }[]
}

/** onnxruntime-node, loaded on first use. */
export async function loadRuntime(): Promise<NodeRuntime> {
  // Not a literal, so that a bundler for browsers does not look for it.
  const name = 'onnxruntime-node'
  try {
    const loaded = (await import(name)) as unknown as NodeRuntime & { default?: NodeRuntime }
    return loaded.InferenceSession ? loaded : loaded.default!
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause)
    const absent = /Cannot find (package|module) 'onnxruntime-node'/.test(text)
    throw new GraphError(
      'provider-missing',
      absent ? 'onnxruntime-node is not installed' : `onnxruntime-node does not load: ${text}`,
      {
        cause,
        hint: 'npm install onnxruntime-node (ONNXRUNTIME_NODE_INSTALL=skip where there is no internet)',
      },
    )
  }
}

/** Opens a model in the calling thread. */
export async function openNodeRunner(model: ModelBytes, options: RunnerOptions): Promise<Runner> {
  const runtime = await loadRuntime()
  const device = options.providers[0]!
  const there = runtime.listSupportedBackends?.().map((backend) => backend.name) ?? ['cpu']
  if (!there.includes(device)) {
    throw new GraphError(
      'provider-missing',
      `this onnxruntime-node has no "${device}"; it has ${there.join(', ')}`,
      {
        hint:
          device === 'cuda'
            ? 'CUDA needs Linux x64 and the CUDA files that onnxruntime-node fetches when it is installed'
            : `open the session with device: "${there[0]}"`,
      },
    )
  }
  try {
    return await openRunner(runtime, model, options)
  } catch (cause) {
    if (device !== 'cpu' && cause instanceof GraphError && cause.code === 'runtime') {
      throw new GraphError('provider-missing', `"${device}" does not start: ${cause.message}`, {
        cause,
        hint: `this runtime has ${there.join(', ')}; webgpu on Linux needs libvulkan.so.1 and a driver`,
      })
    }
    throw cause
  }
}

/** External weights must be real files: ONNX Runtime refuses symbolic links, as it cannot tell what they escape. */
export function checkWeightFiles(paths: readonly string[]): void {
  for (const path of paths) {
    if (!existsSync(path)) throw new GraphError('file', `weights: ${path} does not exist`)
    if (lstatSync(path).isSymbolicLink()) {
      throw new GraphError(
        'file',
        `weights: ${path} is a symbolic link, which ONNX Runtime does not follow`,
        {
          hint: 'give the real path (fs.realpath), or make a hard link',
        },
      )
    }
  }
}
