// Asking for files: the browser's dialog, drops on the page, the clipboard.
import { openFiles, openMaskFiles, openPictureFile } from '@maskwords/board/documents/open.ts'

function ask(accept: string, opened: (files: File[]) => void, folder = false): void {
  const input = document.createElement('input')
  input.type = 'file'
  input.accept = accept
  input.multiple = true
  input.webkitdirectory = folder
  input.addEventListener('change', () => opened([...(input.files ?? [])]))
  input.click()
}

export const askForPicture = (): void =>
  ask('image/*', (files) => {
    const [only] = files
    if (files.length === 1) void openPictureFile(only!)
    else void openFiles(files)
  })

/** All pictures of a folder and of those in it. */
export const askForFolder = (): void => ask('', (files) => void openFiles(picturesOf(files)), true)

const PICTURE_NAME = /\.(?:jpe?g|png|webp|gif|bmp|avif)$/i

/** What a folder holds of pictures, in the order of their names; hidden files are none. */
const picturesOf = (files: readonly File[]): File[] =>
  files
    .filter(
      ({ name, type }) => !name.startsWith('.') && (PICTURE_NAME.test(name) || type === 'application/json'),
    )
    .sort((a, b) => pathOf(a).localeCompare(pathOf(b), 'en', { numeric: true }))

const pathOf = ({ webkitRelativePath, name }: File): string => webkitRelativePath || name

export const askForMasks = (): void =>
  ask('.png,.json,.jsonl,.xml,.txt,.yaml,.yml,.zip,image/png,application/json', (files) => {
    void openMaskFiles(files)
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
    void droppedFiles(event.dataTransfer!).then(openFiles)
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

/** The files of a drop; of a folder its pictures, at any depth. */
async function droppedFiles({ items, files }: DataTransfer): Promise<File[]> {
  // Both end with the event: they are taken before anything is waited for.
  const entries = [...items].map((item) => item.webkitGetAsEntry?.() ?? null)
  const plain = [...files]
  if (!entries.some((entry) => entry?.isDirectory)) return plain
  const found: File[] = []
  const walk = async (entry: FileSystemEntry | null): Promise<void> => {
    if (entry?.isFile) {
      found.push(
        await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)),
      )
    } else if (entry?.isDirectory) {
      const reader = (entry as FileSystemDirectoryEntry).createReader()
      for (;;) {
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
          reader.readEntries(resolve, reject),
        )
        if (some.length === 0) break
        for (const one of some) await walk(one)
      }
    }
  }
  for (const entry of entries) await walk(entry)
  return picturesOf(found)
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
