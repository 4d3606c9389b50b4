// HiMTok's number of words, coarse to fine: a slider, a player, and the IoU along the way.
import { useEffect, useMemo, useState } from 'react'
import { type Card, lengthOf, useWords } from './cards.ts'
import { iouOf } from './iou-of.ts'
import { setLength } from './speaker.ts'

const STEP_MS = 110
/** Without motion: few steps, far apart. */
const CALM_STEP_MS = 900

export function LengthControl({ card }: { readonly card: Card }) {
  const wish = useWords((state) => state.length)
  const most = card.codes.length
  const length = lengthOf(card, wish)
  const [playing, setPlaying] = useState(false)
  usePlay(playing, card, length, () => setPlaying(false))
  const play = (): void => {
    if (!playing) setLength(1)
    setPlaying(!playing)
  }
  return (
    <div className="words-length">
      <div className="words-length-row">
        <button
          type="button"
          className="words-button"
          aria-label={playing ? 'Stop' : 'Play from coarse to fine'}
          onClick={play}
        >
          {playing ? '■' : '▶'}
        </button>
        <input
          type="range"
          min={1}
          max={most}
          step={1}
          value={length}
          aria-label="HiMTok words that are read"
          aria-valuetext={`${length} of ${most} words`}
          onChange={(event) => {
            setPlaying(false)
            setLength(Number(event.target.value))
          }}
        />
        <output>
          {length} of {most}
        </output>
      </div>
      <IouCurve card={card} length={length} />
    </div>
  )
}

/** Goes on to the next length as soon as its mask is there. */
function usePlay(playing: boolean, card: Card, length: number, stop: () => void): void {
  const most = card.codes.length
  const calm = typeof matchMedia === 'function' && matchMedia('(prefers-reduced-motion: reduce)').matches
  const next = Math.min(most, calm ? length * 2 : length + 1)
  const ready = card.drawn.has(next)
  useEffect(() => {
    if (!playing) return
    if (length >= most) {
      stop()
      return
    }
    if (!ready) return
    const timer = setTimeout(() => setLength(next), calm ? CALM_STEP_MS : STEP_MS)
    return () => clearTimeout(timer)
  }, [playing, ready, length, next, most, calm, stop])
}

const WIDTH = 320
const HEIGHT = 44
function IouCurve({ card, length }: { readonly card: Card; readonly length: number }) {
  const { drawn, mask, codes } = card
  const points = useMemo(
    () =>
      [...drawn]
        .sort(([a], [b]) => a - b)
        .map(([words, { mask: other }]) => ({ words, iou: iouOf(mask, other) })),
    [drawn, mask],
  )
  const x = (words: number): number => 4 + ((WIDTH - 8) * (words - 1)) / Math.max(1, codes.length - 1)
  const y = (value: number): number => HEIGHT - 4 - (HEIGHT - 8) * value
  const here = points.find(({ words }) => words === length)
  const told = points.filter(({ words }) => [1, 2, 4, 8, 16, codes.length].includes(words))
  const label = `IoU by number of words: ${told.map(({ words, iou: value }) => `${words}: ${value.toFixed(2)}`).join(', ')}`
  return (
    <svg
      className="words-curve"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <line className="words-curve-frame" x1={4} x2={WIDTH - 4} y1={y(0)} y2={y(0)} />
      <line className="words-curve-frame" x1={4} x2={WIDTH - 4} y1={y(1)} y2={y(1)} />
      <polyline points={points.map(({ words, iou: value }) => `${x(words)},${y(value)}`).join(' ')} />
      {here !== undefined && (
        <line className="words-curve-here" x1={x(here.words)} x2={x(here.words)} y1={y(0)} y2={y(here.iou)} />
      )}
    </svg>
  )
}
