// A small "?" that explains what stands beside it.

export function Why({ what, text }: { readonly what: string; readonly text: string }) {
  return (
    <details
      className="words-why words-mark"
      name="words-why"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !event.currentTarget.open) return
        event.currentTarget.open = false
        event.stopPropagation()
      }}
    >
      <summary aria-label={what} title={what}>
        <span aria-hidden="true">?</span>
      </summary>
      <p>{text}</p>
    </details>
  )
}
