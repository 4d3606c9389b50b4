// Pictures that a question names by an address: fetched only from origins that whoever started the server has named, without following
// redirects, so that no request can make the server look into its own network.
import { HttpFault } from '../fault.ts'

const TIMEOUT_MS = 10_000
/** Largest picture that is fetched; that of a request has a limit of its own. */
const MAX_BYTES = 2 ** 25

/** The bytes at an address. @throws HttpFault 400 */
export async function fetchedPicture(
  address: string,
  options: { readonly at: string; readonly origins: readonly string[]; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const { at, origins, signal } = options
  const url = URL.canParse(address) ? new URL(address) : undefined
  const refuse = (message: string, hint?: string) =>
    new HttpFault(400, { code: 'bad-picture', message, at, ...(hint !== undefined && { hint }) })
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw refuse(
      'a picture is a data: URL with base64, or an http address',
      'for example data:image/jpeg;base64,...',
    )
  }
  if (!origins.includes(url.origin)) {
    throw refuse(
      `pictures are not fetched from ${url.origin.slice(0, 100)}`,
      'send the picture itself as a data: URL, or start the server with --fetch-images and that origin',
    )
  }
  const limit = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.any([signal, limit]) })
    if (!response.ok || response.body === null) {
      void response.body?.cancel()
      throw refuse(`${url.host} answers ${response.status} to this address`)
    }
    const chunks: Uint8Array[] = []
    let total = 0
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      total += chunk.byteLength
      if (total > MAX_BYTES) throw refuse(`the picture at ${url.host} has more than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (error) {
    if (error instanceof HttpFault) throw error
    signal.throwIfAborted()
    throw refuse(
      `${url.host} did not send the picture${limit.aborted ? ` within ${TIMEOUT_MS / 1000} s` : ''}`,
    )
  }
}
