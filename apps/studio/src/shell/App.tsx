// The page: bar, the view that is open, notices, status.

import { CanvasView } from '@maskwords/board/canvas/CanvasView.tsx'
import { useShelf } from '@maskwords/board/state/shelf.ts'
import { useStudio } from '@maskwords/board/state/store.ts'
import type { View } from '@maskwords/board/state/types.ts'
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'
import { ErrorBoundary } from './ErrorBoundary.tsx'
import { takeFiles } from './files.ts'
import { HelpSheet } from './HelpSheet.tsx'
import { keepFocus } from './keep-focus.ts'
import { Notices } from './Notices.tsx'
import { RegionsPanel } from './RegionsPanel.tsx'
import { StartScreen } from './StartScreen.tsx'
import { StatusLine } from './StatusLine.tsx'
import { listenToKeys } from './shortcuts.ts'
import { ToolOptions, ToolRail } from './Toolbar.tsx'
import { panelId, TopBar, tabId, VIEW_NAMES } from './TopBar.tsx'

const Strip = lazy(() => import('./Strip.tsx').then((part) => ({ default: part.Strip })))
const WordsPanel = lazy(() =>
  import('../words/WordsPanel.tsx').then((part) => ({ default: part.WordsPanel })),
)
const AskView = lazy(() =>
  import('@maskwords/answers/ask/AskView.tsx').then((part) => ({ default: part.AskView })),
)
const CompareView = lazy(() =>
  import('../compare/CompareView.tsx').then((part) => ({ default: part.CompareView })),
)
const ReadView = lazy(() =>
  import('@maskwords/answers/read/ReadView.tsx').then((part) => ({ default: part.ReadView })),
)
const CodebookView = lazy(() =>
  import('../codebook/CodebookView.tsx').then((part) => ({ default: part.CodebookView })),
)

export function App() {
  const view = useStudio((state) => state.view)
  const [help, setHelp] = useState(false)
  const [dropping, setDropping] = useState(false)
  useEffect(() => listenToKeys(() => setHelp(true)), [])
  useEffect(() => takeFiles(setDropping), [])
  useEffect(() => keepFocus(document.body), [])
  const before = useRef(view)
  useEffect(() => {
    if (before.current === view) return
    before.current = view
    // What had the focus may have gone with the view before.
    const { activeElement } = document
    if (activeElement === document.body || activeElement?.closest('.views, [role=tablist]') !== null)
      document.getElementById(tabId(view))?.focus()
  }, [view])
  return (
    <div className="app">
      <TopBar openHelp={() => setHelp(true)} />
      <main className="views">
        {/* The canvas stays while other views are open: its zoom and its tiles are kept. */}
        <div
          className="draw-view"
          id={panelId('draw')}
          role="tabpanel"
          aria-labelledby={tabId('draw')}
          hidden={view !== 'draw'}
        >
          <ErrorBoundary what="The canvas">
            <DrawView />
          </ErrorBoundary>
        </div>
        {view === 'ask' && (
          <OtherView view="ask">
            <AskView />
          </OtherView>
        )}
        {view === 'compare' && (
          <OtherView view="compare">
            <CompareView />
          </OtherView>
        )}
        {view === 'read' && (
          <OtherView view="read">
            <ReadView />
          </OtherView>
        )}
        {view === 'codebook' && (
          <OtherView view="codebook">
            <CodebookView />
          </OtherView>
        )}
      </main>
      <StatusLine />
      <Notices />
      {dropping && (
        <div className="drop-here">
          Drop a picture, masks (PNG, COCO, CVAT, Label Studio, YOLO, zip) or a session
        </div>
      )}
      <HelpSheet open={help} onClose={() => setHelp(false)} />
    </div>
  )
}

function OtherView({ view, children }: { readonly view: View; readonly children: ReactNode }) {
  return (
    <div className="other-view" id={panelId(view)} role="tabpanel" aria-labelledby={tabId(view)}>
      <h2 className="unseen">{VIEW_NAMES[view]}</h2>
      <ErrorBoundary what={`The view “${VIEW_NAMES[view]}”`}>
        <Suspense fallback={<Loading what={`the view “${VIEW_NAMES[view]}”`} />}>{children}</Suspense>
      </ErrorBoundary>
    </div>
  )
}

function Loading({ what }: { readonly what: string }) {
  return (
    <p className="loading" role="status">
      <progress aria-label={`Loading ${what}`} /> Loading {what}…
    </p>
  )
}

/** Panels beside the canvas; a phone shows one of them at a time. */
const PANELS = ['words', 'regions'] as const
const PANEL_NAMES = { words: 'Words', regions: 'Regions' } as const

function DrawView() {
  const open = useStudio(({ picture }) => picture !== undefined)
  const several = useShelf(({ pictures }) => pictures.length > 1)
  const [panel, setPanel] = useState<(typeof PANELS)[number]>('words')
  return (
    <>
      <div className="canvas-side">
        {open && <ToolOptions />}
        <div className="canvas-row">
          {open && <ToolRail />}
          <div className="canvas-place">
            <CanvasView />
            {!open && <StartScreen />}
          </div>
        </div>
        {several && (
          <Suspense fallback={null}>
            <Strip />
          </Suspense>
        )}
      </div>
      {open && (
        <aside className="panels" data-panel={panel} aria-label="Panels">
          <fieldset className="panel-switch" aria-label="Panels">
            {PANELS.map((one) => (
              <button
                key={one}
                type="button"
                className="button"
                aria-pressed={one === panel}
                onClick={() => setPanel(one)}
              >
                {PANEL_NAMES[one]}
              </button>
            ))}
          </fieldset>
          <RegionsPanel />
          <div className="panel words-slot">
            <ErrorBoundary what="The panel “Words”">
              <Suspense fallback={<Loading what="the panel “Words”" />}>
                <WordsPanel />
              </Suspense>
            </ErrorBoundary>
          </div>
        </aside>
      )}
    </>
  )
}
