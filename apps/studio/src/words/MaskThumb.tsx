// A small picture of what a word draws: what was there in grey, what it adds, and what it takes away (striped).
import { type Mask, resizeMaskNearest, rowMajorBytes } from '@maskwords/mask'
import { useEffect, useRef } from 'react'
import type { Contribution } from './contribution.ts'

const SIDE_PX = 64

export function MaskThumb({ of: { before, adds, removes } }: { readonly of: Contribution }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const scale = SIDE_PX / Math.max(before.widthPx, before.heightPx)
  const widthPx = Math.max(1, Math.round(before.widthPx * scale))
  const heightPx = Math.max(1, Math.round(before.heightPx * scale))
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    const style = getComputedStyle(canvas.current!)
    const colour = (token: string): readonly number[] => rgbOf(style.getPropertyValue(token))
    const [kept, more, less] = [colour('--muted'), colour('--ok'), colour('--danger')]
    const small = (mask: Mask): Uint8Array => rowMajorBytes(resizeMaskNearest(mask, { widthPx, heightPx }))
    const [was, added, removed] = [small(before), small(adds), small(removes)]
    const image = context.createImageData(widthPx, heightPx)
    for (let i = 0; i < was.length; i++) {
      const stripe = ((i % widthPx) + Math.floor(i / widthPx)) % 4 < 2
      const paint =
        added[i] === 1
          ? more
          : removed[i] === 1
            ? stripe
              ? less
              : undefined
            : was[i] === 1
              ? kept
              : undefined
      if (paint === undefined) continue
      image.data.set(paint, 4 * i)
      image.data[4 * i + 3] = 255
    }
    context.putImageData(image, 0, 0)
  }, [before, adds, removes, widthPx, heightPx])
  return <canvas ref={canvas} className="words-thumb" width={widthPx} height={heightPx} />
}

/** `#rrggbb` of a token. */
function rgbOf(text: string): readonly number[] {
  const hex = /#([0-9a-f]{6})/i.exec(text)?.[1] ?? '808080'
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
}
