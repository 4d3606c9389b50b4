import { expect, it } from 'vitest'
import { reservedName } from './reserved-names.ts'

it('reserved labels are told from names that hold their words', () => {
  for (const name of [
    '_background_',
    '__ignore__',
    'Background',
    'void',
    'unlabeled',
    'void-ground',
    'ego vehicle',
    'out of roi',
  ])
    expect(reservedName(name), name).toBe('nothing')
  for (const name of ['DontCare', 'ignored regions']) expect(reservedName(name), name).toBe('hiding')
  for (const name of ['background music', 'avoid', 'cup', ''])
    expect(reservedName(name), name).toBeUndefined()
})
