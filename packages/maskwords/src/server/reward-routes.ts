// The reward service: POST /v1/rewards scores a batch, GET /v1/rewards says what rewards there are.

import {
  REWARD_PRESETS,
  REWARDS,
  type RewardDecoder,
  type RewardRequest,
  scoreBatchInSlices,
} from '@maskwords/learn'
import { rewardListingSchema, rewardRequestSchema, rewardResponseSchema } from './reward-schema.ts'
import type { Service } from './service.ts'

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

export function addRewardRoutes(service: Service, options: { readonly decode?: RewardDecoder } = {}): void {
  const samples = service.metrics.counter('maskwords_reward_samples_total', 'Samples by outcome.')
  service.post(
    '/v1/rewards',
    {
      summary: 'Score a batch of answers',
      description:
        'One result for each sample, in order. A sample that cannot be scored has an error instead.',
      request: rewardRequestSchema,
      response: rewardResponseSchema,
    },
    async (body, signal) => {
      const response = await scoreBatchInSlices(body as RewardRequest, {
        ...options,
        signal,
        maxTextChars: MAX_SERVED_CHARS,
      })
      samples.add({ outcome: 'scored' }, response.results.length - response.failed)
      samples.add({ outcome: 'failed' }, response.failed)
      return response
    },
  )
  service.get(
    '/v1/rewards',
    { summary: 'What rewards there are', response: rewardListingSchema },
    rewardListing,
  )
}
