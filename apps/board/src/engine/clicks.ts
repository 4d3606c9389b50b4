// From clicks to an object, in the worker that has the picture's maps: the click head of samtok-nano, then the edges of the picture.
import { bytesFromMemory, openCheckpoint } from '@maskwords/checkpoint'
import { type Pixels, parametersOf, type SamtokImage } from '@maskwords/codecs'
import { buildModel } from '@maskwords/graph'
import { openWebSession } from '@maskwords/graph/web'
import { CLICK_HEAD, clickHead, clickHeadInputs } from '@maskwords/models'
import { type Lattice, latticeOf, type Prompt, promptMaps, refined } from '@maskwords/selection'
import type { PickedObject } from './backend.ts'
import { fetchFile } from './weights.ts'

export type Clicks = {
  /** The object that a prompt means; `before` are the shares of the answer to the prompt without its newest part. */
  pick(
    picture: { readonly pixels: Pixels; readonly image: SamtokImage },
    prompt: Prompt,
    before: Float32Array | undefined,
  ): Promise<PickedObject>
}

/** Opens the click head, whose weights lie beside those of samtok-nano. Rejects as fetchFile. */
export async function openClicks(baseUrl: string): Promise<Clicks> {
  const { side, width } = CLICK_HEAD
  const inputs = clickHeadInputs(CLICK_HEAD, 1)
  const logits = clickHead(inputs, CLICK_HEAD)
  const url = new URL('models/samtok-nano/click.safetensors', baseUrl).href
  const checkpoint = await openCheckpoint(bytesFromMemory(await fetchFile(url)), {
    name: 'click.safetensors',
  })
  const weights = new Map<string, Float32Array>()
  for (const name of parametersOf([logits]).keys()) {
    weights.set(name, await checkpoint.read(name, { as: 'float32' }))
  }
  await checkpoint.close()
  const session = await openWebSession(buildModel({ outputs: { logits }, weights, target: 'web' }), {
    threads: 1,
    worker: false,
  })
  const lattices = new WeakMap<Pixels, Lattice>()
  const cells = 4 * side
  return {
    async pick({ pixels, image }, prompt, before) {
      const start = performance.now()
      let lattice = lattices.get(pixels)
      if (lattice === undefined) {
        lattice = latticeOf(pixels)
        lattices.set(pixels, lattice)
      }
      const answer = await session.run({
        coarse: { data: image.coarse, shape: [1, width, side, side] },
        middle: { data: image.middle, shape: [1, width / 4, 2 * side, 2 * side] },
        fine: { data: image.fine, shape: [1, width / 8, cells, cells] },
        prompts: { data: promptMaps(prompt, pixels, { side: cells, before }), shape: [1, 5, cells, cells] },
      })
      const values = answer['logits']!.data as Float32Array
      const mask = refined(lattice, { side: cells, values }, prompt)
      return { mask, shares: values.map((x) => 1 / (1 + Math.exp(-x))), ms: performance.now() - start }
    },
  }
}
