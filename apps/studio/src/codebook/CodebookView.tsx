// The view "codebook": a map of all codes of one place of a codec's words, with what each draws, how often it is said, and
// what lies near it.

import { useBackend } from '@maskwords/board/engine/index.ts'
import {
  notify,
  notifyError,
  select,
  selectedRegion,
  setView,
  useStudio,
} from '@maskwords/board/state/store.ts'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
import { CodeDetails } from './CodeDetails.tsx'
import { CodeMap } from './CodeMap.tsx'
import { CODEBOOKS, type Codec, chooseBook, registerChoiceInUrl, useChoice } from './choice.ts'
import { putCodeInto } from './put-code.ts'
import { useSheet } from './sheet.ts'
import { drawingOrder, mostUsed, usageOf } from './usage.ts'
import { nearestCodes } from './vectors.ts'
import './style.css'

/** First codes over which the change by a second code of SAMTok is averaged. */
const FIRST_CODES = 6
const NEIGHBOURS = 8

export function CodebookView() {
  const picture = useStudio((state) => state.picture)
  const regions = useStudio((state) => state.document.regions)
  const region = useStudio(selectedRegion)
  const engine = useBackend()
  const { codec, place, code: chosen, onPicture, shaded } = useChoice()
  const [using, setUsing] = useState(false)
  const giveUp = useRef<AbortController>(undefined)
  useEffect(() => {
    registerChoiceInUrl()
    return () => giveUp.current?.abort()
  }, [])
  const { title, places: placeCount, codes } = CODEBOOKS[codec]
  const usage = useMemo(() => usageOf(codec, place, codes), [codec, place, codes])
  const order = useMemo(() => drawingOrder(usage.counts), [usage])
  const code = chosen ?? order[0]!
  const withPicture = codec === 'samtok' && onPicture && picture !== undefined
  const before = useMemo(
    () => (codec === 'samtok' && place > 0 ? mostUsed(usageOf('samtok', 0, 256).counts, FIRST_CODES) : []),
    [codec, place],
  )
  const { sheet, doing, share, failed } = useSheet(
    { codec, place, before, order, ...(withPicture ? { pixels: picture.pixels } : {}) },
    `${codec} ${place} ${withPicture ? picture.id : ''}`,
  )
  const vectors = sheet?.vectors
  const neighbours = useMemo(
    () => (vectors === undefined ? [] : nearestCodes(vectors, code, NEIGHBOURS)),
    [vectors, code],
  )
  const placeId = useId()
  const use = async () => {
    giveUp.current?.abort()
    const controller = new AbortController()
    giveUp.current = controller
    setUsing(true)
    try {
      const { signal } = controller
      const call = { engine, codec, picture: picture!, place, code, signal }
      const { before: was } = await putCodeInto(region!, call)
      notify({
        kind: 'info',
        message: `${title} word ${place + 1} of ${region!.name} is now ${code}, not ${was}. "Words" has the mask, and the way back.`,
      })
      setView('draw')
    } catch (error) {
      if (!controller.signal.aborted) notifyError(error, 'Using the code')
    } finally {
      if (giveUp.current === controller) setUsing(false)
    }
  }
  const whyNot =
    picture === undefined
      ? 'Open a picture first.'
      : region === undefined || region.mask.edges.length === 0
        ? 'Select a region first.'
        : undefined
  return (
    <section className="codebook" aria-label="Codebook">
      <header className="codebook-bar">
        <label>
          Codebook of{' '}
          <select value={codec} onChange={({ target }) => chooseBook(target.value as Codec, 0)}>
            {(Object.keys(CODEBOOKS) as Codec[]).map((one) => (
              <option key={one} value={one}>
                {CODEBOOKS[one].title}
              </option>
            ))}
          </select>
        </label>
        <label htmlFor={placeId}>
          Word{' '}
          <input
            id={placeId}
            type="number"
            min={1}
            max={placeCount}
            value={place + 1}
            onChange={({ target }) => {
              const next = Math.round(target.valueAsNumber)
              if (next >= 1 && next <= placeCount) chooseBook(codec, next - 1)
            }}
          />{' '}
          {`of ${placeCount}`}
        </label>
        {codec === 'samtok' && (
          <label>
            Decode on{' '}
            <select
              value={onPicture ? 'picture' : 'grey'}
              onChange={({ target }) => useChoice.setState({ onPicture: target.value === 'picture' })}
            >
              <option value="grey">plain grey</option>
              <option value="picture" disabled={picture === undefined}>
                the open picture
              </option>
            </select>
          </label>
        )}
        <label>
          <input
            type="checkbox"
            checked={shaded}
            onChange={({ target }) => useChoice.setState({ shaded: target.checked })}
          />{' '}
          Show use
        </label>
        <div className="codebook-progress">
          {doing !== undefined && <progress aria-label="Drawing the codebook" value={share} />}
          <p role="status">
            {failed ??
              (doing === undefined
                ? ''
                : `${doing}${sheet === undefined ? '' : ` (${sheet.drawn} of ${codes})`}`)}
          </p>
        </div>
      </header>
      <p className="codebook-hint">{explain(codec, place)}</p>
      <div className="codebook-body">
        {sheet === undefined ? (
          <div className="codebook-map codebook-empty" />
        ) : (
          <>
            <CodeMap
              sheet={sheet}
              counts={usage.counts}
              shaded={shaded}
              selected={code}
              neighbours={neighbours}
              label={`Map of ${title}'s codes for word ${place + 1}; arrow keys walk`}
              describe={(one) => `code ${one}, said ${usage.counts[one]} times in ${usage.masks} masks`}
              onSelect={selectCode}
            />
            <CodeDetails
              codec={codec}
              place={place}
              code={code}
              sheet={sheet}
              usage={usage}
              neighbours={neighbours}
              regions={regions}
              regionId={region?.id}
              using={using}
              whyNot={whyNot}
              onSelect={selectCode}
              onRegion={select}
              onUse={() => void use()}
            />
          </>
        )}
      </div>
      <p className="codebook-hint">{`Counted: ${usage.counted}.`}</p>
    </section>
  )
}

const selectCode = (code: number): void => useChoice.setState({ code })

function explain(codec: Codec, place: number): string {
  const map = 'Codes that lie near each other have vectors that are alike.'
  if (codec === 'samtok') {
    return place === 0
      ? `A tile is the mask that the first code draws alone. ${map}`
      : `A tile is what the second code changes, on average over the ${FIRST_CODES} most used first codes: blue is added, orange taken away. ${map}`
  }
  return place === 0
    ? `A tile is the mask that the code draws as the only word. ${map}`
    : `A tile is what the code changes as word ${place + 1} of a disc: blue is added, orange taken away. ${map}`
}
