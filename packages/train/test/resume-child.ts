// The process that resume.test.ts kills: the tiny run in the folder given, a line on stdout for every update.
import { train } from '../src/index.ts'
import { tinyData, tinyRun } from './tiny-run.ts'

const [folder, pauseMs] = process.argv.slice(2)
const data = tinyData()
await train(
  tinyRun(folder, {
    stopOnSignals: true,
    data: {
      batch: async (index) => {
        await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)))
        return data.batch(index)
      },
    },
    onProgress: ({ step }) => process.stdout.write(`step ${step}\n`),
    onMessage: (text) => process.stdout.write(`${text}\n`),
  }),
)
