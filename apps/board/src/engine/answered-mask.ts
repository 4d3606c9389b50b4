// A mask in an answer of the server, which this page asks for as COCO's RLE.
import { type Mask, maskFromCocoRle } from '@maskwords/mask'
import { EngineError } from './error.ts'

/** @throws EngineError `server` for another dialect. */
export function maskOfAnswer(mask: object): Mask {
  if (!('counts' in mask)) throw new EngineError('server', 'the server wrote a mask in another dialect')
  return maskFromCocoRle(mask as Parameters<typeof maskFromCocoRle>[0])
}
