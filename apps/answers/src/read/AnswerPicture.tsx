// The open picture with the masks and boxes of an answer: those of a phrase light up with it, and a click on one lights its
// phrase.

import { framed, frameOf } from '@maskwords/board/canvas/frame.ts'
import { layRgba, maskRgba, paintPicture } from '@maskwords/board/canvas/paint.ts'
import type { Picture } from '@maskwords/board/state/types.ts'
import { maskHasPoint } from '@maskwords/eval'
import { area } from '@maskwords/mask'
import { boxToXyxyPx } from '@maskwords/words'
import { type PointerEvent, useEffect, useMemo, useRef } from 'react'
import type { Reading } from './reading.ts'
import type { Drawn } from './use-drawn.ts'

const LONG_PX = 960
/** Width of a box's line, in pixels of the shown picture; one that is lit is half as wide again. */
const LINE_PX = 4

/** In pixels of the picture, or of the frame that shows it. */
type Corners = readonly [left: number, top: number, right: number, bottom: number]

export function AnswerPicture({
  picture,
  reading,
  drawn,
  colours,
  lit,
  label,
  onPoint,
  onPick,
}: {
  readonly picture: Picture
  readonly reading: { readonly masks: readonly unknown[]; readonly boxes: Reading['boxes'] }
  /** By number of mask. */
  readonly drawn: readonly (Drawn | undefined)[]
  /** By number of mask or box. */
  readonly colours: readonly string[]
  readonly lit: readonly number[]
  readonly label: string
  /** The mask or box under the pointer, undefined where there is none. */
  readonly onPoint: (number: number | undefined) => void
  readonly onPick: (number: number) => void
}) {
  const base = useRef<HTMLCanvasElement>(null)
  const light = useRef<HTMLCanvasElement>(null)
  const frame = useMemo(() => frameOf(picture.pixels, undefined, LONG_PX), [picture])
  const { masks, boxes } = reading
  const firstBox = masks.length
  const corners = useMemo(() => boxes.map(({ box }) => boxToXyxyPx(box, picture.pixels)), [boxes, picture])
  const shown = useMemo(() => boxes.map(({ box }) => boxToXyxyPx(box, frame)), [boxes, frame])
  // Masks come one by one: those that are painted stay, as long as picture and reading do.
  const painted = useRef<{ frame: unknown; colours: unknown; masks: Set<unknown> }>(undefined)
  useEffect(() => {
    if (painted.current?.frame !== frame || painted.current.colours !== colours) {
      painted.current = { frame, colours, masks: new Set() }
      paintPicture(base.current!, picture, frame, 0.2)
      const context = base.current!.getContext('2d')!
      shown.forEach((box, i) => void strokeBox(context, box, colours[firstBox + i]!, LINE_PX))
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
  }, [picture, frame, drawn, shown, firstBox, colours])
  useEffect(() => {
    const canvas = light.current!
    canvas.width = frame.widthPx
    canvas.height = frame.heightPx
    const masks = lit.flatMap((i) => {
      const one = drawn[i]
      return one?.state === 'drawn' ? [{ mask: one.mask, colour: colours[i]! }] : []
    })
    const boxes = lit.flatMap((i) => {
      const box = shown[i - firstBox]
      return box === undefined ? [] : [{ box, colour: colours[i]! }]
    })
    if (masks.length + boxes.length === 0) return
    const context = canvas.getContext('2d')!
    context.fillStyle = 'rgb(0 0 0 / 0.55)'
    context.fillRect(0, 0, canvas.width, canvas.height)
    for (const { box } of boxes) context.clearRect(box[0], box[1], box[2] - box[0], box[3] - box[1])
    for (const { mask, colour } of masks) {
      layRgba(canvas, maskRgba(framed(mask, frame), { colour, opacity: 0.75, outlinePx: 6 }))
      layRgba(canvas, maskRgba(framed(mask, frame), { colour: '#ffffff', opacity: 0, outlinePx: 2 }))
    }
    for (const { box, colour } of boxes) strokeBox(context, box, colour, 1.5 * LINE_PX)
  }, [frame, drawn, shown, firstBox, colours, lit])
  const under = (event: PointerEvent<HTMLCanvasElement>): number | undefined => {
    const box = event.currentTarget.getBoundingClientRect()
    const x = ((event.clientX - box.left) / box.width) * picture.pixels.widthPx
    const y = ((event.clientY - box.top) / box.height) * picture.pixels.heightPx
    return smallestAt({ drawn, firstBox, corners }, x, y)
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

/** A line along the inner side of a box, white within: seen on every picture. A box without area is a line or a dot. */
function strokeBox(context: CanvasRenderingContext2D, box: Corners, colour: string, linePx: number): void {
  const [left, top, right, bottom] = box
  for (const [style, width] of [
    [colour, linePx],
    ['#ffffff', linePx / 3],
  ] as const) {
    const inset = Math.min(linePx, right - left, bottom - top) / 2
    context.strokeStyle = style
    context.lineWidth = width
    context.strokeRect(left + inset, top + inset, right - left - 2 * inset, bottom - top - 2 * inset)
  }
}

/** The number of the smallest mask or box at a point in pixels of the picture: larger ones may lie behind it. */
export function smallestAt(
  {
    drawn,
    firstBox,
    corners,
  }: {
    readonly drawn: readonly (Drawn | undefined)[]
    readonly firstBox: number
    readonly corners: readonly Corners[]
  },
  xPx: number,
  yPx: number,
): number | undefined {
  let best: number | undefined
  let least = Number.POSITIVE_INFINITY
  const take = (number: number, pixels: number) => {
    if (pixels >= least) return
    least = pixels
    best = number
  }
  drawn.forEach((one, i) => {
    if (one?.state === 'drawn' && maskHasPoint(one.mask, xPx, yPx)) take(i, area(one.mask))
  })
  corners.forEach(([left, top, right, bottom], i) => {
    if (xPx < left || xPx >= right || yPx < top || yPx >= bottom) return
    take(firstBox + i, (right - left) * (bottom - top))
  })
  return best
}
