// The list of regions: what each is called, how it looks, how much of the picture it covers.

import { percentOf } from '@maskwords/board/canvas/select.ts'
import { classOf, NO_CLASS } from '@maskwords/board/documents/annotated.ts'
import {
  deleteRegion,
  duplicateRegion,
  mergeRegions,
  partsOf,
  splitRegion,
} from '@maskwords/board/state/regions.ts'
import { say, select, updateRegion, useStudio } from '@maskwords/board/state/store.ts'
import type { Region } from '@maskwords/board/state/types.ts'
import { MAX_NAME_CHARACTERS } from '@maskwords/exchange/loaded.ts'
import { area } from '@maskwords/mask'
import { useEffect, useId, useMemo, useRef, useState } from 'react'
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
  const said = classOf(region)
  const row = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (selected) row.current?.scrollIntoView({ block: 'nearest' })
  }, [selected])
  return (
    <li ref={row} className="region-row" data-selected={selected}>
      <button
        type="button"
        className="region-pick"
        aria-pressed={selected}
        onClick={() => select(selected ? undefined : id)}
      >
        <span className="swatch" style={{ background: colour }} />
        <span className="region-name">
          {name}
          {said !== name && said !== NO_CLASS && <small> {said}</small>}
        </span>
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

function RegionSettings({ region }: { readonly region: Region }) {
  const { id, name, category, phrase, colour, opacity, mask } = region
  const regions = useStudio(({ document }) => document.regions)
  const classes = [...new Set(regions.map(classOf))].filter((one) => one !== NO_CLASS)
  const list = useId()
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
      <label title="What it is called in datasets; without one, its name is its class">
        <span>Class</span>
        <input
          type="text"
          value={category}
          list={list}
          placeholder={classOf({ name, category: '' })}
          maxLength={MAX_NAME_CHARACTERS}
          onChange={(event) => updateRegion(id, { category: event.target.value })}
        />
        <datalist id={list}>
          {classes.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </label>
      <label className="region-phrase" title="A text that means this region, for training">
        <span>Phrase</span>
        <input
          type="text"
          value={phrase}
          placeholder="a text that means it"
          maxLength={MAX_NAME_CHARACTERS}
          onChange={(event) => updateRegion(id, { phrase: event.target.value })}
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
        <label className="region-opacity">
          <span>Opacity</span>
          <input
            type="range"
            min={0}
            max={100}
            value={Math.round(opacity * 100)}
            onChange={(event) => updateRegion(id, { opacity: Number(event.target.value) / 100 })}
          />
        </label>
        <span className="region-area">{area(mask).toLocaleString('en')} px</span>
      </div>
      <RegionActions region={region} regions={regions} />
    </fieldset>
  )
}

/** More parts than this are specks, not regions. */
const MAX_PARTS = 50

function RegionActions({
  region,
  regions,
}: {
  readonly region: Region
  readonly regions: readonly Region[]
}) {
  const { id, name, mask } = region
  const others = regions.filter((one) => one.id !== id)
  const [chosen, choose] = useState('')
  const other = others.find((one) => one.id === chosen) ?? others[0]
  const parts = useMemo(() => partsOf(mask).length, [mask])
  return (
    <div className="region-actions">
      <button
        type="button"
        className="button outlined"
        title="Duplicate (D)"
        onClick={() => {
          duplicateRegion(id)
          say(`${name} duplicated`)
        }}
      >
        Duplicate
      </button>
      {parts > 1 && (
        <button
          type="button"
          className="button outlined"
          disabled={parts > MAX_PARTS}
          title={
            parts > MAX_PARTS
              ? `It has ${parts} parts; up to ${MAX_PARTS} become regions`
              : `Its ${parts} parts become regions of their own`
          }
          onClick={() => {
            splitRegion(id)
            say(`${name} split into ${parts} regions`)
          }}
        >
          Split in {parts}
        </button>
      )}
      {other !== undefined && (
        <span className="region-merge">
          <button
            type="button"
            className="button outlined"
            title={`Takes ${other.name} into ${name}`}
            onClick={() => {
              mergeRegions(id, other.id)
              say(`${other.name} merged into ${name}`)
            }}
          >
            Merge with
          </button>
          <select
            aria-label="Region to merge with"
            value={other.id}
            onChange={(event) => choose(event.target.value)}
          >
            {others.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </span>
      )}
    </div>
  )
}
