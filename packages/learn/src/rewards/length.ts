// A reward on the length of an answer alone: the soft punishment of overlong answers of DAPO (arXiv 2503.14476, Eq. 13), counted in
// characters, because rewards see text and never tokens.
import { defineReward } from './reward.ts'

export const LENGTH_REWARDS = [
  defineReward({
    name: 'overlong',
    what: '0 up to `most` - `cache` characters, then falling in a line to -1 at `most`, and -1 beyond; no answer: 0',
    source: 'DAPO, arXiv 2503.14476, Eq. 13, in characters',
    range: [-1, 0],
    needs: [],
    options: {
      most: {
        type: 'number',
        whole: true,
        min: 1,
        max: 2 ** 21,
        default: 4096,
        help: 'characters that an answer may have',
      },
      cache: {
        type: 'number',
        whole: true,
        min: 1,
        max: 2 ** 21,
        default: 1024,
        help: 'of these, the last ones that cost',
      },
    },
    make: ({ most, cache }) => {
      const limit = most as number
      const soft = Math.min(cache as number, limit)
      return ({ answer }) => {
        if (answer === null) return 0
        return Math.max(-1, Math.min(0, (limit - soft - answer.length) / soft))
      }
    },
  }),
] as const
