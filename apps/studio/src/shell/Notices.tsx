// What the person should know: errors until they are dismissed, the rest for a while; and what screen readers are told.

import { dismiss, useStudio } from '@maskwords/board/state/store.ts'
import type { Notice } from '@maskwords/board/state/types.ts'
import { useEffect } from 'react'
import { Icon } from './icons.tsx'

/** Long enough to read two lines twice. */
const SHOWN_MS = 10_000

export function Notices() {
  const notices = useStudio((state) => state.notices)
  const said = useStudio((state) => state.said)
  return (
    <>
      <section className="notices" aria-label="Notices">
        {notices.map((notice) => (
          <OneNotice key={notice.id} notice={notice} />
        ))}
      </section>
      <p className="unseen" role="status" aria-live="polite">
        {said}
      </p>
    </>
  )
}

function OneNotice({ notice }: { readonly notice: Notice }) {
  const { id, kind, message, hint } = notice
  useEffect(() => {
    if (kind === 'error') return
    const timer = setTimeout(() => dismiss(id), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [id, kind])
  return (
    <div className="notice" data-kind={kind} role={kind === 'error' ? 'alert' : 'status'}>
      <div>
        <p>
          {kind === 'error' && <strong>Error. </strong>}
          {message}
        </p>
        {hint !== undefined && <p className="hint">{hint}</p>}
      </div>
      <button
        type="button"
        className="button icon-only"
        aria-label="Dismiss"
        title="Dismiss"
        onClick={() => dismiss(id)}
      >
        <Icon name="close" />
      </button>
    </div>
  )
}
