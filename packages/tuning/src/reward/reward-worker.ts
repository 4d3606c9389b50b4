// The far end of the rewards' thread: knows the plugins, and scores one answer after the other. A bundler must emit it as
// `reward-worker.js` beside the code that asks for it.
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '@maskwords/base'
import type { RewardSample } from '@maskwords/learn'
import { scoreBatch } from '@maskwords/learn'
import { loadPlugins } from '@maskwords/plugins'
import { judgementOf } from './judgement.ts'
import type { RewardThreadAnswer, RewardThreadData } from './reward-thread.ts'

const port = parentPort
if (port) {
  const { plugins, rewards } = workerData as RewardThreadData
  const say = (answer: RewardThreadAnswer) => port.postMessage(answer)
  loadPlugins(plugins, process.cwd()).then(
    () => {
      port.on('message', (sample: RewardSample) => {
        try {
          const [result] = scoreBatch({ rewards, samples: [sample] }).results
          const judgement =
            'error' in result! ? { fault: result.error.message } : judgementOf(result!.overall, result!.parts)
          say({ judgement })
        } catch (error) {
          say({ judgement: { fault: messageOf(error) } })
        }
      })
      say({ ready: true })
    },
    (error: unknown) => say({ broken: messageOf(error) }),
  )
}
