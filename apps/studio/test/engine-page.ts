// The engine alone in a page, for engine.test.ts: the demo's scene goes in, words and times come out.
import { area, iou } from '@maskwords/mask'
import { drawScene } from '../../../packages/commands/src/demo/scene.ts'
import { browserBackend } from '../../board/src/engine/browser.ts'
import type { CodecId } from '../../board/src/state/types.ts'

export type Told = {
  readonly name: string
  readonly place: string
  readonly threads: number
  readonly codes: readonly number[][]
  readonly areasPx: readonly number[]
  /** With the region, of what the quick words draw and of what the searched ones draw. */
  readonly ious: readonly (readonly [quick: number, searched: number])[]
  /** Of the last prefix of the first mask's words; for GETok of the whole. */
  readonly levelPx: number
  readonly times: readonly { pictureMs: number; speakMs: number; drawMs: number }[]
}

/** Of the scene's things; each costs a few runs of every network. */
const THINGS = 3

export const refused: string[] = []
export const moved: string[] = []
const backend = browserBackend({
  baseUrl: document.baseURI,
  search: location.search,
  onMoved: ({ name, place }) => moved.push(`${name} ${place}`),
  onGpuRefused: (reason) => refused.push(reason),
})

/** Everything that the engine says about the scene's things. */
export async function tell(codec: CodecId): Promise<Told> {
  const { widthPx, heightPx, rgb, things } = drawScene()
  const picture = { id: 'scene', pixels: { widthPx, heightPx, rgb } }
  const { name, place, threads } = await backend.open(codec)
  const told = {
    codes: [] as number[][],
    areasPx: [] as number[],
    ious: [] as [number, number][],
    times: [] as Told['times'][number][],
  }
  let levelPx = 0
  for (const { mask } of things.slice(0, THINGS)) {
    const start = performance.now()
    const spoken = await backend.speak(codec, picture, mask, { quick: true })
    const speakMs = performance.now() - start - spoken.pictureMs
    const edited = performance.now()
    const words = codec === 'getok' ? spoken.text : spoken.codes
    const drawn = await backend.draw(codec, picture, words)
    told.times.push({ pictureMs: spoken.pictureMs, speakMs, drawMs: performance.now() - edited })
    told.codes.push([...spoken.codes])
    told.areasPx.push(area(spoken.mask))
    const searched = await backend.speak(codec, picture, mask)
    told.ious.push([iou(spoken.mask, mask), iou(searched.mask, mask)])
    if (told.codes.length > 1) continue
    const last =
      codec === 'getok' ? [drawn] : await backend.levels(codec, picture, spoken.codes, [spoken.codes.length])
    levelPx = area(last[0]!.mask)
  }
  return { name, place, threads, ...told, levelPx }
}

/** One edit after the other without waiting, as a wheel gives them: how many were answered, and how long all took. */
export async function hurry(
  codec: CodecId,
  edits: number,
): Promise<{ drawn: number; dropped: number; ms: number }> {
  const { widthPx, heightPx, rgb, things } = drawScene()
  const picture = { id: 'scene', pixels: { widthPx, heightPx, rgb } }
  const { codes } = await backend.speak(codec, picture, things[0]!.mask)
  const start = performance.now()
  let [drawn, dropped] = [0, 0]
  let last: AbortController | undefined
  const calls: Promise<void>[] = []
  for (let k = 0; k < edits; k++) {
    last?.abort()
    last = new AbortController()
    const edited = [(codes[0]! + k) % 256, ...codes.slice(1)]
    calls.push(
      backend.draw(codec, picture, edited, { signal: last.signal }).then(
        () => void drawn++,
        () => void dropped++,
      ),
    )
  }
  await Promise.all(calls)
  return { drawn, dropped, ms: performance.now() - start }
}
