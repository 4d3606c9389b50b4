// The reward service: POST /v1/rewards scores a batch, GET /v1/rewards says what rewards there are.

import { rewardListingSchema, rewardRequestSchema, rewardResponseSchema } from '@maskwords/client/schema'
import {
  REWARD_PRESETS,
  REWARDS,
  type RewardDecoder,
  type RewardRequest,
  scoreBatchInSlices,
} from '@maskwords/learn'
import type { ApiOperation } from './openapi.ts'
import type { Service } from './service.ts'
import type { JobAnswer } from './work/job.ts'

/**
 * Longest text of a sample over HTTP, in UTF-16 units: the service answers others while it judges one, and 32,768 tokens
 * of mask words, the longest published answers, have some 360,000.
 */
export const MAX_SERVED_CHARS = 2 ** 19

/** Every reward with its definition, and the presets. */
export const rewardListing = () => ({
  rewards: REWARDS.map(({ name, what, source, range, needs, options }) => ({
    name,
    what,
    source,
    range,
    needs,
    options,
  })),
  presets: REWARD_PRESETS,
})

export type RewardRoutesOptions = {
  readonly decode?: RewardDecoder
  /** Scores the bytes of a request elsewhere, so that this thread stays free. */
  readonly score?: (body: Uint8Array, signal: AbortSignal) => Promise<JobAnswer>
}

export function addRewardRoutes(service: Service, { decode, score }: RewardRoutesOptions = {}): void {
  const samples = service.metrics.counter('maskwords_reward_samples_total', 'Samples by outcome.')
  const operation: ApiOperation = {
    summary: 'Score a batch of answers',
    description: 'One result for each sample, in order. A sample that cannot be scored has an error instead.',
    request: rewardRequestSchema,
    response: rewardResponseSchema,
  }
  if (score !== undefined) {
    service.postBytes('/v1/rewards', operation, ['application/json'], async (body, c, signal) => {
      const { counts = {}, ...answer } = await score(body, signal)
      for (const [outcome, count] of Object.entries(counts)) samples.add({ outcome }, count)
      return c.body(answer.body as Uint8Array<ArrayBuffer>, 200, { 'content-type': answer.type })
    })
  } else {
    service.post('/v1/rewards', operation, async (body, signal) => {
      const response = await scoreBatchInSlices(body as RewardRequest, {
        ...(decode !== undefined && { decode }),
        signal,
        maxTextChars: MAX_SERVED_CHARS,
      })
      samples.add({ outcome: 'scored' }, response.results.length - response.failed)
      samples.add({ outcome: 'failed' }, response.failed)
      return response
    })
  }
  service.get(
    '/v1/rewards',
    { summary: 'What rewards there are', response: rewardListingSchema },
    rewardListing,
  )
}
