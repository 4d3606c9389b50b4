// The bar above everything: files, views, undo, saving, theme, help.
import { copyLink, exportAs } from '@maskwords/board/documents/export.ts'
import { EXPORTS } from '@maskwords/board/documents/export-list.ts'
import { openSample, undoOrReturn } from '@maskwords/board/documents/open.ts'
import { SAMPLES, sampleUrl } from '@maskwords/board/samples/samples.ts'
import { useShelf } from '@maskwords/board/state/shelf.ts'
import { redo, setView, useStudio } from '@maskwords/board/state/store.ts'
import { VIEWS, type View } from '@maskwords/board/state/types.ts'
import { askForMasks, askForPicture } from './files.ts'
import { Icon } from './icons.tsx'
import { Menu, type MenuItem } from './Menu.tsx'
import { toggleTheme, useTheme } from './theme.ts'

export const VIEW_NAMES: Readonly<Record<View, string>> = {
  draw: 'Draw',
  ask: 'Ask',
  compare: 'Compare',
  read: 'Read',
  codebook: 'Codebook',
}

export function TopBar({ openHelp }: { readonly openHelp: () => void }) {
  const open = useStudio(({ picture }) => picture !== undefined)
  const selected = useStudio(({ document }) => document.selectedId !== undefined)
  const regions = useStudio(({ document }) => document.regions.length)
  const theme = useTheme((state) => state.theme)
  const samples: MenuItem[] = SAMPLES.map(({ id, title }) => ({
    id,
    label: title,
    picture: sampleUrl(id, 'webp'),
    run: () => void openSample(id),
  }))
  const exports: MenuItem[] = EXPORTS.map(({ id, label, kind }) => ({
    id,
    label,
    note: kind,
    disabled:
      !open ||
      ((id === 'mask' || id === 'words-text') && !selected) ||
      (id !== 'session' && id !== 'overlay' && regions === 0),
    run: () => void exportAs(id),
  }))
  exports.push({ id: 'link', label: 'Copy link', note: 'address', run: () => void copyLink() })
  return (
    <header className="top-bar">
      <h1 className="brand">
        <img src="./icon.svg" alt="" width="24" height="24" />
        <span>maskwords</span>
      </h1>
      <div className="bar-group">
        <button
          type="button"
          className="button"
          aria-label="Open picture"
          title="Open picture (Ctrl O)"
          onClick={askForPicture}
        >
          <Icon name="open" />
          <span className="button-text">Open</span>
        </button>
        <Menu label="Samples" icon="sample" items={samples} />
        <button
          type="button"
          className="button"
          aria-label="Load masks"
          title="Load masks or a session: PNG, COCO, labelme, CVAT, Label Studio, YOLO, zip (Ctrl M)"
          onClick={askForMasks}
        >
          <Icon name="masks" />
          <span className="button-text">Masks</span>
        </button>
      </div>
      <ViewTabs />
      <div className="bar-group bar-end">
        <History />
        <Menu label="Export" icon="save" items={exports} align="end" />
        <button
          type="button"
          className="button icon-only"
          aria-label={theme === 'light' ? 'Dark theme' : 'Light theme'}
          title={theme === 'light' ? 'Dark theme' : 'Light theme'}
          onClick={toggleTheme}
        >
          <Icon name={theme === 'light' ? 'dark' : 'light'} />
        </button>
        <button
          type="button"
          className="button icon-only"
          aria-label="Help"
          title="Help and keys (?)"
          onClick={openHelp}
        >
          <Icon name="help" />
        </button>
      </div>
    </header>
  )
}

function History() {
  const past = useStudio(({ history }) => history.past.length > 0)
  const before = useShelf(({ cameFrom, current }) => cameFrom !== undefined && cameFrom !== current)
  const canUndo = past || before
  const canRedo = useStudio(({ history }) => history.future.length > 0)
  return (
    <>
      <button
        type="button"
        className="button icon-only"
        aria-label="Undo"
        title={past || !before ? 'Undo (Ctrl Z)' : 'Back to the picture before (Ctrl Z)'}
        disabled={!canUndo}
        onClick={undoOrReturn}
      >
        <Icon name="undo" />
      </button>
      <button
        type="button"
        className="button icon-only"
        aria-label="Redo"
        title="Redo (Ctrl Y)"
        disabled={!canRedo}
        onClick={redo}
      >
        <Icon name="redo" />
      </button>
    </>
  )
}

export const tabId = (view: View): string => `tab-${view}`
export const panelId = (view: View): string => `panel-${view}`

function ViewTabs() {
  const view = useStudio((state) => state.view)
  const step = (event: React.KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (by === 0) return
    event.preventDefault()
    const next = VIEWS[(VIEWS.indexOf(view) + by + VIEWS.length) % VIEWS.length]!
    setView(next)
    document.getElementById(tabId(next))?.focus()
  }
  return (
    <div className="view-tabs" role="tablist" aria-label="Views">
      {VIEWS.map((one) => (
        <button
          key={one}
          type="button"
          role="tab"
          id={tabId(one)}
          aria-selected={one === view}
          aria-controls={panelId(one)}
          tabIndex={one === view ? 0 : -1}
          onClick={() => setView(one)}
          onKeyDown={step}
        >
          {VIEW_NAMES[one]}
        </button>
      ))}
    </div>
  )
}
