// Keys for everything, as one list: what happens on a key, and what the help sheet says about it.
import { stepBrush, ZOOM_STEP } from '@maskwords/board/canvas/gestures.ts'
import { currentStage } from '@maskwords/board/canvas/stage.ts'
import { turnPage, undoOrReturn } from '@maskwords/board/documents/open.ts'
import { deleteRegion, duplicateRegion, selectNext } from '@maskwords/board/state/regions.ts'
import {
  redo,
  say,
  select,
  selectedRegion,
  setTool,
  setView,
  updateRegion,
  useStudio,
} from '@maskwords/board/state/store.ts'
import { type Tool, VIEWS } from '@maskwords/board/state/types.ts'
import { askForFolder, askForMasks, askForPicture, isTextField } from './files.ts'

export type Shortcut = { readonly keys: string; readonly does: string }
export type ShortcutGroup = { readonly title: string; readonly shortcuts: readonly Shortcut[] }

export const TOOL_KEYS: Readonly<Record<Tool, string>> = {
  pan: 'V',
  object: 'O',
  brush: 'B',
  eraser: 'E',
  polygon: 'P',
  box: 'R',
  magic: 'W',
  place: 'T',
  corners: 'C',
}

export const TOOL_NAMES: Readonly<Record<Tool, string>> = {
  pan: 'Move and select',
  object: 'Object by clicks',
  brush: 'Brush',
  eraser: 'Eraser',
  polygon: 'Polygon',
  box: 'Box',
  magic: 'Magic selection',
  place: 'Move and resize',
  corners: 'Corners',
}

export const SHORTCUTS: readonly ShortcutGroup[] = [
  {
    title: 'Tools',
    shortcuts: [
      ...Object.entries(TOOL_KEYS).map(([tool, keys]) => ({ keys, does: TOOL_NAMES[tool as Tool] })),
      { keys: '[  ]', does: 'Smaller or larger brush' },
      { keys: 'Shift', does: 'While selecting: add to the selected region' },
      { keys: 'Alt', does: 'While selecting or painting: take from the selected region' },
      { keys: 'Enter  Backspace  Esc', does: 'Polygon: close, remove the last corner, give up' },
      { keys: 'Alt', does: 'Object: the click says what does not belong to it (also the right button)' },
      { keys: 'Enter  Ctrl Z  Esc', does: 'Object: accept, take the last click back, begin again' },
      { keys: 'Alt  Backspace', does: 'Corners: a click, or the key, takes the corner away' },
      { keys: 'Esc', does: 'Gives up what is under way: a stroke, a box, a selection, a move' },
    ],
  },
  {
    title: 'Regions',
    shortcuts: [
      { keys: 'N', does: 'Start a new region' },
      { keys: ',  .', does: 'Previous or next region' },
      { keys: 'H', does: 'Hide or show the selected region' },
      { keys: 'D', does: 'Duplicate it' },
      { keys: 'Delete', does: 'Delete it' },
      { keys: 'Ctrl Z', does: 'Undo' },
      { keys: 'Ctrl Shift Z  Ctrl Y', does: 'Redo' },
    ],
  },
  {
    title: 'View',
    shortcuts: [
      { keys: '+  −', does: 'Zoom (or the wheel, or two fingers)' },
      { keys: '0', does: 'Fit the picture' },
      { keys: '1', does: 'One pixel for one pixel' },
      { keys: 'Space', does: 'Held while dragging: move the picture' },
      { keys: 'Alt 1 … Alt 5', does: 'Draw, ask, compare, read, codebook' },
    ],
  },
  {
    title: 'Without a mouse (the canvas has the focus)',
    shortcuts: [
      {
        keys: 'Arrows',
        does: 'Move the cursor; with Shift by one pixel; with “Move and select”, the picture',
      },
      { keys: 'Enter', does: 'Brush down and up, corner of a box or polygon, magic selection' },
      { keys: 'Tool “Box”', does: 'Takes typed coordinates too' },
    ],
  },
  {
    title: 'Files',
    shortcuts: [
      { keys: 'Ctrl O', does: 'Open pictures' },
      { keys: 'Ctrl Shift O', does: 'Open a folder' },
      { keys: 'Page Up  Page Down', does: 'Previous or next picture' },
      { keys: 'Ctrl M', does: 'Load masks or a session' },
      { keys: 'Ctrl V', does: 'Open a picture or masks from the clipboard' },
      { keys: '?', does: 'This sheet' },
    ],
  },
]

/** Listens to the keys of the whole page; returns what ends it. */
export function listenToKeys(openHelp: () => void): () => void {
  const listener = (event: KeyboardEvent) => {
    if (event.defaultPrevented || isTextField(event.target)) return
    if (document.querySelector('dialog[open]') !== null) return
    if (act(event, openHelp)) event.preventDefault()
  }
  window.addEventListener('keydown', listener)
  return () => window.removeEventListener('keydown', listener)
}

function act(event: KeyboardEvent, openHelp: () => void): boolean {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z') {
      if (event.shiftKey) redo()
      // What a tool has under way is taken back click by click, before any region.
      else if (currentStage()?.tool?.().undo?.() !== true) undoOrReturn()
    } else if (key === 'y') redo()
    else if (key === 'o') (event.shiftKey ? askForFolder : askForPicture)()
    else if (key === 'm' && !event.metaKey) askForMasks()
    else return false
    return true
  }
  if (event.altKey) {
    // On a Mac, Alt changes the character: the key's place says which digit it is.
    const view = VIEWS[Number(/^Digit([1-5])$/.exec(event.code)?.[1] ?? 0) - 1]
    if (view === undefined) return false
    setView(view)
    return true
  }
  if (key === '?') {
    openHelp()
    return true
  }
  const { view, picture } = useStudio.getState()
  // A focused slider uses its arrow keys itself, and letters do nothing there.
  if (view !== 'draw' || picture === undefined) return false
  return drawKey(key)
}

function drawKey(key: string): boolean {
  const tool = (Object.keys(TOOL_KEYS) as Tool[]).find((one) => TOOL_KEYS[one].toLowerCase() === key)
  if (tool !== undefined) {
    setTool(tool)
    say(TOOL_NAMES[tool])
    return true
  }
  const stage = currentStage()
  const region = selectedRegion(useStudio.getState())
  switch (key) {
    case '[':
      stepBrush(-1)
      return true
    case ']':
      stepBrush(1)
      return true
    case '+':
    case '=':
      stage?.zoom(ZOOM_STEP)
      return true
    case '-':
    case '_':
      stage?.zoom(1 / ZOOM_STEP)
      return true
    case '0':
      stage?.fit()
      return true
    case '1':
      stage?.actualSize()
      return true
    case 'n':
      select(undefined)
      say('The next stroke starts a new region')
      return true
    case 'PageUp':
      void turnPage(-1)
      return true
    case 'PageDown':
      void turnPage(1)
      return true
    case ',':
      selectNext(-1)
      return true
    case '.':
      selectNext(1)
      return true
  }
  if (region === undefined) return false
  switch (key) {
    case 'h':
      updateRegion(region.id, { visible: !region.visible })
      say(`${region.name} ${region.visible ? 'hidden' : 'shown'}`)
      return true
    case 'd':
      duplicateRegion(region.id)
      say(`${region.name} duplicated`)
      return true
    case 'Delete':
      deleteRegion(region.id)
      say(`${region.name} deleted`)
      return true
    default:
      return false
  }
}
