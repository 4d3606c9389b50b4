// The view "read": a model's answer, and the masks that it speaks of.
export function ReadView() {
  return <section aria-label="Read" />
}
