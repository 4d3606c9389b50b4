// The open picture with the masks of an answer: those of a phrase light up with it, and a click on a mask lights its phrase.
import { maskHasPoint } from '@maskwords/eval'
import { area } from '@maskwords/mask'
import { type PointerEvent, useEffect, useMemo, useRef } from 'react'
import { framed, frameOf } from '../compare/frame.ts'
import { layRgba, maskRgba, paintPicture } from '../compare/paint.ts'
import type { Picture } from '../state/types.ts'
import type { Drawn } from './use-drawn.ts'

const LONG_PX = 960

export function AnswerPicture({
  picture,
  drawn,
  colours,
  lit,
  label,
  onPoint,
  onPick,
}: {
  readonly picture: Picture
  readonly drawn: readonly (Drawn | undefined)[]
  /** By number of mask. */
  readonly colours: readonly string[]
  readonly lit: readonly number[]
  readonly label: string
  /** The mask under the pointer, undefined where there is none. */
  readonly onPoint: (mask: number | undefined) => void
  readonly onPick: (mask: number) => void
}) {
  const base = useRef<HTMLCanvasElement>(null)
  const light = useRef<HTMLCanvasElement>(null)
  const frame = useMemo(() => frameOf(picture.pixels, undefined, LONG_PX), [picture])
  // Masks come one by one: those that are painted stay, as long as picture and reading do.
  const painted = useRef<{ frame: unknown; colours: unknown; masks: Set<unknown> }>(undefined)
  useEffect(() => {
    if (painted.current?.frame !== frame || painted.current.colours !== colours) {
      painted.current = { frame, colours, masks: new Set() }
      paintPicture(base.current!, picture, frame, 0.2)
    }
    const { masks } = painted.current
    drawn.forEach((one, i) => {
      if (one?.state !== 'drawn' || masks.has(one)) return
      masks.add(one)
      layRgba(
        base.current!,
        maskRgba(framed(one.mask, frame), { colour: colours[i]!, opacity: 0.5, outlinePx: 4 }),
      )
    })
  }, [picture, frame, drawn, colours])
  useEffect(() => {
    const canvas = light.current!
    canvas.width = frame.widthPx
    canvas.height = frame.heightPx
    const masks = lit.flatMap((i) => {
      const one = drawn[i]
      return one?.state === 'drawn' ? [{ mask: one.mask, colour: colours[i]! }] : []
    })
    if (masks.length === 0) return
    const context = canvas.getContext('2d')!
    context.fillStyle = 'rgb(0 0 0 / 0.55)'
    context.fillRect(0, 0, canvas.width, canvas.height)
    for (const { mask, colour } of masks) {
      layRgba(canvas, maskRgba(framed(mask, frame), { colour, opacity: 0.75, outlinePx: 6 }))
      layRgba(canvas, maskRgba(framed(mask, frame), { colour: '#ffffff', opacity: 0, outlinePx: 2 }))
    }
  }, [frame, drawn, colours, lit])
  const under = (event: PointerEvent<HTMLCanvasElement>): number | undefined => {
    const box = event.currentTarget.getBoundingClientRect()
    const x = ((event.clientX - box.left) / box.width) * picture.pixels.widthPx
    const y = ((event.clientY - box.top) / box.height) * picture.pixels.heightPx
    return smallestAt(drawn, x, y)
  }
  return (
    <div className="read-picture">
      <canvas
        ref={base}
        role="img"
        aria-label={label}
        onPointerMove={(event) => onPoint(under(event))}
        onPointerLeave={() => onPoint(undefined)}
        onPointerUp={(event) => {
          const mask = under(event)
          if (mask !== undefined) onPick(mask)
        }}
      />
      <div aria-hidden="true">
        <canvas ref={light} />
      </div>
    </div>
  )
}

/** The smallest mask at a point in pixels of the picture: larger ones may lie behind it. */
export function smallestAt(
  drawn: readonly (Drawn | undefined)[],
  xPx: number,
  yPx: number,
): number | undefined {
  let best: number | undefined
  let least = Number.POSITIVE_INFINITY
  drawn.forEach((one, i) => {
    if (one?.state !== 'drawn' || !maskHasPoint(one.mask, xPx, yPx)) return
    const pixels = area(one.mask)
    if (pixels >= least) return
    least = pixels
    best = i
  })
  return best
}
