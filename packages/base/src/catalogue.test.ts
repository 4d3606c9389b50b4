import { expect, it } from 'vitest'
import { catalogueOf } from './catalogue.ts'

const refused = (name: string) => new Error(`there is a tree ${name} already`)
const trees = () => catalogueOf([{ name: 'oak' }, { name: 'ash' }], refused)

it('what is added is found by its name and stands at the end', () => {
  const { all, byName, named, add } = trees()
  const elm = { name: 'elm' }
  add(elm)
  expect(all.map(({ name }) => name)).toEqual(['oak', 'ash', 'elm'])
  expect([named('elm'), byName['elm']]).toEqual([elm, elm])
})

it('a name that is taken is refused and changes nothing', () => {
  const { all, add } = trees()
  expect(() => add({ name: 'ash' })).toThrow('there is a tree "ash" already')
  expect(all).toHaveLength(2)
  expect(() => catalogueOf([{ name: 'oak' }, { name: 'oak' }], refused)).toThrow('"oak"')
})

it('names that every object has are names like any other', () => {
  const { named, add } = trees()
  expect([named('toString'), named('__proto__'), named('fir')]).toEqual([undefined, undefined, undefined])
  add({ name: '__proto__' })
  expect(named('__proto__')).toEqual({ name: '__proto__' })
})
