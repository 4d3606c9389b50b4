// ONNX Runtime for Node.js (the package onnxruntime-node): loading it, the providers it has, and a model in this thread.

import { existsSync, lstatSync } from 'node:fs'
import { messageOf } from '@maskwords/base'
import { GraphError } from '../error.ts'
import type { ModelBytes, Runner, RunnerOptions, Runtime } from './runner.ts'
import { openRunner } from './runner.ts'

export type Device = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'dml'

type NodeRuntime = Runtime & {
  listSupportedBackends?: () => readonly { readonly name: string; readonly bundled: boolean }[]
  env?: { versions?: Readonly<Record<string, string | undefined>> }
}

/** onnxruntime-node under the name that maskwords installs it by, a copy of its own; then one that somebody put beside it. */
const RUNTIME_NAMES = ['maskwords-onnxruntime', 'onnxruntime-node'] as const

/**
 * onnxruntime-node, loaded on first use.
 * @throws GraphError `provider-missing` where it is not installed or does not load.
 */
export async function loadRuntime(): Promise<NodeRuntime> {
  let broken: { name: string; cause: unknown } | undefined
  // Not literals, so that a bundler for browsers does not look for them.
  for (const name of RUNTIME_NAMES) {
    try {
      const loaded = (await import(name)) as unknown as NodeRuntime & { default?: NodeRuntime }
      return loaded.InferenceSession ? loaded : loaded.default!
    } catch (cause) {
      if (!isAbsent(cause, name)) broken ??= { name, cause }
    }
  }
  if (broken === undefined) {
    throw new GraphError('provider-missing', 'ONNX Runtime (onnxruntime-node) is not installed', {
      hint: 'ONNXRUNTIME_NODE_INSTALL=skip npm install maskwords   (without optional packages left out)',
    })
  }
  const { name, cause } = broken
  throw new GraphError('provider-missing', `ONNX Runtime (${name}) does not load: ${messageOf(cause)}`, {
    cause,
    hint: `it needs Node.js for Linux with glibc, macOS on Apple silicon or Windows; this is ${process.platform}-${process.arch}`,
  })
}

const isAbsent = (cause: unknown, name: string): boolean =>
  messageOf(cause).includes(`Cannot find package '${name}'`)

/** Opens a model in the calling thread. */
export async function openNodeRunner(model: ModelBytes, options: RunnerOptions): Promise<Runner> {
  const runtime = await loadRuntime()
  const device = options.providers[0]!
  const built = builtDevices(runtime)
  if (!built.includes(device)) {
    const there = built.join(', ')
    throw new GraphError('provider-missing', `this onnxruntime-node has no "${device}"; it has ${there}`, {
      hint: `open the session with device: "${built[0]}"`,
    })
  }
  try {
    return await openRunner(runtime, model, options)
  } catch (cause) {
    if (device !== 'cpu' && cause instanceof GraphError && cause.code === 'runtime') {
      throw new GraphError('provider-missing', `"${device}" does not start: ${cause.message}`, {
        cause,
        hint: START_HINTS[device] ?? 'open the session with device: "cpu"',
      })
    }
    throw cause
  }
}

/** What a device needs beyond the package. */
const START_HINTS: Readonly<Record<string, string>> = {
  webgpu:
    'on Linux WebGPU needs libvulkan.so.1 and a graphics driver; or open the session with device: "cpu"',
  cuda: 'CUDA needs Linux x64, a driver, CUDA 12, and files that npm does not carry: ONNXRUNTIME_NODE_INSTALL=true npm rebuild maskwords-onnxruntime',
}

/** Devices the runtime was built for; those that need more files than the package brings come last. */
export function builtDevices(runtime: NodeRuntime): string[] {
  const backends = [...(runtime.listSupportedBackends?.() ?? [{ name: 'cpu', bundled: true }])]
  return backends.sort((a, b) => Number(b.bundled) - Number(a.bundled)).map(({ name }) => name)
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
