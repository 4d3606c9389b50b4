// The words of the selected region in every codec, side by side.

import { useBackend } from '@maskwords/board/engine/index.ts'
import { setOverlay } from '@maskwords/board/state/overlay.ts'
import { say, selectedRegion, useStudio } from '@maskwords/board/state/store.ts'
import { CODECS } from '@maskwords/board/state/types.ts'
import { area } from '@maskwords/mask'
import { useEffect, useLayoutEffect } from 'react'
import { CodecCard } from './CodecCard.tsx'
import { openOnly, useWords } from './cards.ts'
import { CODEC_LOOK } from './chips.ts'
import { iouOf } from './iou-of.ts'
import { LAYER_KEYS, type Layers, layersOf, sameLayer } from './overlays.ts'
import { RunInSwitch } from './RunInSwitch.tsx'
import { attend } from './speaker.ts'
import './style.css'
import { registerWordsInUrl } from './url-part.ts'

const PHONE = '(max-width: 700px)'
let sized = false

export function WordsPanel() {
  const region = useStudio(selectedRegion)
  useEffect(() => {
    registerWordsInUrl()
    // On a phone one card fills the sheet; the others open at a touch.
    if (!sized && matchMedia(PHONE).matches) openOnly(['samtok'])
    sized = true
  }, [])
  useAttention()
  useLayers()
  useTelling()
  const empty = region !== undefined && area(region.mask) === 0
  return (
    <section className="words" aria-label="Words">
      <header className="words-bar">
        <h2>Words</h2>
        {region !== undefined && (
          <span className="words-of">
            of <span className="words-swatch" style={{ background: region.colour }} aria-hidden="true" />{' '}
            {region.name}
          </span>
        )}
        <RunInSwitch />
      </header>
      {region === undefined || empty ? (
        <p className="words-none">
          {empty
            ? 'This region is empty: draw into it.'
            : 'Draw or select a region: its words in each codec stand here.'}
        </p>
      ) : (
        <div className="words-cards">
          {CODECS.map((codec) => (
            <CodecCard key={codec} codec={codec} region={region} />
          ))}
        </div>
      )}
    </section>
  )
}

/** Codecs see the picture as soon as it is open, and speak as soon as a region is selected or has changed. */
function useAttention(): void {
  const backend = useBackend()
  const picture = useStudio((state) => state.picture)
  const region = useStudio(selectedRegion)
  const open = useWords((state) => state.open)
  const refine = useWords((state) => state.refine)
  // The panel stays behind other views, and does nothing there.
  const here = useStudio((state) => state.view === 'draw')
  useEffect(() => {
    if (picture === undefined) return
    // What goes wrong here goes wrong again, and is told, where words are asked for.
    for (const codec of CODECS) if (open[codec]) backend.see(codec, picture).catch(() => {})
  }, [backend, picture, open])
  // Before the browser paints: the workers begin meanwhile.
  // biome-ignore lint/correctness/useExhaustiveDependencies: open cards and offsets are read from the state by `attend`
  useLayoutEffect(() => {
    if (here) attend(region, picture, backend)
  }, [here, region, picture, backend, open, refine])
}

/** Keeps the panel's layers over the picture what they should be, and takes them away with the panel. */
function useLayers(): void {
  useEffect(() => {
    let drawn: Partial<Layers> = {}
    const draw = (): void => {
      const layers = layersOf(useWords.getState())
      for (const key of LAYER_KEYS) if (!sameLayer(drawn[key], layers[key])) setOverlay(key, layers[key])
      drawn = layers
    }
    draw()
    const leave = useWords.subscribe(draw)
    return () => {
      leave()
      for (const key of LAYER_KEYS) setOverlay(key, undefined)
    }
  }, [])
}

const TELL_AFTER_MS = 500

/** One sentence for people who do not see the cards, when they have come to rest. */
function useTelling(): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let told = ''
    const leave = useWords.subscribe(() => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        const cards = CODECS.flatMap((codec) => useWords.getState().cards[codec] ?? [])
        if (cards.some(({ state, drawing }) => state === 'asking' || drawing)) return
        const parts = cards.flatMap(({ codec, codes, mask, shown }) =>
          shown === undefined
            ? []
            : [`${CODEC_LOOK[codec].title} ${codes.length} words, IoU ${iouOf(mask, shown.mask).toFixed(2)}`],
        )
        const sentence = parts.join('; ')
        if (sentence !== told && sentence !== '') say(sentence)
        told = sentence
      }, TELL_AFTER_MS)
    })
    return () => {
      leave()
      clearTimeout(timer)
    }
  }, [])
}
