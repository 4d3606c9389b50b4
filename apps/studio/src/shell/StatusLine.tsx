// The line below everything: the picture, its regions, the zoom, and where codecs run.

import { currentStage, onView } from '@maskwords/board/canvas/stage.ts'
import { useEngineStatus } from '@maskwords/board/engine/index.ts'
import { useStudio } from '@maskwords/board/state/store.ts'
import type { Picture } from '@maskwords/board/state/types.ts'
import type { SizePx } from '@maskwords/mask'
import { useEffect, useRef } from 'react'

export function StatusLine() {
  const picture = useStudio((state) => state.picture)
  const regions = useStudio(({ document }) => document.regions.length)
  const busy = useStudio((state) => state.busy)
  return (
    <footer className="status-line">
      <span className="status-busy" role="status">
        {busy !== undefined && (
          <>
            <progress aria-label={busy} />
            <span>{busy}…</span>
          </>
        )}
      </span>
      {busy === undefined && (
        <span className="status-name">
          {picture === undefined ? 'No picture is open' : `${picture.name}, ${sizeText(picture)}`}
        </span>
      )}
      {picture !== undefined && (
        <>
          <span>
            {regions} {regions === 1 ? 'region' : 'regions'}
          </span>
          <Zoom />
        </>
      )}
      <Engine />
    </footer>
  )
}

/** The file's size; where it is worked with at another one, that too. */
function sizeText({ pixels, own }: Picture): string {
  const text = ({ widthPx, heightPx }: SizePx): string => `${widthPx} x ${heightPx}`
  return own === undefined ? text(pixels) : `${text(own)} (worked with at ${text(pixels)})`
}

function Engine() {
  const { text, share, busy, failed } = useEngineStatus()
  return (
    <span className="status-engine" role="status" data-failed={failed}>
      {(busy || share !== undefined) && (
        <progress aria-label="Codecs at work" {...(share === undefined ? {} : { value: share })} />
      )}
      {text}
    </span>
  )
}

/** Written by the canvas itself: React does not follow each step of a zoom. */
function Zoom() {
  const span = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    const show = () => {
      const percent = (currentStage()?.place.zoom ?? 1) * 100
      if (span.current)
        span.current.textContent = `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`
    }
    show()
    return onView(show)
  }, [])
  return <span ref={span} title="Zoom" />
}
