// Errors in OpenAI's shape (API reference, errors), with what ours say beside it: their clients show `message`, branch on `status` and `code`.
import type { HttpFault } from '../fault.ts'

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
}

/** The `error` of an answer other than 2xx, and of an event that breaks off a stream. */
export function openAiError({ status, report }: HttpFault): object {
  const { code, message, hint, at } = report
  return {
    message: hint === undefined ? message : `${message} (${hint})`,
    type: TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
    param: at ?? null,
    code,
    ...(at !== undefined && { at }),
    ...(hint !== undefined && { hint }),
  }
}
