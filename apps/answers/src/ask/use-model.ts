// Which model answers, asked of the page's server when the view opens, and again when the person says so or gives a token.
import { type ModelFacts, servedModel } from '@maskwords/board/engine/asked-model.ts'
import { useEngine } from '@maskwords/board/engine/index.ts'
import { useCallback, useEffect, useState } from 'react'

export type ModelState =
  | { readonly state: 'asking' }
  | { readonly state: 'there'; readonly model: ModelFacts }
  /** The server is there and serves no model. */
  | { readonly state: 'none' }
  | { readonly state: 'failed'; readonly message: string; readonly hint: string | undefined }

/** A server that says nothing for so long counts as absent. */
const PATIENCE_MS = 20_000

export function useModel(): ModelState & { readonly again: () => void } {
  const [state, setState] = useState<ModelState>({ state: 'asking' })
  const [round, setRound] = useState(0)
  const server = useEngine(({ server }) => server.state)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round, or a server that took a token, is a reason to ask again.
  useEffect(() => {
    const controller = new AbortController()
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(PATIENCE_MS)])
    setState((before) => (before.state === 'there' ? before : { state: 'asking' }))
    servedModel(signal).then(
      (model) => setState(model === undefined ? { state: 'none' } : { state: 'there', model }),
      (error) => {
        if (controller.signal.aborted) return
        const { message, hint } = error as { message?: string; hint?: string }
        setState({ state: 'failed', message: message ?? String(error), hint })
      },
    )
    return () => controller.abort()
  }, [round, server])
  return { ...state, again: useCallback(() => setRound((count) => count + 1), []) }
}
