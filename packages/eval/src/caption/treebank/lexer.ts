// The longest match wins, then the first rule; a rule may ask what comes after its token. As lexers of the lex family have it.

import { Machine, type MachineState } from './automaton.ts'
import { type Pattern, parsePattern } from './pattern.ts'

export type LexerRule<Kind> = {
  readonly kind: Kind
  /** The token. */
  readonly token: string
  /** What must follow; counts for the length of the match, is not taken. Of several cuts the one with the longest token counts. */
  readonly before?: string
}

export type LexerMatch<Kind> = {
  readonly kind: Kind
  /** UTF-16 units, `end` not in it. */
  readonly start: number
  readonly end: number
}

type CompiledRule<Kind> = {
  readonly kind: Kind
  readonly pattern: Pattern
  readonly cut?: { readonly token: Machine; readonly before: Machine }
}

/** Units behind the end of a match that may be looked at again for each match. */
const SHORT_LOOK = 16

export class Lexer<Kind> {
  readonly #rules: readonly CompiledRule<Kind>[]
  readonly machine: Machine

  constructor(rules: readonly LexerRule<Kind>[]) {
    this.#rules = rules.map(({ kind, token, before }) => {
      const own = parsePattern(token)
      if (before === undefined) return { kind, pattern: own }
      const after = parsePattern(before)
      const cut = { token: new Machine([own]), before: new Machine([after]) }
      return { kind, pattern: { kind: 'sequence', parts: [own, after] }, cut }
    })
    this.machine = new Machine(this.#rules.map((rule) => rule.pattern))
  }

  /**
   * The matches of a text, one after another; a unit that no rule takes is left out. `shortened` may give a smaller end for a
   * match: the rest is read again.
   *
   * Linear in the length of the text (Reps 1998): what a state found no end for once is not looked for again.
   */
  *matches(
    text: string,
    shortened: (match: LexerMatch<Kind>) => number = (match) => match.end,
  ): Generator<LexerMatch<Kind>> {
    const failed = new Map<number, Set<MachineState>>()
    for (let start = 0; start < text.length; ) {
      const found = this.#longest(text, start, failed)
      if (found === null) {
        start++
        continue
      }
      const rule = this.#rules[found.rule]!
      const own = rule.cut ? cutAt(text, start, found.end, rule.cut) : found.end
      const match = { kind: rule.kind, start, end: own }
      start = Math.max(start + 1, shortened(match))
      yield { ...match, end: start }
    }
  }

  #longest(
    text: string,
    start: number,
    failed: Map<number, Set<MachineState>>,
  ): { rule: number; end: number } | null {
    let state = this.machine.start
    let found: { rule: number; end: number } | null = null
    const since: [number, MachineState][] = []
    for (let at = start; at < text.length; at++) {
      if (failed.size > 0 && failed.get(at)?.has(state)) break
      since.push([at, state])
      const next = this.machine.step(state, text.charCodeAt(at))
      if (next === null) break
      state = next
      if (state.accepts < 0) continue
      found = { rule: state.accepts, end: at + 1 }
      since.length = 0
    }
    // A short look ahead is cheaper done again than remembered.
    if (since.length <= SHORT_LOOK) return found
    for (const [at, without] of since) {
      const states = failed.get(at)
      if (states) states.add(without)
      else failed.set(at, new Set([without]))
    }
    return found
  }
}

/** The end of the longest token whose rest, to `end`, is what must follow. */
function cutAt(text: string, start: number, end: number, cut: { token: Machine; before: Machine }): number {
  const ends: number[] = []
  let state: MachineState | null = cut.token.start
  for (let at = start; at < end; at++) {
    state = cut.token.step(state, text.charCodeAt(at))
    if (state === null) break
    if (state.accepts >= 0) ends.push(at + 1)
  }
  for (const own of ends.reverse()) {
    let after: MachineState | null = cut.before.start
    for (let at = own; at < end && after !== null; at++) after = cut.before.step(after, text.charCodeAt(at))
    if (after !== null && after.accepts >= 0) return own
  }
  return end
}
