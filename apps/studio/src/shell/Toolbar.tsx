// The tools, and the settings of the one in use.

import { BoxForm } from '@maskwords/board/canvas/BoxForm.tsx'
import { ZOOM_STEP } from '@maskwords/board/canvas/gestures.ts'
import { currentStage, type ToolHandle } from '@maskwords/board/canvas/stage.ts'
import { useTrial } from '@maskwords/board/canvas/trial.ts'
import { setBrush, setCombine, setTolerance, setTool, useStudio } from '@maskwords/board/state/store.ts'
import { COMBINES, type Combine, TOOLS, type Tool } from '@maskwords/board/state/types.ts'
import { useId } from 'react'
import { Icon } from './icons.tsx'
import { TOOL_KEYS, TOOL_NAMES } from './shortcuts.ts'

export function ToolRail() {
  const tool = useStudio((state) => state.tool)
  return (
    <div className="tool-rail" role="toolbar" aria-label="Tools">
      {TOOLS.map((one) => (
        <button
          key={one}
          type="button"
          className="button icon-only"
          aria-pressed={one === tool}
          aria-label={TOOL_NAMES[one]}
          aria-keyshortcuts={TOOL_KEYS[one]}
          title={`${TOOL_NAMES[one]} (${TOOL_KEYS[one]})`}
          onClick={() => setTool(one)}
        >
          <Icon name={one} />
        </button>
      ))}
    </div>
  )
}

export function ToolOptions() {
  const tool = useStudio((state) => state.tool)
  return (
    <fieldset className="tool-options" aria-label={`Settings: ${TOOL_NAMES[tool]}`}>
      {(tool === 'brush' || tool === 'eraser') && <BrushSize />}
      {tool === 'magic' && <Tolerance />}
      {(tool === 'polygon' || tool === 'box' || tool === 'magic' || tool === 'object') && <CombineChoice />}
      {tool === 'object' && <ObjectKeys />}
      {tool === 'box' && <BoxForm />}
      {(tool === 'polygon' || tool === 'corners') && <OutlineKeys closes={tool === 'polygon'} />}
      <span className="tool-hint">{HINTS[tool]}</span>
      <ZoomButtons />
    </fieldset>
  )
}

const HINTS: Readonly<Record<Tool, string>> = {
  pan: 'Drag to move, click to select',
  brush: 'Paints the selected region; N starts a new one',
  eraser: 'Takes from the selected region',
  polygon: 'Click corners',
  box: 'Drag a box',
  magic: 'Click a colour',
  object: 'Click on a thing, or drag a box around it',
  place: 'Drag the selected region, or a handle of its box',
  corners: 'Drag corners; a side gives a new one, Alt takes one away',
}

/** A slider whose steps grow with the brush: fine where it is small. */
const BRUSH_STEPS = 60
const stepOf = (px: number) => Math.round((BRUSH_STEPS * Math.log(px)) / Math.log(400))
const pxOf = (step: number) => Math.round(400 ** (step / BRUSH_STEPS))

function BrushSize() {
  const brushPx = useStudio((state) => state.brushPx)
  const id = useId()
  return (
    <span className="setting">
      <label htmlFor={id}>Size</label>
      <input
        id={id}
        type="range"
        aria-label="Brush size"
        aria-valuetext={`${brushPx} pixels`}
        min={0}
        max={BRUSH_STEPS}
        value={stepOf(brushPx)}
        onChange={(event) => setBrush(pxOf(Number(event.target.value)))}
      />
      <output htmlFor={id}>{brushPx} px</output>
    </span>
  )
}

function Tolerance() {
  const tolerance = useStudio((state) => state.tolerance)
  const id = useId()
  return (
    <span className="setting">
      <label htmlFor={id}>Tolerance</label>
      <input
        id={id}
        type="range"
        min={0}
        max={128}
        value={Math.min(128, tolerance)}
        onChange={(event) => setTolerance(Number(event.target.value))}
      />
      <output htmlFor={id}>{tolerance}</output>
    </span>
  )
}

const COMBINE_NAMES: Readonly<Record<Combine, string>> = { new: 'New', add: 'Add', subtract: 'Subtract' }
const COMBINE_TITLES: Readonly<Record<Combine, string>> = {
  new: 'Makes a new region',
  add: 'Adds to the selected region (Shift)',
  subtract: 'Takes from the selected region (Alt)',
}

function CombineChoice() {
  const combine = useStudio((state) => state.combine)
  return (
    <fieldset className="choice">
      <legend className="unseen">What the selection does</legend>
      {COMBINES.map((one) => (
        <label key={one} title={COMBINE_TITLES[one]}>
          <input
            type="radio"
            name="combine"
            value={one}
            checked={one === combine}
            onChange={() => setCombine(one)}
          />
          <span>{COMBINE_NAMES[one]}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** The keys of an outline, for hands without a keyboard. */
function OutlineKeys({ closes }: { readonly closes: boolean }) {
  const press = (key: string) => {
    const host = currentStage()?.host
    host?.focus({ preventScroll: true })
    host?.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true }))
  }
  return (
    <span className="bar-group">
      {closes && (
        <button
          type="button"
          className="button outlined"
          title="Close the outline (Enter)"
          onClick={() => press('Enter')}
        >
          Close outline
        </button>
      )}
      <button
        type="button"
        className="button outlined"
        title="Remove the last corner (Backspace)"
        onClick={() => press('Backspace')}
      >
        Remove corner
      </button>
    </span>
  )
}

/** The sign of the next click, and the keys of clicks, for hands without a keyboard. */
function ObjectKeys() {
  const { sign, steps, hasMask } = useTrial()
  const tool = (): ToolHandle | undefined => currentStage()?.tool?.()
  return (
    <>
      <fieldset className="choice">
        <legend className="unseen">What a click says</legend>
        {(['plus', 'minus'] as const).map((one) => (
          <label key={one} title={SIGN_TITLES[one]}>
            <input
              type="radio"
              name="sign"
              value={one}
              checked={one === sign}
              onChange={() => useTrial.setState({ sign: one })}
            />
            <span>{one === 'plus' ? '+ On it' : '− Off it'}</span>
          </label>
        ))}
      </fieldset>
      <span className="bar-group object-keys">
        <button
          type="button"
          className="button outlined"
          title="Take it (Enter)"
          disabled={!hasMask}
          onClick={() => tool()?.accept?.({ shiftKey: false, altKey: false })}
        >
          Accept
        </button>
        <button
          type="button"
          className="button outlined"
          title="Take the last click back (Backspace)"
          disabled={steps === 0}
          onClick={() => tool()?.undo?.()}
        >
          Undo click
        </button>
        <button
          type="button"
          className="button outlined"
          title="Begin again (Escape)"
          disabled={steps === 0}
          onClick={() => tool()?.cancel()}
        >
          Clear
        </button>
      </span>
    </>
  )
}

const SIGN_TITLES = {
  plus: 'A click says: this belongs to it',
  minus: 'A click says: this does not belong to it (Alt, or the right button)',
} as const

function ZoomButtons() {
  return (
    <span className="bar-group zoom-buttons">
      <button
        type="button"
        className="button icon-only"
        aria-label="Zoom out"
        title="Zoom out (−)"
        onClick={() => currentStage()?.zoom(1 / ZOOM_STEP)}
      >
        <Icon name="minus" />
      </button>
      <button
        type="button"
        className="button icon-only"
        aria-label="Zoom in"
        title="Zoom in (+)"
        onClick={() => currentStage()?.zoom(ZOOM_STEP)}
      >
        <Icon name="plus" />
      </button>
      <button
        type="button"
        className="button icon-only"
        aria-label="Fit picture"
        title="Fit picture (0)"
        onClick={() => currentStage()?.fit()}
      >
        <Icon name="fit" />
      </button>
      <button
        type="button"
        className="button"
        aria-label="1:1, actual size"
        title="One pixel for one pixel (1)"
        onClick={() => currentStage()?.actualSize()}
      >
        1:1
      </button>
    </span>
  )
}
