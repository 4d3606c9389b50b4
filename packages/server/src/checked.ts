// A value against its schema, with the first thing that is wrong as a fault of the caller.
import type { z } from 'zod'
import { HttpFault } from './fault.ts'

/** The value as its schema reads it. Throws HttpFault 400 with the path of the first problem. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const at = issue.path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key).slice(0, 64)}`))
    .join('')
    .replace(/^\./, '')
  throw new HttpFault(400, {
    code: 'bad-request',
    message: issue.message.slice(0, 300),
    at: at || 'top level',
    hint: 'GET /openapi.json has the form of every request',
  })
}
