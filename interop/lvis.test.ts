// The LVIS evaluation against lvis-api's own, on random data sets.
import { expect, it } from 'vitest'
import { lvisSet } from '../packages/eval/test/lvis-sets.ts'
import { lvisStatsOf } from '../packages/eval/test/lvis-stats.ts'
import { runPython } from './python.ts'

it('eval coco by the rules of LVIS gives the thirteen numbers of lvis-api', async () => {
  const sets = Array.from({ length: 300 }, (_, seed) => lvisSet(seed))
  const theirs = await runPython<number[][]>('lvis_stats.py', sets)
  const unlike = sets.flatMap((set, seed) => {
    const ours = lvisStatsOf(set)
    return ours.some((value, i) => Math.abs(value - theirs[seed]![i]!) > 1e-12)
      ? [{ seed, ours, theirs: theirs[seed] }]
      : []
  })
  expect(theirs.map((numbers) => numbers.length)).toEqual(sets.map(() => 13))
  expect(unlike).toEqual([])
})
