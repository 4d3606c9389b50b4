// SHA-256 (FIPS 180-4) by the platform, the same under Node and in a browser.

/** The digest in hexadecimal. */
export async function sha256Hex(data: Uint8Array | Float32Array | Uint16Array): Promise<string> {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
