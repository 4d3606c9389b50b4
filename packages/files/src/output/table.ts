// Tables of text: columns as wide as their widest cell, numbers to the right.

export type Column = { readonly title: string; readonly align?: 'left' | 'right' }

/** Lines of an aligned table. The last column is not padded, so lines have no trailing blanks. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map((column, i) =>
    rows.reduce((width, row) => Math.max(width, [...(row[i] ?? '')].length), column.title.length),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? ''
        const blank = ' '.repeat(Math.max(0, widths[i]! - [...cell].length))
        return column.align === 'right' ? blank + cell : cell + blank
      })
      .join('  ')
      .trimEnd()
  return [line(columns.map((column) => column.title)), ...rows.map(line)]
}

/** A duration for people: `0.42 ms`, `18 ms`, `1.24 s`. */
export function duration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`
  if (ms < 1000) return `${ms.toFixed(0)} ms`
  return `${(ms / 1000).toFixed(2)} s`
}

/** A count with its noun: `1 mask`, `12 masks`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}
