// The sheet of keys.
import { useEffect, useRef } from 'react'
import { Icon } from './icons.tsx'
import { SHORTCUTS } from './shortcuts.ts'

export function HelpSheet({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open) dialog.current?.showModal()
    else dialog.current?.close()
  }, [open])
  return (
    <dialog ref={dialog} className="sheet" aria-labelledby="help-title" onClose={onClose}>
      <header>
        <h2 id="help-title">Keys</h2>
        <button
          type="button"
          className="button icon-only"
          aria-label="Close help"
          title="Close"
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      <p>
        Draw a region, and the panel “Words” says it in each mask language. Edit a word, and the region that
        the words draw follows. Pictures stay in this browser unless codecs run on the server that the page
        came from.
      </p>
      <div className="key-groups">
        {SHORTCUTS.map(({ title, shortcuts }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {shortcuts.map(({ keys, does }) => (
                <div key={keys + does}>
                  <dt>
                    {keys.split('  ').map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  )
}
