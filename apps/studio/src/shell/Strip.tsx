// The pictures of this visit as a strip below the canvas: which one is open, and the way to the others.
import { openFromShelf, turnPage } from '@maskwords/board/documents/open.ts'
import { type Shelved, useShelf } from '@maskwords/board/state/shelf.ts'
import { useStudio } from '@maskwords/board/state/store.ts'
import { useEffect, useRef } from 'react'
import './strip.css'

export function Strip() {
  const pictures = useShelf((state) => state.pictures)
  const current = useShelf((state) => state.current)
  const busy = useStudio((state) => state.busy !== undefined)
  const at = pictures.findIndex(({ key }) => key === current)
  return (
    <nav className="strip" aria-label="Pictures">
      <button
        type="button"
        className="button outlined"
        title="Previous picture (Page Up)"
        onClick={() => void turnPage(-1)}
      >
        Previous
      </button>
      <ul>
        {pictures.map((one) => (
          <Place key={one.key} one={one} isOpen={one.key === current} busy={busy} />
        ))}
      </ul>
      <span className="strip-count">
        {at + 1} of {pictures.length}
      </span>
      <button
        type="button"
        className="button outlined"
        title="Next picture (Page Down)"
        onClick={() => void turnPage(1)}
      >
        Next
      </button>
    </nav>
  )
}

function Place({
  one,
  isOpen,
  busy,
}: {
  readonly one: Shelved
  readonly isOpen: boolean
  readonly busy: boolean
}) {
  const { name, thumb, kept } = one
  const place = useRef<HTMLLIElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (isOpen) place.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [isOpen])
  useEffect(() => {
    const { current } = canvas
    if (current === null || thumb === undefined) return
    current.width = thumb.width
    current.height = thumb.height
    current.getContext('2d')?.drawImage(thumb, 0, 0)
  }, [thumb])
  const regions = kept === undefined || isOpen ? '' : `, ${kept.document.regions.length} regions`
  return (
    <li ref={place}>
      <button
        type="button"
        className="strip-place"
        aria-current={isOpen}
        disabled={busy && !isOpen}
        title={`${name}${regions}`}
        onClick={() => {
          if (!isOpen) void openFromShelf(one)
        }}
      >
        {thumb !== undefined && (
          <span className="strip-thumb" aria-hidden="true">
            <canvas ref={canvas} />
          </span>
        )}
        <span className="strip-name">{name}</span>
      </button>
    </li>
  )
}
