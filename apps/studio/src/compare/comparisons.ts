// What each codec makes of the selected region, computed once for each mask and kept as long as the mask is.

import type { Spoken } from '@maskwords/board/engine/backend.ts'
import { type Backend, useBackend } from '@maskwords/board/engine/index.ts'
import { notifyError } from '@maskwords/board/state/store.ts'
import { CODECS, type CodecId, type Picture, type Region } from '@maskwords/board/state/types.ts'
import { iou, type Mask } from '@maskwords/mask'
import { useEffect, useState } from 'react'
import { HIMTOK_LENGTHS, type RatePoint } from './rate.ts'
import { type Score, scoreOf } from './score.ts'

/** A codec's answer about one mask. */
export type Comparison =
  | { readonly state: 'waiting'; readonly doing: string; readonly share?: number }
  | { readonly state: 'failed'; readonly message: string; readonly hint?: string }
  | {
      readonly state: 'ready'
      readonly spoken: Spoken
      readonly score: Score
      /** This codec's own points of the rate curve; undefined while they are being measured. */
      readonly rate: readonly RatePoint[] | undefined
    }

export type Comparisons = Readonly<Record<CodecId, Comparison>>

const WAITING: Comparisons = {
  samtok: { state: 'waiting', doing: 'waiting' },
  himtok: { state: 'waiting', doing: 'waiting' },
  getok: { state: 'waiting', doing: 'waiting' },
}

type Ready = Extract<Comparison, { state: 'ready' }>

/** By where codecs run, by mask (one that changes is another value), then by codec and picture. */
const kept = new WeakMap<Backend, WeakMap<Mask, Map<string, Ready>>>()

function memoryOf(engine: Backend, mask: Mask): Map<string, Ready> {
  const masks = kept.get(engine) ?? new WeakMap<Mask, Map<string, Ready>>()
  kept.set(engine, masks)
  const memory = masks.get(mask) ?? new Map<string, Ready>()
  masks.set(mask, memory)
  return memory
}

/** Comparisons of a region, as they come. Another region, picture or place gives up what is under way. */
export function useComparisons(picture: Picture | undefined, region: Region | undefined): Comparisons {
  const [{ of, all }, setState] = useState<{ of: Mask | undefined; all: Comparisons }>({
    of: undefined,
    all: WAITING,
  })
  const mask = region?.mask
  const engine = useBackend()
  useEffect(() => {
    setState({ of: mask, all: WAITING })
    if (picture === undefined || mask === undefined || mask.edges.length === 0) return
    const giveUp = new AbortController()
    const { signal } = giveUp
    const show = (codec: CodecId, comparison: Comparison) => {
      if (signal.aborted) return
      setState((before) => ({ ...before, all: { ...before.all, [codec]: comparison } }))
    }
    const memory = memoryOf(engine, mask)
    for (const codec of CODECS) {
      const key = `${codec} ${picture.id}`
      const known = memory.get(key)
      if (known !== undefined) {
        show(codec, known)
        continue
      }
      compare(engine, codec, picture, mask, signal, (comparison) => {
        if (comparison.state === 'ready' && comparison.rate !== undefined) memory.set(key, comparison)
        show(codec, comparison)
      }).catch((error: unknown) => {
        const { message, hint } = error as { message?: string; hint?: string }
        memory.delete(key)
        show(codec, {
          state: 'failed',
          message: message ?? String(error),
          ...(hint === undefined ? {} : { hint }),
        })
      })
    }
    return () => giveUp.abort()
  }, [engine, picture, mask])
  // Between a new mask and its first state, the answers are about another mask, perhaps of another picture.
  return of === mask ? all : WAITING
}

async function compare(
  engine: Backend,
  codec: CodecId,
  picture: Picture,
  mask: Mask,
  signal: AbortSignal,
  show: (comparison: Comparison) => void,
): Promise<void> {
  show({ state: 'waiting', doing: 'loading' })
  await engine.open(codec, ({ doing, share }) =>
    show({ state: 'waiting', doing, ...(share === undefined ? {} : { share }) }),
  )
  signal.throwIfAborted()
  show({ state: 'waiting', doing: 'saying it in words' })
  const spoken = await engine.speak(codec, picture, mask, { signal })
  const ready: Ready = { state: 'ready', spoken, score: scoreOf(mask, spoken.mask), rate: undefined }
  if (codec === 'getok') return show({ ...ready, rate: [] })
  show(ready)
  const { codes } = spoken
  const whole = ratePoint(codec, spoken, codes.length, ready.score.iou)
  const lengths = shownLengths(codec, codes.length)
  try {
    const levels = await engine.levels(codec, picture, codes, lengths, { signal })
    const rate = levels.map((level, i) => ratePoint(codec, spoken, lengths[i]!, iou(mask, level.mask)))
    show({ ...ready, rate: [...rate, whole] })
  } catch (error) {
    signal.throwIfAborted()
    // What was said stands; only its shorter forms are missing.
    show({ ...ready, rate: [whole] })
    notifyError(error, `Measuring ${codec}'s shorter words`)
  }
}

/** Numbers of words, fewer than all, that the curve shows. */
export function shownLengths(codec: 'samtok' | 'himtok', all: number): number[] {
  const lengths = codec === 'himtok' ? HIMTOK_LENGTHS : [1]
  return lengths.filter((length) => length < all)
}

/** The point of the first `length` codes of a mask's words. Each code costs the same bits; delimiters are said anyway. */
export function ratePoint(
  codec: 'samtok' | 'himtok',
  { codes, bits, tokens }: Pick<Spoken, 'codes' | 'bits' | 'tokens'>,
  length: number,
  overlap: number,
): RatePoint {
  const word = codec === 'samtok' ? 'code' : 'word'
  return {
    family: codec,
    label: `${length} ${word}${length === 1 ? '' : 's'}`,
    bits: (bits / codes.length) * length,
    tokens: tokens - codes.length + length,
    iou: overlap,
  }
}
