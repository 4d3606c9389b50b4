// Asking for files: the browser's dialog, drops on the page, the clipboard.
import { openFiles, openMaskFile, openPictureFile } from '@maskwords/board/documents/open.ts'

function ask(accept: string, multiple: boolean, opened: (files: File[]) => void): void {
  const input = document.createElement('input')
  input.type = 'file'
  input.accept = accept
  input.multiple = multiple
  input.addEventListener('change', () => opened([...(input.files ?? [])]))
  input.click()
}

export const askForPicture = (): void =>
  ask('image/*', false, ([file]) => {
    if (file !== undefined) void openPictureFile(file)
  })

export const askForMasks = (): void =>
  ask('.png,.json,image/png,application/json', true, async (files) => {
    for (const file of files) await openMaskFile(file)
  })

/** Takes files that are dropped anywhere or pasted; `over` tells while files hover. Returns what ends it. */
export function takeFiles(over: (files: boolean) => void): () => void {
  const holds = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
  let depth = 0
  const enter = (event: DragEvent) => {
    if (!holds(event)) return
    depth++
    over(true)
  }
  const leave = () => {
    depth = Math.max(0, depth - 1)
    if (depth === 0) over(false)
  }
  const drag = (event: DragEvent) => {
    if (holds(event)) event.preventDefault()
  }
  const drop = (event: DragEvent) => {
    depth = 0
    over(false)
    if (!holds(event)) return
    event.preventDefault()
    void openFiles([...event.dataTransfer!.files])
  }
  const paste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])]
    if (files.length === 0 || isTextField(event.target)) return
    event.preventDefault()
    void openFiles(files)
  }
  const listeners = { dragenter: enter, dragleave: leave, dragover: drag, drop, paste }
  for (const [type, listener] of Object.entries(listeners))
    window.addEventListener(type, listener as EventListener)
  return () => {
    for (const [type, listener] of Object.entries(listeners))
      window.removeEventListener(type, listener as EventListener)
  }
}

/** True where keys and pastes are text. */
export function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true
  return (
    target instanceof HTMLInputElement &&
    !['range', 'checkbox', 'radio', 'button', 'color'].includes(target.type)
  )
}
