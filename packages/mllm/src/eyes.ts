// The vision tower of a model, loaded with the first picture: patches to the vectors of a picture's tokens.
import type { Feeds, Session, Value } from '@maskwords/graph'
import { buildModel, openSession } from '@maskwords/graph'
import type { QwenConfig } from '@maskwords/models'
import { detectorEyesShape, visionFeeds, visionLayout } from '@maskwords/models'
import type { NetworkOptions } from './network-outputs.ts'
import { visionOutputs } from './network-outputs.ts'
import type { Patches } from './patches.ts'
import type { StoredModel } from './stored.ts'

/** Vectors for the tokens of one picture or video: [tokens, width], and the deepstack's of the same shape. */
export type Features = { readonly features: Float32Array; readonly deepstack: readonly Float32Array[] }

export type Eyes = {
  see(patches: Patches): Promise<Features>
  /** Other values of weights that the model was stored to take at any time, from the next picture on. */
  setWeights(weights: Readonly<Record<string, Float32Array>>): Promise<void>
  close(): Promise<void>
}

/** What the eyes' inputs are fed for one picture or video. */
function eyesFeeds({ grid, values }: Patches, { vision }: QwenConfig): Feeds {
  if (vision!.kind !== 'detector') return visionFeeds(visionLayout([grid], vision!), values)
  const { cells, cellWidth, objectWidth } = detectorEyesShape(vision!)
  const behind = cells * cellWidth
  return {
    'eyes.cells': { data: values.subarray(0, behind), shape: [1, cells, cellWidth] },
    'eyes.objects': { data: values.subarray(behind), shape: [1, vision!.objects, objectWidth] },
  }
}

/** The eyes of a stored model. A question without a picture does not load them. In this thread unless `worker`. */
export function openEyes(
  stored: Pick<StoredModel, 'config' | 'forOutputs'>,
  options: { threads?: number | undefined; worker?: boolean } & NetworkOptions = {},
): Eyes {
  const { config } = stored
  const stacks = config.vision?.deepstackBlocks.length ?? 0
  let given: Readonly<Record<string, Float32Array>> = {}
  let opening: Promise<Session> | undefined
  const open = async (): Promise<Session> => {
    const outputs = visionOutputs(config, options)
    const session = await openSession(buildModel({ outputs, ...stored.forOutputs(outputs) }), {
      worker: options.worker ?? false,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
    })
    await giveWeights(session, given)
    return session
  }
  const data = (value: Value | undefined) => value!.data as Float32Array
  return {
    async see({ grid, values }) {
      opening ??= open()
      const session = await opening
      const feeds = eyesFeeds({ grid, values }, config)
      // A tower without windows, or without blocks that see the whole, does not read their layout.
      const read = new Set(session.inputs.map(({ name }) => name))
      const results = await session.run(
        Object.fromEntries(Object.entries(feeds).filter(([name]) => read.has(name))),
      )
      return {
        features: data(results['features']),
        deepstack: Array.from({ length: stacks }, (_, i) => data(results[`deepstack.${i}`])),
      }
    },
    async setWeights(weights) {
      given = { ...given, ...weights }
      if (opening) await giveWeights(await opening, weights)
    },
    async close() {
      await (await opening)?.close()
    },
  }
}

/** Hands a session those of the weights that it reads. */
export async function giveWeights(
  session: Session,
  weights: Readonly<Record<string, Float32Array>>,
): Promise<void> {
  const reads = new Set(session.inputs.map(({ name }) => name))
  await session.setState(Object.fromEntries(Object.entries(weights).filter(([name]) => reads.has(name))))
}
