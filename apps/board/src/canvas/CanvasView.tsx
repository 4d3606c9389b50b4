// The canvas as a part of the page: what holds the stage, and what is told to people who do not see it.
import { useEffect, useRef } from 'react'
import { useOverlays } from '../state/overlay.ts'
import { useStudio } from '../state/store.ts'
import { Gestures } from './gestures.ts'
import { Stage, setCurrentStage } from './stage.ts'

export function CanvasView() {
  const host = useRef<HTMLDivElement>(null)
  const base = useRef<HTMLCanvasElement>(null)
  const top = useRef<HTMLCanvasElement>(null)
  const name = useStudio(({ picture }) => picture?.name)
  useEffect(() => {
    const stage = new Stage(host.current!, base.current!, top.current!)
    const gestures = new Gestures(stage, host.current!)
    setCurrentStage(stage)
    return () => {
      setCurrentStage(undefined)
      gestures.close()
      stage.close()
    }
  }, [])
  return (
    <div
      ref={host}
      className="stage"
      role="application"
      aria-label={name === undefined ? 'Canvas, no picture is open' : `Canvas with ${name}`}
      aria-describedby="canvas-help"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: role application: the canvas takes keys
      tabIndex={0}
    >
      <canvas ref={base} />
      <canvas ref={top} />
      <p id="canvas-help" className="unseen">
        Arrow keys move the cursor, Enter draws, Escape gives up. The tool Box takes typed coordinates. Press
        question mark for all keys.
      </p>
      <Overlays />
    </div>
  )
}

/** What other panels draw over the picture, in words. */
function Overlays() {
  const layers = useOverlays((state) => state.layers)
  const labels = Object.keys(layers)
    .sort()
    .map((key) => layers[key]!.label)
  return labels.length === 0 ? null : <p className="unseen">Over the picture: {labels.join('; ')}</p>
}
