// Examples to load: answers about the regions of the open picture, as a model would give them.

import { backend } from '@maskwords/board/engine/index.ts'
import { notifyError, useStudio } from '@maskwords/board/state/store.ts'
import { useRef, useState } from 'react'
import {
  EXAMPLES,
  type ExampleKind,
  exampleAnswer,
  MAX_EXAMPLE_REGIONS,
  type SpokenRegion,
} from './examples.ts'

export function ExampleBar({ onLoad }: { readonly onLoad: (text: string) => void }) {
  const picture = useStudio((state) => state.picture)
  const regions = useStudio((state) => state.document.regions)
  const [codec, setCodec] = useState<'samtok' | 'himtok'>('samtok')
  const [busy, setBusy] = useState<ExampleKind>()
  const giveUp = useRef<AbortController>(undefined)
  const usable = regions.filter(({ mask }) => mask.edges.length > 0).slice(0, MAX_EXAMPLE_REGIONS)
  const load = async (kind: ExampleKind) => {
    giveUp.current?.abort()
    const controller = new AbortController()
    giveUp.current = controller
    setBusy(kind)
    try {
      const speaker = kind === 'getok' ? 'getok' : codec
      const spoken: SpokenRegion[] = []
      for (const { name, mask } of usable) {
        const { codes, text } =
          kind === 'boxes'
            ? { codes: [], text: '' }
            : await backend().speak(speaker, picture!, mask, { signal: controller.signal })
        spoken.push({ name, mask, codes, text })
      }
      onLoad(exampleAnswer(kind, codec, spoken))
    } catch (error) {
      if (!controller.signal.aborted) notifyError(error, 'Making the example')
    } finally {
      if (giveUp.current === controller) setBusy(undefined)
    }
  }
  const none = picture === undefined || usable.length === 0
  return (
    <fieldset className="read-examples">
      <legend>Examples</legend>
      <label>
        in words of{' '}
        <select value={codec} onChange={({ target }) => setCodec(target.value as 'samtok' | 'himtok')}>
          <option value="samtok">SAMTok</option>
          <option value="himtok">HiMTok</option>
        </select>
      </label>
      {EXAMPLES.map(([kind, title]) => (
        <button
          key={kind}
          type="button"
          className="button outlined"
          disabled={none}
          aria-busy={busy === kind}
          onClick={() => void load(kind)}
        >
          {busy === kind ? `${title} …` : title}
        </button>
      ))}
      {none && (
        <span className="read-hint">open a picture with at least one region: examples speak of those</span>
      )}
    </fieldset>
  )
}
