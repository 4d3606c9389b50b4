// Text of SVG pictures: escaping, short numbers, elements. Definition: W3C SVG 1.1.

/** Text as it may stand in an element or a quoted attribute. Characters that XML forbids become a question mark. */
export function escapeXml(text: string): string {
  return text
    .replace(/[&<>"]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&quot;'))
    .replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd]/g, '?')
}

type Attributes = Readonly<Record<string, string | number | undefined>>

/** One element; numbers are cut to hundredths of a pixel. Undefined attributes are left out. */
export function element(name: string, attributes: Attributes, content?: string): string {
  const said = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? short(value) : escapeXml(value!)}"`)
    .join('')
  return content === undefined ? `<${name}${said}/>` : `<${name}${said}>${content}</${name}>`
}

/** A number with at most two decimals. */
export function short(value: number): string {
  return String(Math.round(value * 100) / 100)
}

/** Points as the `d` of a path; a point that is not finite breaks the line. */
export function pathThrough(points: readonly (readonly [number, number])[]): string {
  let text = ''
  let pen = false
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      pen = false
      continue
    }
    text += `${pen ? 'L' : 'M'}${short(x)} ${short(y)}`
    pen = true
  }
  return text
}
