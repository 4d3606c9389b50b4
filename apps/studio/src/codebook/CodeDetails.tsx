// One code: its number and word, how often it is said, what it draws, which codes lie near it, and using it.

import type { Region } from '@maskwords/board/state/types.ts'
import { formatMaskWords, himtokVocabulary, samtokVocabulary } from '@maskwords/words'
import { type Sheet, tileAt } from './sheet.ts'
import { TilePicture } from './TilePicture.tsx'
import type { Usage } from './usage.ts'
import type { Neighbour } from './vectors.ts'

export function CodeDetails({
  codec,
  place,
  code,
  sheet,
  usage,
  neighbours,
  regions,
  regionId,
  using,
  whyNot,
  onSelect,
  onRegion,
  onUse,
}: {
  readonly codec: 'samtok' | 'himtok'
  readonly place: number
  readonly code: number
  readonly sheet: Sheet
  readonly usage: Usage
  readonly neighbours: readonly Neighbour[]
  readonly regions: readonly Pick<Region, 'id' | 'name'>[]
  readonly regionId: string | undefined
  /** The code is being put into the region. */
  readonly using: boolean
  /** Why it cannot be used now; undefined where it can. */
  readonly whyNot: string | undefined
  readonly onSelect: (code: number) => void
  readonly onRegion: (id: string) => void
  readonly onUse: () => void
}) {
  const count = usage.counts[code]!
  const rank = usage.counts.reduce((before, other) => before + (other > count ? 1 : 0), 1)
  const tile = tileAt(sheet, code)
  const draws = sheet.tileKind === 'mask' ? 'draws' : 'changes'
  return (
    <section className="codebook-details" aria-label="Details of the code">
      <h3>{`Code ${code}`}</h3>
      <TilePicture
        tile={tile}
        kind={sheet.tileKind}
        label={tile !== undefined ? `What code ${code} ${draws}` : `Code ${code} is not drawn yet`}
      />
      <dl>
        <dt>Word</dt>
        <dd>
          <code>{codeWord(codec, place, code)}</code>
        </dd>
        <dt>Length of its vector</dt>
        <dd>{sheet.vectors.norms[code]!.toFixed(3)}</dd>
        <dt>Said</dt>
        <dd>
          {count === 0
            ? `never in ${usage.masks.toLocaleString('en-US')} masks`
            : `${count === 1 ? 'once' : `${count.toLocaleString('en-US')} times`} in ${usage.masks.toLocaleString('en-US')} masks (${((100 * count) / usage.masks).toFixed(1)} %), rank ${rank} of ${sheet.vectors.codes}`}
        </dd>
      </dl>
      <h4>Nearest codes</h4>
      <ol className="codebook-neighbours">
        {neighbours.map(({ code: other, distance }) => (
          <li key={other}>
            <button type="button" className="button outlined" onClick={() => onSelect(other)}>
              <TilePicture tile={tileAt(sheet, other)} kind={sheet.tileKind} />
              <span>{`${other}`}</span>
              <span className="codebook-distance">{`distance ${distance.toFixed(2)}`}</span>
            </button>
          </li>
        ))}
      </ol>
      {regions.length > 0 && (
        <label>
          Selected region{' '}
          <select value={regionId ?? ''} onChange={({ target }) => onRegion(target.value)}>
            {regionId === undefined && <option value="">none</option>}
            {regions.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <button
        type="button"
        className="button outlined"
        onClick={onUse}
        disabled={whyNot !== undefined || using}
        aria-busy={using}
      >
        {using ? 'Drawing …' : 'Use it in the selected region'}
      </button>
      {whyNot !== undefined && <p className="codebook-hint">{whyNot}</p>}
    </section>
  )
}

/** The word as a model writes it. */
export function codeWord(codec: 'samtok' | 'himtok', place: number, code: number): string {
  const text =
    codec === 'samtok'
      ? formatMaskWords(place === 0 ? [code, -1] : [0, code], samtokVocabulary())
      : formatMaskWords([code], himtokVocabulary())
  return text.match(/<\|mt_\d+\|>/g)!.at(-1)!
}
