// What the engine is doing and where it runs, for whoever shows it.
import { create } from 'zustand'
import type { CodecId } from '../state/types.ts'
import { CODECS } from '../state/types.ts'
import type { CodecFacts, Progress } from './backend.ts'

export type RunIn = 'browser' | 'server'

/** Whether the page came from a server that runs codecs; `reason` says why it did not. */
export type ServerState =
  | { readonly state: 'unknown' }
  | { readonly state: 'there' }
  /** It wants a token: whether the person is asked for it now, and what was wrong with the one that was given. */
  | { readonly state: 'locked'; readonly asks: boolean; readonly problem: string | undefined }
  | { readonly state: 'absent'; readonly reason: string }

export type CodecState =
  | { readonly state: 'closed' }
  | { readonly state: 'opening'; readonly progress: Progress }
  | { readonly state: 'ready'; readonly facts: CodecFacts }
  | { readonly state: 'failed'; readonly message: string; readonly hint?: string }

export type EngineState = {
  readonly runIn: RunIn
  /** Where the person wants codecs to run from now on, while it is asked whether they can; undefined when nothing is asked. */
  readonly choosing: RunIn | undefined
  readonly server: ServerState
  readonly codecs: Readonly<Record<CodecId, CodecState>>
  /** Calls that wait for an answer. */
  readonly busy: number
  /** Why WebGPU is not used although the browser has it; undefined where it is used, or was never there. */
  readonly gpuRefused: string | undefined
}

const RUN_IN_KEY = 'maskwords.runIn'

function rememberedRunIn(): RunIn {
  try {
    return globalThis.localStorage?.getItem(RUN_IN_KEY) === 'server' ? 'server' : 'browser'
  } catch {
    // Storage that a browser refuses is nothing to stop for.
    return 'browser'
  }
}

export const CLOSED = Object.fromEntries(CODECS.map((codec) => [codec, { state: 'closed' }])) as Record<
  CodecId,
  CodecState
>

export const useEngine = create<EngineState>(() => ({
  runIn: rememberedRunIn(),
  choosing: undefined,
  server: { state: 'unknown' },
  codecs: CLOSED,
  busy: 0,
  gpuRefused: undefined,
}))

export function setCodecState(codec: CodecId, state: CodecState): void {
  useEngine.setState(({ codecs }) => ({ codecs: { ...codecs, [codec]: state } }))
}

export function rememberRunIn(runIn: RunIn): void {
  useEngine.setState({ runIn })
  try {
    globalThis.localStorage?.setItem(RUN_IN_KEY, runIn)
  } catch {
    // As above: the choice then lasts as long as the page.
  }
}

/** Counts a call as waiting until it settles. */
export async function whileBusy<T>(work: Promise<T>): Promise<T> {
  useEngine.setState(({ busy }) => ({ busy: busy + 1 }))
  try {
    return await work
  } finally {
    useEngine.setState(({ busy }) => ({ busy: busy - 1 }))
  }
}

const PLACES = { webgpu: 'WebGPU', wasm: 'WebAssembly', script: 'script', server: 'server' } as const

/** Where a codec runs, for people: `WebAssembly, 2 threads`. */
export function placeText({ place, threads }: Pick<CodecFacts, 'place' | 'threads'>): string {
  if (place !== 'wasm') return PLACES[place]
  return `${PLACES[place]}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`
}

/** What a status line shows. */
export type EngineStatus = {
  /** One short line: what is being done, or where codecs run. */
  readonly text: string
  /** 0 to 1 while something long with a known end goes on. */
  readonly share: number | undefined
  readonly busy: boolean
  readonly failed: boolean
}

export function statusOf({ codecs, busy, gpuRefused }: EngineState): EngineStatus {
  const states = CODECS.map((codec) => codecs[codec])
  const opening = states.find((one) => one.state === 'opening')
  if (opening?.state === 'opening') {
    const { doing, share } = opening.progress
    return { text: doing, share, busy: true, failed: false }
  }
  const failed = states.find((one) => one.state === 'failed')
  if (failed?.state === 'failed') return { text: failed.message, share: undefined, busy: false, failed: true }
  const networks = states.find((one) => one.state === 'ready' && one.facts.place !== 'script')
  const ready = networks ?? states.find((one) => one.state === 'ready')
  if (ready?.state !== 'ready')
    return { text: 'codecs not loaded yet', share: undefined, busy: busy > 0, failed: false }
  if (ready.facts.place === 'server')
    return { text: 'codecs run at the server', share: undefined, busy: busy > 0, failed: false }
  const refused = gpuRefused === undefined ? '' : ` (no WebGPU: ${gpuRefused})`
  return {
    text: `codecs run in ${placeText(ready.facts)}${refused}`,
    share: undefined,
    busy: busy > 0,
    failed: false,
  }
}
