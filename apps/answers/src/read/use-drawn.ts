// Masks of a reading, drawn one after the other on the open picture, with progress and a way to stop.

import { messageOf } from '@maskwords/base'
import { type Backend, useBackend } from '@maskwords/board/engine/index.ts'
import type { CodecId, Picture } from '@maskwords/board/state/types.ts'
import type { Mask } from '@maskwords/mask'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Reading } from './reading.ts'

export type Drawn =
  | { readonly state: 'drawn'; readonly mask: Mask; readonly score?: number }
  | { readonly state: 'failed'; readonly message: string }

export type DrawnMasks = {
  /** By number of mask; undefined where it is not drawn yet, or cannot be. */
  readonly masks: readonly (Drawn | undefined)[]
  readonly done: number
  readonly wanted: number
  /** What is being done, or undefined when nothing is. */
  readonly doing: string | undefined
  readonly stopped: boolean
  stop(): void
}

type State = Omit<DrawnMasks, 'stop'> & { readonly of?: Reading; readonly on?: Picture }
const NOTHING: State = { masks: [], done: 0, wanted: 0, doing: undefined, stopped: false }

/** Draws the masks of a reading; another reading or picture gives up those that are under way. */
export function useDrawn(picture: Picture | undefined, reading: Reading): DrawnMasks {
  const [state, setState] = useState<State>(NOTHING)
  const engine = useBackend()
  const giveUp = useRef<AbortController>(undefined)
  useEffect(() => {
    const wanted = reading.masks.filter(({ words }) => words !== undefined).length
    if (picture === undefined || wanted === 0) return setState(NOTHING)
    const controller = new AbortController()
    giveUp.current = controller
    const { signal } = controller
    setState({ of: reading, on: picture, masks: [], done: 0, wanted, doing: 'loading', stopped: false })
    const tell = (change: Partial<State>) => {
      if (!signal.aborted) setState((before) => ({ ...before, ...change }))
    }
    void drawAll(engine, picture, reading, signal, tell).finally(() => tell({ doing: undefined }))
    return () => controller.abort()
  }, [engine, picture, reading])
  const stop = useCallback(() => {
    giveUp.current?.abort()
    setState((before) => ({ ...before, doing: undefined, stopped: true }))
  }, [])
  // Between a new reading or picture and the first of its masks, the masks before are not its own.
  return { ...(state.of === reading && state.on === picture ? state : NOTHING), stop }
}

async function drawAll(
  engine: Backend,
  picture: Picture,
  { masks }: Reading,
  signal: AbortSignal,
  tell: (change: Partial<State>) => void,
): Promise<void> {
  const drawn: (Drawn | undefined)[] = masks.map(() => undefined)
  let done = 0
  const failure = (error: unknown): Drawn => ({
    state: 'failed',
    message: messageOf(error),
  })
  const opened = new Set<CodecId>()
  for (const [i, { words, codec }] of masks.entries()) {
    if (words === undefined) continue
    if (signal.aborted) return
    try {
      if (!opened.has(codec)) await engine.open(codec, ({ doing }) => tell({ doing }))
      opened.add(codec)
      tell({ doing: 'drawing' })
      const { mask, score } = await engine.draw(codec, picture, words, { signal })
      drawn[i] = { state: 'drawn', mask, ...(score === undefined ? {} : { score }) }
    } catch (error) {
      if (signal.aborted) return
      drawn[i] = failure(error)
    }
    done++
    tell({ masks: [...drawn], done })
  }
}
