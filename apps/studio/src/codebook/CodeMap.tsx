// The map of codes: one tile a code, near codes beside each other. One stop of the keyboard; arrow keys walk on it.
import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from 'react'
import { stepFrom } from './layout.ts'
import { type Sheet, tileAt } from './sheet.ts'
import { TILE_PX, tileRgba } from './tiles.ts'
import type { Neighbour } from './vectors.ts'

/** Codes that were never said are drawn this much darker where use is shown. */
const UNUSED_SHADE = 0.6

export function CodeMap({
  sheet,
  counts,
  shaded,
  selected,
  neighbours,
  label,
  describe,
  onSelect,
}: {
  readonly sheet: Sheet
  readonly counts: Uint32Array
  /** Codes are shaded by how often they are said. */
  readonly shaded: boolean
  readonly selected: number
  readonly neighbours: readonly Neighbour[]
  readonly label: string
  /** A code in words, for people who do not see the map. */
  readonly describe: (code: number) => string
  readonly onSelect: (code: number) => void
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { layout, vectors } = sheet
  const { side, cellOf, codeAt } = layout
  const painted = useRef<{ sheet: unknown; drawn: number; shaded: boolean }>(undefined)
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!
    // Tiles come in batches: those that are there stay.
    const before = painted.current
    const goesOn = before?.sheet === sheet.vectors && before.shaded === shaded && before.drawn <= sheet.drawn
    if (!goesOn) {
      canvas.current!.width = side * TILE_PX
      canvas.current!.height = side * TILE_PX
    }
    const most = counts.reduce((a, b) => Math.max(a, b), 1)
    for (let at = goesOn ? before.drawn : 0; at < sheet.drawn; at++) {
      const code = sheet.order[at]!
      const x = (cellOf[code]! % side) * TILE_PX
      const y = Math.floor(cellOf[code]! / side) * TILE_PX
      context.putImageData(new ImageData(tileRgba(tileAt(sheet, code)!, sheet.tileKind), TILE_PX), x, y)
      if (!shaded) continue
      const share = Math.log1p(counts[code]!) / Math.log1p(most)
      context.fillStyle = `rgb(0 0 0 / ${UNUSED_SHADE * (1 - share)})`
      context.fillRect(x, y, TILE_PX, TILE_PX)
      context.fillStyle = '#f0e442'
      context.fillRect(x + 2, y + TILE_PX - 5, Math.round((TILE_PX - 4) * share), 3)
    }
    painted.current = { sheet: sheet.vectors, drawn: sheet.drawn, shaded }
  }, [sheet, shaded, counts, side, cellOf])

  const place = (code: number) => ({
    left: `${((cellOf[code]! % side) / side) * 100}%`,
    top: `${(Math.floor(cellOf[code]! / side) / side) * 100}%`,
    width: `${100 / side}%`,
    height: `${100 / side}%`,
  })
  const onKeyDown = (event: KeyboardEvent) => {
    const cell = cellOf[selected]!
    const next = stepFrom(layout, cell, event.key)
    if (next === cell && !/^(Arrow|Page|Home|End)/.test(event.key)) return
    event.preventDefault()
    onSelect(codeAt[next]!)
  }
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    const column = Math.floor(((event.clientX - box.left) / box.width) * side)
    const row = Math.floor(((event.clientY - box.top) / box.height) * side)
    const code = codeAt[row * side + column]
    if (column >= 0 && column < side && code !== undefined && code >= 0) onSelect(code)
  }
  return (
    <div
      className="codebook-map"
      role="listbox"
      aria-label={label}
      aria-activedescendant={`codebook-code-${selected}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
    >
      <canvas ref={canvas} />
      {neighbours.map(({ code }) => (
        <span key={code} className="codebook-near" style={place(code)} aria-hidden="true" />
      ))}
      <div
        id={`codebook-code-${selected}`}
        className="codebook-selected"
        role="option"
        tabIndex={-1}
        aria-selected="true"
        aria-setsize={vectors.codes}
        aria-posinset={selected + 1}
        aria-label={describe(selected)}
        style={place(selected)}
      />
    </div>
  )
}
