// The engine as the rest of the studio sees it: one backend at a time, where it runs, and what it is doing.
import { useMemo } from 'react'
import { notify, notifyError } from '../state/store.ts'
import { CODECS, type CodecId } from '../state/types.ts'
import type { Backend, ClickBackend, CodecFacts } from './backend.ts'
import { browserBackend } from './browser.ts'
import { probeServer } from './probe.ts'
import {
  CLOSED,
  type EngineStatus,
  type RunIn,
  rememberRunIn,
  setCodecState,
  statusOf,
  useEngine,
} from './status.ts'
import { keepToken, keptToken, TOKEN_HINT, tokenProblem } from './token.ts'
import { tracked } from './tracked.ts'

export type { Backend, CallOptions, CodecFacts, Decoded, Place, Progress, Spoken } from './backend.ts'
export { EngineError } from './error.ts'
export { spokenOf } from './said.ts'
export {
  type EngineState,
  type EngineStatus,
  placeText,
  type RunIn,
  type ServerState,
  useEngine,
} from './status.ts'
export { pictureMsOf } from './tracked.ts'

const backends = new Map<RunIn, Backend>()

/** A backend whose code is fetched when it is first used. */
function later(load: () => Promise<Backend>): Backend {
  let loaded: Promise<Backend> | undefined
  const get = (): Promise<Backend> => (loaded ??= load())
  const opened = new Map<CodecId, Promise<CodecFacts>>()
  return {
    // One promise a codec, as of a backend that is there.
    open(codec, onProgress) {
      let facts = opened.get(codec)
      if (facts === undefined) {
        facts = get().then((inner) => inner.open(codec, onProgress))
        opened.set(codec, facts)
        facts.catch(() => opened.delete(codec))
      }
      return facts
    },
    see: async (...args) => (await get()).see(...args),
    speak: async (...args) => (await get()).speak(...args),
    draw: async (...args) => (await get()).draw(...args),
    levels: async (...args) => (await get()).levels(...args),
    close: () => void loaded?.then((inner) => inner.close()),
  }
}

let own: ClickBackend | undefined

/** The backend of this page: there from its first call on, wherever codecs run. */
const ownBackend = (): ClickBackend =>
  (own ??= browserBackend({
    baseUrl: document.baseURI,
    search: location.search,
    onMoved: (facts) => {
      if (useEngine.getState().runIn === 'browser') setCodecState(facts.id, { state: 'ready', facts })
    },
    onGpuRefused: (gpuRefused) => useEngine.setState({ gpuRefused }),
  }))

/** The object that clicks and a box on a picture mean. Runs in this page. Rejects with EngineError, and with the signal's reason. */
export const pickObject: ClickBackend['pick'] = (picture, prompt, options) =>
  ownBackend().pick(picture, prompt, options)

function make(runIn: RunIn): Backend {
  if (runIn === 'server') {
    const baseUrl = document.baseURI
    const token = keptToken()
    // A refusal that comes late, of a token that was replaced meanwhile, changes nothing.
    const onLocked = (): void => {
      if (token === keptToken()) serverLocked()
    }
    return later(async () => (await import('./server.ts')).serverBackend({ baseUrl, token, onLocked }))
  }
  return ownBackend()
}

function backendOf(runIn: RunIn): Backend {
  let one = backends.get(runIn)
  if (one === undefined) {
    one = tracked(runIn, make(runIn))
    backends.set(runIn, one)
  }
  return one
}

/** The backend in use now. Codecs open at their first call. */
export const backend = (): Backend => backendOf(useEngine.getState().runIn)

/** The backend in use; another value when the person changes where codecs run, so that effects run again. */
export function useBackend(): Backend {
  const runIn = useEngine((state) => state.runIn)
  return useMemo(() => backendOf(runIn), [runIn])
}

/** What the status line shows. */
export function useEngineStatus(): EngineStatus {
  const state = useEngine()
  return useMemo(() => statusOf(state), [state])
}

/**
 * Runs codecs elsewhere from now on, and in the next visit. The server is asked first whether it does; where it wants a
 * token, the person is asked for it.
 */
export async function setRunIn(runIn: RunIn): Promise<void> {
  useEngine.setState({ choosing: runIn })
  const open = runIn === 'browser' || (await askServer())
  // Where the person chose again meanwhile, that answer is the one to follow.
  if (useEngine.getState().choosing !== runIn) return
  useEngine.setState({ choosing: undefined })
  if (open) return runFrom(runIn)
  if (useEngine.getState().server.state === 'locked') askForToken()
}

function runFrom(runIn: RunIn): void {
  if (runIn === useEngine.getState().runIn) return
  rememberRunIn(runIn)
  useEngine.setState({ codecs: CLOSED })
}

/** Whether the page's server runs codecs; kept in the state, with the reason where it does not. */
export async function askServer(): Promise<boolean> {
  const server = await probeServer(document.baseURI, keptToken())
  const before = useEngine.getState().server
  // Where a call was refused meanwhile, the person is asked already.
  if (server.state !== 'locked' || before.state !== 'locked') useEngine.setState({ server })
  return server.state === 'there'
}

function askForToken(problem?: string): void {
  useEngine.setState({ server: { state: 'locked', asks: true, problem } })
}

/** Tries a token that the person gave. Where the server takes it, codecs run there; else the state says what is wrong. */
export async function giveToken(token: string): Promise<void> {
  const problem = tokenProblem(token)
  if (problem !== undefined) return askForToken(problem)
  const server = await probeServer(document.baseURI, token)
  if (server.state === 'locked') return askForToken('The server says that this is not its token.')
  if (server.state === 'absent') return askForToken(server.reason)
  keepToken(token)
  // The one before speaks with another token, or with none.
  backends.get('server')?.close()
  backends.delete('server')
  useEngine.setState({ server })
  runFrom('server')
}

/** The person has no token to give now. */
export function withholdToken(): void {
  useEngine.setState({ server: { state: 'locked', asks: false, problem: undefined } })
}

/** The server wants a token in the middle of work: the browser takes over until it is given. */
function serverLocked(): void {
  if (useEngine.getState().runIn !== 'server') return
  useEngine.setState({ runIn: 'browser', codecs: CLOSED })
  askForToken()
  notify({
    kind: 'error',
    message: 'The server wants a token: codecs run in the browser until it is given.',
    hint: TOKEN_HINT,
  })
}

/**
 * To be called once when the page starts: of a remembered server that is gone, or that wants a token, the person is told,
 * and the browser takes over.
 */
export async function startEngine(): Promise<void> {
  if (await askServer()) return
  const { runIn, server } = useEngine.getState()
  if (server.state === 'locked') return serverLocked()
  if (runIn !== 'server' || server.state !== 'absent') return
  notifyError(new Error(server.reason), 'codecs run in the browser instead of the server')
  useEngine.setState({ runIn: 'browser', codecs: CLOSED })
}

/** Opens all codecs ahead of the first mask; failures show where a codec's words would. */
export function warmUp(): void {
  for (const codec of CODECS)
    backend()
      .open(codec)
      .catch(() => {})
}
