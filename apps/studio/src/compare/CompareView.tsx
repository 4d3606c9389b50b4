// The view "compare": a region's mask beside what each codec's words draw of it.
export function CompareView() {
  return <section aria-label="Compare" />
}
