// The token of a protected server: held for this tab only, and sent to the page's own server only. It never gets into the
// address or a session, which people pass on.

/** What to do about a server that refuses for want of the right token. */
export const TOKEN_HINT =
  'Type the token in the view “Draw”, below “Run in”: it is what the server was started with.'

const KEY = 'maskwords.token'

/** Where the browser refuses storage, the token lasts as long as the page. */
let held: string | undefined

/** The token that the server took last in this tab. */
export function keptToken(): string | undefined {
  try {
    return globalThis.sessionStorage?.getItem(KEY) ?? held
  } catch {
    return held
  }
}

/** Keeps a token that the server took. */
export function keepToken(token: string): void {
  held = token
  try {
    globalThis.sessionStorage?.setItem(KEY, token)
  } catch {
    // As above.
  }
}

/** What is wrong with a token that no server can have, because it cannot stand in a header; else undefined. */
export function tokenProblem(token: string): string | undefined {
  if (token === '') return 'The field is empty: type the token that the server was started with.'
  if (/^[\x21-\x7e]+$/.test(token)) return undefined
  return 'A token has only ASCII letters, digits and signs, without blanks: copy it again, whole.'
}
