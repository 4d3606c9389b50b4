// Where codecs run: in this browser, or at the server that the page came from.

import { setRunIn, startEngine, useEngine } from '@maskwords/board/engine/index.ts'
import { useEffect, useId, useRef } from 'react'
import { TokenForm } from './TokenForm.tsx'

let started = false

export function RunInSwitch() {
  // A choice shows at once, while the server is still asked.
  const runIn = useEngine((state) => state.choosing ?? state.runIn)
  const choosing = useEngine((state) => state.choosing !== undefined)
  const server = useEngine((state) => state.server)
  const fieldset = useRef<HTMLFieldSetElement>(null)
  const name = useId()
  useEffect(() => {
    if (started) return
    started = true
    void startEngine()
  }, [])
  const absent = server.state === 'absent' ? server.reason : undefined
  const open = server.state === 'there' || server.state === 'locked'
  return (
    <>
      <fieldset ref={fieldset} className="words-run-in" aria-busy={choosing}>
        <legend>Run in</legend>
        <label>
          <input
            type="radio"
            name={name}
            checked={runIn === 'browser'}
            onChange={() => void setRunIn('browser')}
          />
          browser
        </label>
        <label>
          <input
            type="radio"
            name={name}
            checked={runIn === 'server'}
            disabled={!open}
            aria-describedby={absent === undefined ? undefined : `${name}-why`}
            onChange={() => void setRunIn('server')}
          />
          server
        </label>
        {absent !== undefined && (
          <details className="words-why">
            <summary>why not?</summary>
            <p id={`${name}-why`}>{absent}</p>
          </details>
        )}
      </fieldset>
      {server.state === 'locked' && server.asks && <TokenForm after={fieldset} />}
    </>
  )
}
