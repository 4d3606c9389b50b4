// The list of regions: what each is called, how it looks, how much of the picture it covers.

import { percentOf } from '@maskwords/board/canvas/select.ts'
import { deleteRegion, duplicateRegion } from '@maskwords/board/state/regions.ts'
import { say, select, updateRegion, useStudio } from '@maskwords/board/state/store.ts'
import type { Region } from '@maskwords/board/state/types.ts'
import { area } from '@maskwords/mask'
import { useEffect, useRef } from 'react'
import { Icon } from './icons.tsx'

export function RegionsPanel() {
  const regions = useStudio(({ document }) => document.regions)
  const selectedId = useStudio(({ document }) => document.selectedId)
  const selected = regions.find(({ id }) => id === selectedId)
  return (
    <section className="panel regions-panel" aria-labelledby="regions-title">
      <header className="panel-head">
        <h2 id="regions-title">Regions</h2>
        <button
          type="button"
          className="button"
          title="The next stroke starts a new region (N)"
          aria-pressed={selected === undefined}
          onClick={() => {
            select(undefined)
            say('The next stroke starts a new region')
          }}
        >
          <Icon name="plus" />
          New region
        </button>
      </header>
      {regions.length === 0 ? (
        <p className="hint">None yet. Draw on the picture, or load masks.</p>
      ) : (
        <ul className="region-list" aria-label="Regions">
          {regions.map((region) => (
            <RegionRow key={region.id} region={region} selected={region.id === selectedId} />
          ))}
        </ul>
      )}
      {selected !== undefined && <RegionSettings region={selected} />}
    </section>
  )
}

function RegionRow({ region, selected }: { readonly region: Region; readonly selected: boolean }) {
  const { id, name, colour, visible, mask } = region
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (selected) row.current?.scrollIntoView({ block: 'nearest' })
  }, [selected])
  return (
    <li ref={row} className="region-row" data-selected={selected}>
      <button
        type="button"
        className="region-pick"
        aria-label={`Select ${name}`}
        aria-pressed={selected}
        onClick={() => select(selected ? undefined : id)}
      >
        <span className="swatch" style={{ background: colour }} />
        <span className="region-name">{name}</span>
        <span className="region-area" title={`${area(mask).toLocaleString('en')} pixels`}>
          {percentOf(mask)}
        </span>
      </button>
      <button
        type="button"
        className="button icon-only small"
        aria-label={`${visible ? 'Hide' : 'Show'} ${name}`}
        title={visible ? 'Hide' : 'Show'}
        onClick={() => updateRegion(id, { visible: !visible })}
      >
        <Icon name={visible ? 'shown' : 'hidden'} />
      </button>
      <button
        type="button"
        className="button icon-only small"
        aria-label={`Delete ${name}`}
        title="Delete"
        onClick={() => {
          deleteRegion(id)
          say(`${name} deleted`)
        }}
      >
        <Icon name="bin" />
      </button>
    </li>
  )
}

/** Longer names are cut: they stand in lists, files and addresses. */
const MAX_NAME_CHARACTERS = 120

function RegionSettings({ region }: { readonly region: Region }) {
  const { id, name, colour, opacity, mask } = region
  return (
    <fieldset className="region-settings" aria-label={`Settings of ${name}`}>
      <label>
        <span>Name</span>
        <input
          type="text"
          value={name}
          maxLength={MAX_NAME_CHARACTERS}
          onChange={(event) => updateRegion(id, { name: event.target.value })}
        />
      </label>
      <label>
        <span>Opacity</span>
        <input
          type="range"
          min={0}
          max={100}
          value={Math.round(opacity * 100)}
          onChange={(event) => updateRegion(id, { opacity: Number(event.target.value) / 100 })}
        />
      </label>
      <div className="region-more">
        <label className="colour-field" title="Colour">
          <span className="unseen">Colour</span>
          <input
            type="color"
            value={colour}
            onChange={(event) => updateRegion(id, { colour: event.target.value })}
          />
        </label>
        <span className="region-area">{area(mask).toLocaleString('en')} px</span>
        <button
          type="button"
          className="button outlined"
          title="Duplicate (D)"
          onClick={() => duplicateRegion(id)}
        >
          <Icon name="copy" />
          Duplicate
        </button>
      </div>
    </fieldset>
  )
}
