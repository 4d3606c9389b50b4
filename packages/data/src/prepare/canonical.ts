// JSON whose bytes depend on the value alone, and the hashes of such JSON that stamp a run. Definition: ours.

import { createHash } from 'node:crypto'
import { byCodeUnits } from '@maskwords/base'

/** JSON with the keys of every object in code-unit order; undefined members are left out, as JSON.stringify does. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .sort(([a], [b]) => byCodeUnits(a, b))
    .map(([key, member]) => [key, sorted(member)] as const)
  return Object.fromEntries(entries)
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The first 16 digits of the SHA-256: enough to find a line that was cut or changed. */
export function checksum(text: string): string {
  return sha256(text).slice(0, 16)
}
