// The handle of a picture: the SHA-256 of its bytes, and of how they are read where that is not the usual way.
import { createHash } from 'node:crypto'

/** Bodies up to this size are digested at once; larger ones by another thread. */
const DIGEST_HERE_BYTES = 2 ** 16

export async function handleOf(bytes: Uint8Array, exif: 'apply' | 'ignore'): Promise<string> {
  const plain = await digest(bytes)
  return exif === 'apply' ? plain : createHash('sha256').update(`exif=ignore ${plain}`).digest('hex')
}

export async function digest(bytes: Uint8Array): Promise<string> {
  if (bytes.byteLength <= DIGEST_HERE_BYTES) return createHash('sha256').update(bytes).digest('hex')
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex')
}
