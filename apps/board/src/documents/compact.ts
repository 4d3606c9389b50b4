// Text as short as an address wants it: deflated, in the letters of base64url.

/**
 * Deflates text (RFC 1951) and writes it in base64url, without padding; undefined where that has more than
 * `maxCharacters`.
 */
export async function compactText(text: string, maxCharacters: number): Promise<string | undefined> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer())
  if (Math.ceil((bytes.length * 4) / 3) > maxCharacters) return undefined
  return base64Of(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** Larger texts than any that the studio writes: an address must not unpack to gigabytes. */
const MAX_TEXT_BYTES = 2 ** 24

/** Undoes `compactText`. Throws for anything that it did not write. */
export async function fullText(compact: string): Promise<string> {
  const bytes = bytesOfBase64(compact.replaceAll('-', '+').replaceAll('_', '/'))
  const reader = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream('deflate-raw'))
    .getReader()
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > MAX_TEXT_BYTES) {
      await reader.cancel()
      throw new RangeError('the address unpacks to more than 16 MB')
    }
    parts.push(value)
  }
  return new Blob(parts as Uint8Array<ArrayBuffer>[]).text()
}

/** Bytes in base64, with padding. */
export function base64Of(bytes: Uint8Array): string {
  let text = ''
  // The call takes its bytes as arguments, of which engines allow some ten thousand.
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}

export function bytesOfBase64(text: string): Uint8Array {
  const characters = atob(text)
  const bytes = new Uint8Array(characters.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i)
  return bytes
}
