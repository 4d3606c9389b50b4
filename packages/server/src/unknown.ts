// What a request may name and the server does not have: faults that several places throw.
import { namesHint } from '@maskwords/base'
import { HttpFault } from './fault.ts'

/** The fault for a codec that is not served. */
export function unknownCodec(name: string, served: readonly string[]): HttpFault {
  return new HttpFault(404, {
    code: 'unknown-codec',
    message: `no codec ${JSON.stringify(name.slice(0, 64))} is served here`,
    hint: `${namesHint(name, served)}; the server's --codec adds others`,
  })
}

/** The fault for a handle that is not kept, or not any more. */
export function unknownPicture(handle: string): HttpFault {
  return new HttpFault(404, {
    code: 'unknown-picture',
    message: `the picture ${handle.slice(0, 12)}... is not kept here (any more)`,
    at: 'picture',
    hint: 'POST it to /v1/pictures again; its handle stays the same',
  })
}
