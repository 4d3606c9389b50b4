// The server's log: one line a request on stderr, for people or as JSON. Bodies, queries and tokens never appear in it.
import type { RequestRecord } from './service.ts'

/** Longest path in the log. */
const MAX_PATH_CHARS = 120

/** One line for one answered request. `at` is the time it was answered. */
export function requestLine(request: RequestRecord, at: Date, json: boolean): string {
  const { requestId, method, status } = request
  const path = shown(request.path)
  const ms = Math.round(request.ms * 10) / 10
  if (json) {
    return `${JSON.stringify({ time: at.toISOString(), requestId, method: shown(method), path, status, ms })}\n`
  }
  return `${at.toISOString()} ${status} ${shown(method)} ${path} ${ms} ms ${requestId}\n`
}

/** Printable ASCII only, and not much of it: what a caller sends must not write lines of its own. */
function shown(text: string): string {
  const plain = text.replace(/[^\x21-\x7e]/g, '?')
  return plain.length > MAX_PATH_CHARS ? `${plain.slice(0, MAX_PATH_CHARS)}...` : plain
}
