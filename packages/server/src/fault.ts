// What goes wrong over HTTP: a status, and the error report that the command prints too.

import { type ErrorReport, isTypedError, reportOf } from '@maskwords/files'

export type FaultStatus = 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 429 | 500 | 501 | 502 | 503

/** An answer other than 2xx, thrown from anywhere within a request. */
export class HttpFault extends Error {
  readonly status: FaultStatus
  readonly report: ErrorReport
  readonly headers: Readonly<Record<string, string>>

  constructor(status: FaultStatus, report: ErrorReport, headers: Readonly<Record<string, string>> = {}) {
    super(report.message)
    this.name = 'HttpFault'
    this.status = status
    this.report = report
    this.headers = headers
  }
}

/** The fault of any thrown value. Errors that our packages throw on purpose are the caller's; others are ours. */
export function faultOf(error: unknown): HttpFault {
  if (error instanceof HttpFault) return error
  if (!isTypedError(error)) {
    return new HttpFault(500, {
      code: 'internal',
      message: 'something broke while this request was worked on',
    })
  }
  const report = reportOf(error)
  return new HttpFault(STATUS[report.code] ?? 400, report)
}

/** What is not the caller's doing, and what has a status of its own. */
const STATUS: Readonly<Record<string, FaultStatus>> = {
  'too-large': 413,
  'missing-dependency': 501,
  server: 502,
  interrupted: 503,
  'out-of-memory': 503,
  runtime: 500,
  closed: 503,
}
