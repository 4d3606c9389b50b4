// Places in a text for people: line and column, both from 1, in UTF-16 characters.

export type LineColumn = { readonly line: number; readonly column: number }

/** Lines and columns of places that rise, in one pass over the text. */
export function lineColumns(text: string, places: readonly number[]): LineColumn[] {
  let line = 1
  let lineStart = 0
  let next = text.indexOf('\n')
  return places.map((place) => {
    while (next !== -1 && next < place) {
      line++
      lineStart = next + 1
      next = text.indexOf('\n', lineStart)
    }
    return { line, column: place - lineStart + 1 }
  })
}
