// The sheet of one place of a codec: its map and tiles as the worker sends them; whole sheets are kept for the next visit.

import { runJob } from '@maskwords/board/engine/job.ts'
import { notifyError } from '@maskwords/board/state/store.ts'
import { useEffect, useMemo, useState } from 'react'
import type { CodebookJob, CodebookPart } from './codebook.worker.ts'
import type { CodeLayout } from './layout.ts'
import { TILE_PX, type TileKind } from './tiles.ts'
import type { CodeVectors } from './vectors.ts'

export type Sheet = {
  readonly vectors: CodeVectors
  readonly layout: CodeLayout
  /** By code, tile after tile. Filled while the worker goes on: the first `drawn` codes of `order` are there. */
  readonly tiles: Uint8Array
  readonly order: readonly number[]
  /** By code: its place in the order. */
  readonly rank: Int32Array
  readonly tileKind: TileKind
  readonly drawn: number
}

export type SheetState = {
  readonly sheet: Sheet | undefined
  /** What is being done; undefined when nothing is. */
  readonly doing: string | undefined
  /** 0 to 1 where it is known. */
  readonly share: number | undefined
  readonly failed: string | undefined
}

/** Sheets by key; those that were left before all was drawn go on where they were. */
const kept = new Map<string, Sheet>()
/** A sheet takes 0.3 MB (SAMTok) or 1 MB (HiMTok). */
const MAX_KEPT = 24

const STARTING: SheetState = { sheet: undefined, doing: 'starting', share: undefined, failed: undefined }

/** The sheet of a job; another job ends the one under way. `key` names what the job depends on. */
export function useSheet(job: Omit<CodebookJob, 'baseUrl' | 'from'>, key: string): SheetState {
  const [state, setState] = useState<SheetState & { readonly of?: string }>(STARTING)
  // The key says when a job is another one; objects are new at every drawing of the page.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  const stable = useMemo(() => job, [key])
  useEffect(() => {
    const known = kept.get(key)
    if (known !== undefined && known.drawn === known.vectors.codes) {
      return setState({ of: key, sheet: known, doing: undefined, share: undefined, failed: undefined })
    }
    setState({ ...STARTING, of: key, sheet: known })
    const giveUp = new AbortController()
    const worker = new Worker(new URL('./codebook.worker.ts', import.meta.url), { type: 'module' })
    const draft = sheetDraft(stable.order, known)
    const onPart = (part: CodebookPart) => {
      const sheet = draft.take(part)
      if (sheet !== undefined) keep(key, sheet)
      setState((before) => ({
        ...before,
        sheet,
        doing: part.kind === 'doing' ? part.doing : 'drawing codes',
        share:
          part.kind === 'doing' ? part.share : sheet === undefined ? 0 : sheet.drawn / sheet.vectors.codes,
      }))
    }
    runJob<CodebookPart>(
      worker,
      { ...stable, from: known?.drawn ?? 0, baseUrl: document.baseURI },
      { signal: giveUp.signal, onPart },
    )
      .then(() => setState((before) => ({ ...before, doing: undefined })))
      .catch((error: unknown) => {
        if (giveUp.signal.aborted) return
        const { message } = error as { message?: string }
        setState((before) => ({ ...before, doing: undefined, failed: message ?? String(error) }))
        notifyError(error, 'Drawing the codebook')
      })
    return () => giveUp.abort()
  }, [stable, key])
  // Between a new key and its first state, the state is of another sheet, with other codes.
  return state.of === key ? state : STARTING
}

function keep(key: string, sheet: Sheet): void {
  kept.delete(key)
  kept.set(key, sheet)
  const [oldest] = kept.keys()
  if (kept.size > MAX_KEPT) kept.delete(oldest!)
}

/** Puts a sheet together from its parts, going on with one that was begun. */
export function sheetDraft(
  order: readonly number[],
  begun?: Sheet,
): { take(part: CodebookPart): Sheet | undefined } {
  let sheet = begun
  return {
    take(part) {
      if (part.kind === 'map') {
        const tiles = new Uint8Array(part.vectors.codes * TILE_PX * TILE_PX)
        const rank = new Int32Array(part.vectors.codes)
        order.forEach((code, at) => {
          rank[code] = at
        })
        const { vectors, layout } = part
        sheet = { vectors, layout, tiles, order, rank, tileKind: 'mask', drawn: 0 }
      } else if (part.kind === 'tiles' && sheet !== undefined) {
        const pixels = TILE_PX * TILE_PX
        const drawn = part.from + part.tiles.length / pixels
        for (let at = part.from; at < drawn; at++) {
          const from = (at - part.from) * pixels
          sheet.tiles.set(part.tiles.subarray(from, from + pixels), sheet.order[at]! * pixels)
        }
        sheet = { ...sheet, tileKind: part.tileKind, drawn }
      }
      return sheet
    },
  }
}

/** The tile of a code, or undefined where it is not drawn yet. */
export function tileAt({ tiles, rank, drawn }: Sheet, code: number): Uint8Array | undefined {
  return rank[code]! < drawn
    ? tiles.subarray(code * TILE_PX * TILE_PX, (code + 1) * TILE_PX * TILE_PX)
    : undefined
}
