// The address of a server, as a user writes it: http://host:port/v1#model.
import { MllmError } from '../error.ts'

export type ServerAddress = {
  /** The address of the OpenAI-compatible interface, without a slash at its end. */
  readonly base: string
  /** What stands before /v1: native routes begin there. */
  readonly root: string
  /** The model that was named behind #. */
  readonly model: string | undefined
}

export const isAddress = (source: string): boolean => /^https?:\/\//i.test(source)

/**
 * Reads an address. A missing path means /v1; what clients call (`/chat/completions`) is taken off.
 * @throws MllmError `argument` for what is no address, and for secrets in one, which would end up in logs.
 */
export function readAddress(source: string): ServerAddress {
  if (!isAddress(source) || !URL.canParse(source)) {
    throw new MllmError('argument', `${JSON.stringify(source.slice(0, 200))} is no address of a server`, {
      hint: 'for example http://127.0.0.1:8000/v1',
    })
  }
  const url = new URL(source)
  if (url.username !== '' || url.password !== '' || url.search !== '') {
    throw new MllmError(
      'argument',
      `the address of ${url.host} holds ${url.search === '' ? 'a user name or password' : 'a query'}, which would be seen in logs`,
      { hint: 'put the key into the environment variable MASKWORDS_API_KEY' },
    )
  }
  const path = url.pathname.replace(/\/+$/, '').replace(/\/(?:chat\/)?completions$|\/models$/, '')
  const base = `${url.origin}${path === '' ? '/v1' : path}`
  const model = url.hash.length > 1 ? decoded(url.hash.slice(1)) : undefined
  return { base, root: base.replace(/\/v\d+$/, ''), model }
}

/** As it stands where it is no percent encoding: names of models may hold a %. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
