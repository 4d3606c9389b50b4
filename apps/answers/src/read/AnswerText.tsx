// The answer's text, piece by piece: phrases and words are buttons in the colours of their masks or boxes. Everything is text:
// React writes it into text nodes, never as markup.
import { memo } from 'react'
import type { Piece } from './draft.ts'
import { labelOf, type Reading } from './reading.ts'

/** Words longer than this are shown as a count: 32 words of HiMTok fill four lines. */
const LONG_WORDS = 60

type Props = {
  readonly text: string
  readonly reading: Reading
  readonly colours: readonly string[]
  readonly lit: readonly number[]
  readonly onLight: (masks: readonly number[]) => void
  readonly onPick: (masks: readonly number[]) => void
}

export const AnswerText = memo(function AnswerText(props: Props) {
  const { text, reading } = props
  const left = text.length - reading.shownTo
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long answers scroll, and a keyboard must reach the end of them.
    <section className="read-text" aria-label="Text of the answer" tabIndex={0}>
      {reading.pieces.map((piece) => (
        <PieceText key={piece.start} piece={piece} {...props} />
      ))}
      {left > 0 && (
        <em className="read-more">{` … ${left.toLocaleString('en-US')} more characters are read but not shown`}</em>
      )}
    </section>
  )
})

function PieceText({
  piece,
  text,
  reading,
  colours,
  lit,
  onLight,
  onPick,
}: Props & { readonly piece: Piece }) {
  const own = text.slice(piece.start, piece.end)
  if (piece.kind === 'text') return own
  const [first] = piece.masks
  const isLit = piece.masks.some((mask) => lit.includes(mask))
  const short = piece.kind === 'words' && !piece.faulty && own.length > LONG_WORDS
  const className = `read-piece read-${piece.kind}${piece.faulty ? ' read-faulty' : ''}${isLit ? ' read-lit' : ''}`
  const colour = first === undefined ? {} : { '--mask': colours[first]! }
  if (first === undefined) {
    return (
      <span className={className} title={piece.kind === 'boxes' ? 'no box' : 'no mask'}>
        {own}
      </span>
    )
  }
  return (
    <button
      type="button"
      className={className}
      style={colour as Record<string, string>}
      data-mask={first}
      aria-pressed={isLit}
      title={short ? own : labelOf(reading, first)}
      onPointerEnter={() => onLight(piece.masks)}
      onPointerLeave={() => onLight([])}
      onFocus={() => onLight(piece.masks)}
      onBlur={() => onLight([])}
      onClick={() => onPick(piece.masks)}
    >
      {short ? shortWords(own) : own}
    </button>
  )
}

/** `<|mt_start|>…32 words…<|mt_end|>`: what stands in the text is in the button's title. */
function shortWords(words: string): string {
  return `⟨${(words.match(/<\|mt_\d+\|>|<grid|\[OFF/g) ?? []).length} words⟩`
}
