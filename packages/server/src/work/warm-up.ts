// A worker's first words: networks lay out their memory and code is compiled before somebody waits for it.
import { maskFromCocoBox } from '@maskwords/mask'
import type { CodecShelf } from './codecs.ts'

const SIDE_PX = 64
/** Code is compiled in earnest after some calls. */
const ROUNDS = 3

/**
 * Says and draws a box in every codec, with time for other work between the steps, until the signal fires. Never throws: it
 * is no request's.
 */
export async function warmUp({ all }: CodecShelf, signal: AbortSignal): Promise<void> {
  const breathe = () => new Promise((resolve) => setImmediate(resolve))
  const picture = { widthPx: SIDE_PX, heightPx: SIDE_PX, rgb: new Uint8Array(SIDE_PX * SIDE_PX * 3) }
  const mask = maskFromCocoBox({ ...picture, box: { x: 9, y: 9, width: 40, height: 30 } })
  for (let round = 0; round < ROUNDS; round++) {
    for (const { codec } of all) {
      if (signal.aborted) return
      try {
        const image = await codec.encodeImage(picture)
        await breathe()
        const words = await codec.encode(image, [mask])
        await breathe()
        await codec.decode(image, words)
        await breathe()
      } catch {
        // Whatever is wrong will be said to the first request that meets it.
      }
    }
  }
}
