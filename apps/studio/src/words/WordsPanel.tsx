// The words of the selected region in every codec, side by side.
export function WordsPanel() {
  return <section aria-label="Words" />
}
