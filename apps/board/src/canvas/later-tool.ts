// A tool that comes when it is first chosen: the page can be used before it has all of them.
import { notifyError } from '../state/store.ts'
import type { Stage } from './stage.ts'
import type { Point } from './stroke.ts'
import type { Keys, ToolInUse } from './tool.ts'

/** Remembers what is done with the pointer until the tool is there, and does what the tool does. */
export class Later implements ToolInUse {
  #tool: ToolInUse | undefined
  #waiting: ((tool: ToolInUse) => void)[] = []

  constructor(stage: Stage, load: () => Promise<ToolInUse>) {
    load().then(
      (tool) => {
        this.#tool = tool
        for (const act of this.#waiting.splice(0)) act(tool)
        stage.touchTop()
      },
      (error: unknown) => notifyError(error, 'Fetching the tool'),
    )
  }

  #do(act: (tool: ToolInUse) => void): void {
    if (this.#tool === undefined) this.#waiting.push(act)
    else act(this.#tool)
  }

  get busy(): boolean {
    return this.#tool?.busy ?? false
  }

  press(at: Point, keys: Keys): void {
    const { shiftKey, altKey } = keys
    this.#do((tool) => tool.press(at, { shiftKey, altKey }))
  }

  move(at: Point): void {
    this.#do((tool) => tool.move(at))
  }

  release(at: Point, keys: Keys): void {
    const { shiftKey, altKey } = keys
    this.#do((tool) => tool.release(at, { shiftKey, altKey }))
  }

  key(key: 'Enter' | 'Backspace' | 'Escape', at: Point, keys: Keys): boolean {
    return this.#tool?.key?.(key, at, keys) ?? false
  }

  cancel(): void {
    this.#waiting = []
    this.#tool?.cancel()
  }

  draw(context: CanvasRenderingContext2D): void {
    this.#tool?.draw(context)
  }
}
