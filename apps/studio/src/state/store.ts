// The studio's state. Panels read it with `useStudio(selector)` and change it through the actions here, nowhere else.
import { create } from 'zustand'
import type { Document, Notice, Picture, Region, Tool, View } from './types.ts'

/** Steps that undo can take back; a step keeps run lengths, some kilobytes. */
export const MAX_HISTORY = 200
const MAX_NOTICES = 4

type History = { readonly past: readonly Document[]; readonly future: readonly Document[] }

export type Studio = {
  readonly picture: Picture | undefined
  readonly document: Document
  readonly history: History
  readonly view: View
  readonly tool: Tool
  /** Diameter of brush and eraser in pixels of the picture. */
  readonly brushPx: number
  /** Largest colour distance of the magic tool, 0 to 255. */
  readonly tolerance: number
  /** Text of the view "read". */
  readonly answer: string
  readonly notices: readonly Notice[]
}

export const EMPTY: Document = { regions: [], selectedId: undefined }

export const useStudio = create<Studio>(() => ({
  picture: undefined,
  document: EMPTY,
  history: { past: [], future: [] },
  view: 'draw',
  tool: 'brush',
  brushPx: 24,
  tolerance: 24,
  answer: '',
  notices: [],
}))

const set = useStudio.setState
const get = useStudio.getState

/** Opens a picture; regions of another one, and their history, are left behind. */
export function openPicture(picture: Picture, document: Document = EMPTY): void {
  set({ picture, document, history: { past: [], future: [] } })
}

/** One step of work: `change` gives the next document, and undo comes back to this one. */
export function edit(change: (document: Document) => Document): void {
  const { document, history } = get()
  const next = change(document)
  if (next === document) return
  set({ document: next, history: { past: [...history.past, document].slice(-MAX_HISTORY), future: [] } })
}

export function undo(): void {
  const { document, history } = get()
  const back = history.past.at(-1)
  if (back === undefined) return
  set({
    document: back,
    history: { past: history.past.slice(0, -1), future: [document, ...history.future] },
  })
}

export function redo(): void {
  const { document, history } = get()
  const next = history.future[0]
  if (next === undefined) return
  set({
    document: next,
    history: { past: [...history.past, document], future: history.future.slice(1) },
  })
}

/** Selecting is no work of its own: undo does not stop there. */
export function select(id: string | undefined): void {
  set(({ document }) => ({ document: { ...document, selectedId: id } }))
}

export const updateRegion = (id: string, change: Partial<Omit<Region, 'id'>>): void =>
  edit((document) => ({
    ...document,
    regions: document.regions.map((region) => (region.id === id ? { ...region, ...change } : region)),
  }))

export const setView = (view: View): void => set({ view })
export const setTool = (tool: Tool): void => set({ tool })
export const setBrush = (brushPx: number): void => set({ brushPx: Math.min(400, Math.max(1, brushPx)) })
export const setTolerance = (tolerance: number): void => set({ tolerance })
export const setAnswer = (answer: string): void => set({ answer })

let noticeId = 0

/** Tells the person; the newest few stay until dismissed. */
export function notify(notice: Omit<Notice, 'id'>): void {
  set(({ notices }) => ({ notices: [...notices, { ...notice, id: noticeId++ }].slice(-MAX_NOTICES) }))
}

/** An error as a notice: its own message and hint where it has one. */
export function notifyError(error: unknown, doing: string): void {
  if (error instanceof DOMException && error.name === 'AbortError') return
  const { message, hint } = error as { message?: string; hint?: string }
  notify({
    kind: 'error',
    message: `${doing}: ${message ?? String(error)}`,
    ...(hint === undefined ? {} : { hint }),
  })
}

export const dismiss = (id: number): void =>
  set(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }))

export const selectedRegion = ({ document }: Studio): Region | undefined =>
  document.regions.find(({ id }) => id === document.selectedId)
