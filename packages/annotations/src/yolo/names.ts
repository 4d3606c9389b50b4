// The names of YOLO's classes: `names` of data.yaml, a list or numbers with names, or classes.txt, a name a line (Ultralytics,
// "Datasets"). Of YAML 1.2, what such files hold: plain and quoted names, in brackets and braces or a line each.

/** Names by class number; empty where the text has none. `isPlain` for classes.txt. */
export function readYoloNames(text: string, isPlain = false): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  const lines = text.split(/\r?\n/)
  if (isPlain) {
    const last = lines.findLastIndex((line) => line.trim() !== '')
    for (const [index, line] of lines.slice(0, last + 1).entries()) names.set(index, line.trim())
    return names
  }
  const start = lines.findIndex((line) => /^(?:names|"names"|'names')\s*:/.test(line))
  if (start < 0) return names
  const rest = [lines[start]!.slice(lines[start]!.indexOf(':') + 1), ...lines.slice(start + 1)].join('\n')
  const scan = new Scan(rest)
  scan.blank()
  const open = scan.peek()
  if (open === '[' || open === '{') scan.flow(names, open)
  else scan.block(names)
  return names
}

class Scan {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  peek(): string | undefined {
    return this.#text[this.#at]
  }

  /** Passes over blanks, comments and, with `lines`, ends of lines. */
  blank(lines = false): void {
    for (;;) {
      const sign = this.peek()
      if (sign === ' ' || sign === '\t' || sign === '\r' || (lines && sign === '\n')) this.#at++
      else if (sign === '#' && (this.#at === 0 || /\s/.test(this.#text[this.#at - 1]!))) this.#toLineEnd()
      else return
    }
  }

  #toLineEnd(): void {
    const end = this.#text.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#text.length : end
  }

  /** `[a, 'b']` or `{0: a, 1: "b"}`. */
  flow(names: Map<number, string>, open: string): void {
    this.#at++
    for (let place = 0; ; place++) {
      this.blank(true)
      const sign = this.peek()
      if (sign === undefined || sign === ']' || sign === '}') return
      let number = place
      if (open === '{') {
        const key = /^\s*["']?(\d+)["']?\s*:/.exec(this.#text.slice(this.#at, this.#at + 40))
        if (key === null) return
        number = Number(key[1])
        this.#at += key[0].length
        this.blank(true)
      }
      names.set(number, this.#name(/[,\]}\n]/))
      this.blank(true)
      if (this.peek() === ',') this.#at++
    }
  }

  /** `- a` or `0: a`, a line each, until a line that is neither. */
  block(names: Map<number, string>): void {
    for (let place = 0; ; ) {
      this.blank(true)
      const lead = /^(?:-\s+|["']?(\d+)["']?\s*:\s*)/.exec(this.#text.slice(this.#at, this.#at + 40))
      if (lead === null) return
      this.#at += lead[0].length
      const number = lead[1] === undefined ? place++ : Number(lead[1])
      names.set(number, this.#name(/\n/))
      this.#toLineEnd()
    }
  }

  /** A name in quotes, or a plain one to one of `ends` or a comment. */
  #name(ends: RegExp): string {
    const quote = this.peek()
    if (quote === '"' || quote === "'") {
      let end = this.#at + 1
      for (; end < this.#text.length; end++) {
        const sign = this.#text[end]!
        if (quote === '"' && sign === '\\') end++
        else if (sign === quote) {
          if (quote === "'" && this.#text[end + 1] === "'") end++
          else break
        }
      }
      const inside = this.#text.slice(this.#at + 1, end)
      this.#at = Math.min(this.#text.length, end + 1)
      return quote === "'" ? inside.replaceAll("''", "'") : unescaped(inside)
    }
    let end = this.#at
    for (; end < this.#text.length; end++) {
      const sign = this.#text[end]!
      if (ends.test(sign) || (sign === '#' && /\s/.test(this.#text[end - 1] ?? ''))) break
    }
    const name = this.#text.slice(this.#at, end).trim()
    this.#at = end
    return name
  }
}

/** Escapes of double quotes that JSON has too; others stay as they are. */
function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return text
  }
}
