// Colour on a terminal: on where the stream is one, off with NO_COLOR (https://no-color.org), forced with FORCE_COLOR.
import type { Io, Output } from '../io.ts'

export type Style = Readonly<
  Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', (text: string) => string>
>

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

/** True where escape codes may be written to the stream. NO_COLOR wins over FORCE_COLOR, both over the terminal. */
export function wantsColour(env: Io['env'], stream: Pick<Output, 'isTTY'>): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return stream.isTTY && env['TERM'] !== 'dumb'
}

/** Functions that wrap text in escape codes, or leave it alone. */
export function styleFor(env: Io['env'], stream: Pick<Output, 'isTTY'>): Style {
  const on = wantsColour(env, stream)
  return Object.fromEntries(
    Object.entries(CODES).map(([name, [open, close]]) => [
      name,
      (text: string) => (on ? `\u001b[${open}m${text}\u001b[${close}m` : text),
    ]),
  ) as Style
}

/** Text from outside, made safe for a terminal: control characters (escape codes too) become visible. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this replaces.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0)
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}
