// What may be wider than its place: it scrolls, with the arrow keys as well.
import type { ReactNode } from 'react'

export function Scroller({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without a place in the order of keys it could not be scrolled by them
    <section className="compare-scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  )
}
