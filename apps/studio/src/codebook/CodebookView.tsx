// The view "codebook": a map of a codec's codes.
export function CodebookView() {
  return <section aria-label="Codebook" />
}
