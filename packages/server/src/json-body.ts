// A request's body, as bytes or as JSON: bounded in bytes, depth and time, whatever its headers say.

import type { Context } from 'hono'
import { receive } from './caller.ts'
import { HttpFault } from './fault.ts'
import type { ServiceEnv } from './request-env.ts'

/** Deepest nesting of a body. A request with packed truths has 8 levels. */
const MAX_DEPTH = 64

export type BodyOptions = {
  readonly maxBytes: number
  readonly signal: AbortSignal
  /** Hears of every piece; what it throws ends the body. */
  readonly onBytes?: (bytes: number) => void
}

/** Reads and parses the body. Throws HttpFault 400, 408, 413 or 415. */
export async function readJson(c: Context<ServiceEnv>, options: BodyOptions): Promise<unknown> {
  return parseJsonBody(await readBody(c, { ...options, types: ['application/json'] }))
}

/** Reads the body of a request that says one of `types`. Throws HttpFault 400, 408, 413 or 415. */
export async function readBody(
  c: Context<ServiceEnv>,
  options: BodyOptions & { readonly types: readonly string[] },
): Promise<Uint8Array> {
  const { types } = options
  const type = (c.req.header('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (!types.includes(type)) {
    throw new HttpFault(415, {
      code: 'unsupported',
      message: `the body must be ${types.join(' or ')}, not ${JSON.stringify(type.slice(0, 64))}`,
      hint: `send the header Content-Type: ${types[0]}`,
    })
  }
  const encoding = c.req.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new HttpFault(415, { code: 'unsupported', message: 'compressed bodies are not read' })
  }
  return await readBytes(c, options)
}

/** The JSON in a body. Throws HttpFault 400. */
export function parseJsonBody(bytes: Uint8Array): unknown {
  const depth = jsonDepth(bytes, MAX_DEPTH)
  if (depth > MAX_DEPTH) {
    throw new HttpFault(400, {
      code: 'malformed',
      message: `the body nests more than ${MAX_DEPTH} levels deep`,
    })
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    const said = error instanceof SyntaxError ? error.message.slice(0, 200) : 'it is no UTF-8'
    throw new HttpFault(400, { code: 'malformed', message: `the body is no JSON: ${said}` })
  }
}

async function readBytes(
  c: Context<ServiceEnv>,
  { maxBytes, signal, onBytes }: BodyOptions,
): Promise<Uint8Array> {
  const length = c.req.header('content-length')
  if (length !== undefined && Number(length) > maxBytes) throw tooLarge(maxBytes)
  const chunks: Uint8Array[] = []
  let total = 0
  await receive(c, signal, (chunk) => {
    total += chunk.byteLength
    onBytes?.(chunk.byteLength)
    if (total > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  })
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}

function tooLarge(maxBytes: number): HttpFault {
  return new HttpFault(
    413,
    {
      code: 'too-large',
      message: `the body has more than ${maxBytes} bytes`,
      hint: 'send less in one request, or start the service with a larger --max-body',
    },
    // What is left of the body will not be read.
    { connection: 'close' },
  )
}

/** Deepest nesting of brackets outside strings, or `limit` + 1 as soon as it is more. */
export function jsonDepth(bytes: Uint8Array, limit: number): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let k = 0; k < bytes.length; k++) {
    const byte = bytes[k]!
    if (inString) {
      if (byte === 92) k++
      else if (byte === 34) inString = false
    } else if (byte === 34) inString = true
    else if (byte === 91 || byte === 123) {
      if (++depth > deepest) deepest = depth
      if (depth > limit) return depth
    } else if (byte === 93 || byte === 125) depth--
  }
  return deepest
}
