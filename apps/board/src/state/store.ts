// The studio's state. Panels read it with `useStudio(selector)` and change it through the actions here, nowhere else.
import { create } from 'zustand'
import type { Combine, Document, Notice, Picture, Region, Tool, View } from './types.ts'

/** Steps that undo can take back; a step keeps run lengths, some kilobytes. */
export const MAX_HISTORY = 200
const MAX_NOTICES = 4

export type History = { readonly past: readonly Document[]; readonly future: readonly Document[] }

export type Studio = {
  readonly picture: Picture | undefined
  readonly document: Document
  readonly history: History
  /** The selected region is one that the person chose or made, not one that came with the picture. */
  readonly picked: boolean
  readonly view: View
  readonly tool: Tool
  /** Diameter of brush and eraser in pixels of the picture. */
  readonly brushPx: number
  /** Largest colour distance of the magic tool, 0 to 255. */
  readonly tolerance: number
  /** Text of the view "read". */
  readonly answer: string
  readonly notices: readonly Notice[]
  /** What the page is doing that takes a while, for example `Reading photo.jpg`. */
  readonly busy: string | undefined
  /** What polygon, box and magic do with what they select; Shift and Alt say it for one action. */
  readonly combine: Combine
  /** The newest sentence for people who do not see the canvas. */
  readonly said: string
}

export const EMPTY: Document = { regions: [], selectedId: undefined }

export const useStudio = create<Studio>(() => ({
  picture: undefined,
  document: EMPTY,
  history: { past: [], future: [] },
  picked: false,
  view: 'draw',
  tool: 'brush',
  brushPx: 24,
  tolerance: 24,
  answer: '',
  notices: [],
  busy: undefined,
  combine: 'new',
  said: '',
}))

const set = useStudio.setState
const get = useStudio.getState

/** Opens a picture; regions of another one, and their history, are left behind: the shelf keeps them. */
export function openPicture(
  picture: Picture,
  document: Document = EMPTY,
  history: History = { past: [], future: [] },
): void {
  set({ picture, document, history, picked: history.past.length > 0 })
}

/** Changes of one kind that follow each other this closely are one step: a slider that is dragged, a name that is typed. */
const ONE_STEP_MS = 1000
let lastKind: { readonly kind: string; readonly atMs: number; readonly document: Document } | undefined

/**
 * One step of work: `change` gives the next document, and undo comes back to this one. Steps of the same `kind` within a
 * second of each other are taken back together.
 */
export function edit(change: (document: Document) => Document, kind?: string): void {
  const { document, history } = get()
  const next = change(document)
  if (next === document) return
  const atMs = Date.now()
  const goesOn =
    kind !== undefined &&
    lastKind?.kind === kind &&
    lastKind.document === document &&
    atMs - lastKind.atMs < ONE_STEP_MS
  lastKind = kind === undefined ? undefined : { kind, atMs, document: next }
  const past = goesOn ? history.past : [...history.past, document].slice(-MAX_HISTORY)
  set({ document: next, history: { past, future: [] }, picked: true })
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
  set(({ document }) => ({ document: { ...document, selectedId: id }, picked: true }))
}

export const updateRegion = (id: string, change: Partial<Omit<Region, 'id'>>): void =>
  edit(
    (document) => ({
      ...document,
      regions: document.regions.map((region) => (region.id === id ? { ...region, ...change } : region)),
    }),
    // Masks never join: each stroke is a step of its own.
    'mask' in change ? undefined : `${Object.keys(change).join()} of ${id}`,
  )

export const setView = (view: View): void => set({ view })
export const setTool = (tool: Tool): void => set({ tool })
export const setBrush = (brushPx: number): void => set({ brushPx: Math.min(400, Math.max(1, brushPx)) })
export const setTolerance = (tolerance: number): void =>
  set({ tolerance: Math.min(255, Math.max(0, tolerance)) })
export const setCombine = (combine: Combine): void => set({ combine })
/** Tells a screen reader what has happened on the canvas. */
export const say = (said: string): void => set({ said })
export const setBusy = (busy: string | undefined): void => set({ busy })
export const setAnswer = (answer: string): void => set({ answer })

let noticeId = 0

/** Tells the person; the newest few stay until dismissed. Returns the notice's number, for `dismiss`. */
export function notify(notice: Omit<Notice, 'id'>): number {
  const id = noticeId++
  set(({ notices }) => ({ notices: [...notices, { ...notice, id }].slice(-MAX_NOTICES) }))
  return id
}

/** An error as a notice: its own message and hint where it has one. */
export function notifyError(error: unknown, doing: string): number | undefined {
  if (error instanceof DOMException && error.name === 'AbortError') return undefined
  const { message, hint } = error as { message?: string; hint?: string }
  return notify({
    kind: 'error',
    message: `${doing}: ${message ?? String(error)}`,
    ...(hint === undefined ? {} : { hint }),
  })
}

export const dismiss = (id: number): void =>
  set(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }))

/** The region that a brush goes on with: the selected one, unless it only came with the picture. */
export const paintedRegion = (state: Studio): Region | undefined =>
  state.picked ? selectedRegion(state) : undefined

export const selectedRegion = ({ document }: Studio): Region | undefined =>
  document.regions.find(({ id }) => id === document.selectedId)
