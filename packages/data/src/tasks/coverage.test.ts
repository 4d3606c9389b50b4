import { describe, expect, it } from 'vitest'
import type { Coverage, DataRecord } from '../../../datasets/src/record.ts'
import { CATEGORIES, STREET } from '../../test/sample-records.ts'
import type { TaskOptions } from '../conversation.ts'
import { absentNames, isWhole } from './coverage.ts'
import { TASKS } from './index.ts'

const OPTIONS: TaskOptions = { seed: 1, categories: CATEGORIES, language: 'samtok', settings: {} }
const withCoverage = (coverage: Coverage | undefined): DataRecord => {
  const { coverage: _, ...rest } = STREET
  return coverage === undefined ? rest : { ...rest, coverage }
}
/** All that the user is asked in all conversations of a record. */
const asked = (record: DataRecord, seed: number): string =>
  TASKS.flatMap((task) => task.build(record, { ...OPTIONS, seed }))
    .flatMap(({ turns }) => turns)
    .flatMap(({ role, pieces }) => (role === 'user' ? pieces : []))
    .filter((piece) => typeof piece === 'string')
    .join('\n')

describe('what is known of absence', () => {
  it('names what no region has, and nothing that may be there', () => {
    const all = withCoverage({ absent: 'others', incomplete: [] })
    expect(absentNames(all, [...CATEGORIES, '__ignore__', '_background_'])).toEqual(['bus', 'traffic light'])
    expect(absentNames(withCoverage({ absent: 'others', incomplete: ['bus'] }), CATEGORIES)).toEqual([
      'traffic light',
    ])
    expect(absentNames(withCoverage({ absent: 'others', incomplete: 'any' }), CATEGORIES)).toEqual([])
    expect(absentNames(withCoverage(undefined), CATEGORIES)).toEqual([])
    // Listed ones, as LVIS has them: known even where something else was lost, unless there is one after all.
    expect(absentNames(withCoverage({ absent: ['bus', 'dog'], incomplete: 'any' }), CATEGORIES)).toEqual([
      'bus',
    ])
  })

  it('names nothing that a region has in other letters', () => {
    const all = withCoverage({ absent: 'others', incomplete: ['Traffic Light'] })
    expect(absentNames(all, [...CATEGORIES, 'Dog', 'PERSON'])).toEqual(['bus'])
  })

  it('asks for all of a category only where all are known', () => {
    const names = ['person', 'dog', 'stop sign', 'bench', 'bicycle']
    const whole = (record: DataRecord) => names.filter((name) => isWhole(record, name))
    expect(whole(withCoverage({ absent: 'others', incomplete: [] }))).toEqual(['person', 'dog'])
    expect(whole(withCoverage({ absent: 'others', incomplete: ['dog'] }))).toEqual(['person'])
    expect(whole(withCoverage({ absent: 'others', incomplete: 'any' }))).toEqual([])
    expect(whole(withCoverage(undefined))).toEqual([])
  })

  it('keeps a lost category out of every question of every task', () => {
    for (let seed = 0; seed < 20; seed++) {
      const lost = withCoverage({ absent: 'others', incomplete: ['traffic light', 'dog'] })
      const text = asked(lost, seed)
      expect(text).not.toContain('traffic light')
      const lists = TASKS.filter(({ name }) =>
        ['open-vocabulary', 'counting', 'scene-graph-rounds', 'polyline'].includes(name),
      )
      expect(JSON.stringify(lists.flatMap((task) => task.build(lost, { ...OPTIONS, seed })))).not.toContain(
        'dog',
      )
    }
  })
})
