// The data module of the tests with worker threads.
import type { BatchSource } from '../src/index.ts'
import { tinyData } from './tiny-run.ts'

export function openBatches(options: { failAt?: number } | undefined): BatchSource {
  const data = tinyData()
  return {
    batch: (index) => {
      if (index === options?.failAt) throw new Error('no such picture')
      return data.batch(index)
    },
  }
}
