// What every tool is to the gestures: presses, moves, releases and keys; and what tools draw with.
import type { Stage, ToolHandle } from './stage.ts'
import type { Point } from './stroke.ts'

export type Keys = { readonly shiftKey: boolean; readonly altKey: boolean }

/** One tool in use. Points may lie outside the picture. */
export interface ToolInUse extends ToolHandle {
  /** True between a press and a release that belong together. */
  readonly busy: boolean
  press(at: Point, keys: Keys): void
  /** Called for every place the pointer passed, pressed or not. */
  move(at: Point): void
  release(at: Point, keys: Keys): void
  /** Enter, Backspace and Escape; true where the tool used the key. */
  key?(key: 'Enter' | 'Backspace' | 'Escape', at: Point, keys: Keys): boolean
  /** Shows what is under way, in device pixels. */
  draw(context: CanvasRenderingContext2D): void
}

const movedByKeys = new WeakSet<Stage>()

/** Whether the cursor of a stage was last moved with the arrow keys. */
export const keyboardMoved = (stage: Stage): boolean => movedByKeys.has(stage)
export function setKeyboardMoved(stage: Stage, moved: boolean): void {
  if (moved) movedByKeys.add(stage)
  else movedByKeys.delete(stage)
}

/** A white line with a dark rim: seen on every picture. */
export function twoTone(context: CanvasRenderingContext2D, ratio: number, stroke: () => void): void {
  context.lineJoin = 'round'
  context.lineWidth = 3.5 * ratio
  context.strokeStyle = 'rgba(0, 0, 0, 0.65)'
  stroke()
  context.lineWidth = 1.5 * ratio
  context.strokeStyle = '#fff'
  stroke()
}
