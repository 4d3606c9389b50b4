// Which codes lie near which: the vectors of a shipped codec, fetched when its first words are shown.
import type { CodecFacts } from '@maskwords/board/engine/backend.ts'
import type { CodecId } from '@maskwords/board/state/types.ts'
import { useEffect, useState } from 'react'
import type { CodeOrder } from './chips.ts'

const loaded = new Map<CodecId, Promise<CodeOrder>>()

/** Orders of codes that are asked for again and again: a key that is held down, a card that is drawn anew. */
const MAX_ORDERS = 128

async function load(codec: 'samtok' | 'himtok', places: number): Promise<CodeOrder> {
  const [{ readCodeVectors }, { nearestCodes }] = await Promise.all([
    import('../codebook/code-vectors.ts'),
    import('../codebook/vectors.ts'),
  ])
  const tables = codec === 'himtok' ? 1 : places
  const vectors = await Promise.all(
    Array.from({ length: tables }, (_, place) => readCodeVectors(codec, place, document.baseURI)),
  )
  const known = new Map<string, readonly number[]>()
  return (place, from) => {
    const table = vectors[Math.min(place, tables - 1)]!
    const key = `${Math.min(place, tables - 1)} ${from}`
    let codes = known.get(key)
    if (codes === undefined) {
      codes = [from, ...nearestCodes(table, from, table.codes).map(({ code }) => code)]
      known.set(key, codes)
      if (known.size > MAX_ORDERS) known.delete(known.keys().next().value!)
    }
    return codes
  }
}

/** The order of a codec's codes; undefined until it is known, and for codecs whose code vectors are not in this page. */
export function useCodeOrder({ id, name, sizes }: CodecFacts): CodeOrder | undefined {
  const [order, setOrder] = useState<{ readonly id: CodecId; readonly order: CodeOrder }>()
  // A server may run other weights than the page has; those of the same name are the same.
  const isHere = (id === 'samtok' || id === 'himtok') && name === `${id}-nano`
  const places = sizes.length
  useEffect(() => {
    if (!isHere) return
    let isWanted = true
    let one = loaded.get(id)
    if (one === undefined) {
      one = load(id as 'samtok' | 'himtok', places)
      loaded.set(id, one)
      // Without it numbers are stepped; the next card tries again.
      one.catch(() => loaded.delete(id))
    }
    one.then((found) => isWanted && setOrder({ id, order: found })).catch(() => {})
    return () => {
      isWanted = false
    }
  }, [id, isHere, places])
  return isHere && order?.id === id ? order.order : undefined
}
