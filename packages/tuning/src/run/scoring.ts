// The network without a way back: how probable the learned tokens of some rows are, by weights that are handed to it.
import type { Feeds, Session } from '@maskwords/graph'
import { argMax, buildModel, cast, equal, openSession } from '@maskwords/graph'
import { inputNames } from '../model/graph.ts'
import type { Learner } from '../model/learner.ts'
import type { LookedPictures } from '../text/feeds.ts'
import { rowFeeds } from '../text/feeds.ts'
import type { PackedRow } from '../text/packing.ts'

export type Scores = {
  /** Of each learned token, row by row. */
  readonly logprobs: Float32Array
  /** 1 where it is the most probable one. */
  readonly hits: Float32Array
}

export type Scoring = {
  setWeights(weights: Readonly<Record<string, Float32Array>>): Promise<void>
  score(rows: readonly PackedRow[], looked: LookedPictures): Promise<Scores>
  close(): Promise<void>
}

/** Opens the network with the weights that learning starts from. */
export async function openScoring(
  learner: Learner,
  options: { temperature?: number } = {},
): Promise<Scoring> {
  const { temperature = 1 } = options
  const { logits, logprobs, labels } = learner.graph({ temperature })
  const hits = cast(equal(argMax(logits, -1), labels), 'float32')
  const model = buildModel({
    outputs: { logprobs, hits },
    weights: (name, shape) => (learner.shapes.has(name) ? 'input' : learner.weights(name, shape)),
  })
  const reads = inputNames([logprobs])
  const session: Session = await openSession(model, learner.settings.session)
  const setWeights: Scoring['setWeights'] = (weights) =>
    session.setState(Object.fromEntries([...learner.shapes.keys()].map((name) => [name, weights[name]!])))
  await setWeights(Object.fromEntries(learner.start))
  return {
    setWeights,
    async score(rows, looked) {
      const feeds: Feeds = Object.fromEntries(
        Object.entries(rowFeeds(rows, looked, learner.eyes)).filter(([name]) => reads.has(name)),
      )
      const results = await session.run(feeds)
      return {
        logprobs: results['logprobs']!.data as Float32Array,
        hits: results['hits']!.data as Float32Array,
      }
    },
    close: () => session.close(),
  }
}
