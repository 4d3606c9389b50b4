// Asks for the token of a protected server, below the switch that wanted it.

import { giveToken, useEngine, withholdToken } from '@maskwords/board/engine/index.ts'
import { type FormEvent, type RefObject, useEffect, useId, useRef, useState } from 'react'

/** Takes the focus where it was on the switch, `after` which it stands: else the person is at work elsewhere. */
export function TokenForm({ after }: { readonly after: RefObject<HTMLElement | null> }) {
  const server = useEngine((state) => state.server)
  const [trying, setTrying] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const id = useId()
  useEffect(() => {
    if (after.current?.contains(document.activeElement) === true) field.current?.focus()
  }, [after])
  const problem = server.state === 'locked' ? server.problem : undefined
  const give = async (event: FormEvent) => {
    event.preventDefault()
    setTrying(true)
    await giveToken(field.current!.value.trim())
    setTrying(false)
    // Where the token was wrong, the form is still there: the next try starts from it.
    field.current?.select()
  }
  return (
    <form className="words-token" onSubmit={(event) => void give(event)}>
      <label htmlFor={id}>Token of the server</label>
      <input
        ref={field}
        id={id}
        type="password"
        autoComplete="off"
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? `${id}-what` : `${id}-problem ${id}-what`}
      />
      <button type="submit" className="button outlined" disabled={trying}>
        {trying ? 'Trying …' : 'Use this token'}
      </button>
      <button type="button" className="button" onClick={withholdToken}>
        Not now
      </button>
      {problem !== undefined && (
        <p id={`${id}-problem`} className="words-token-problem" role="alert">
          {problem}
        </p>
      )}
      <p id={`${id}-what`}>
        The server was started with a token. It is kept for this tab only; until you give it, codecs run in
        the browser.
      </p>
    </form>
  )
}
