import { expect, it } from 'vitest'
import { CodedError, messageOf } from './error.ts'

class TreeError extends CodedError<'rotten' | 'missing', number> {
  override readonly name = 'TreeError'
}

it('an error of a room is told by its class and name, and keeps code, place, hint and cause', () => {
  const cause = new Error('beetle')
  const error = new TreeError('rotten', 'the third tree', { at: 3, file: 'wood.txt', hint: 'fell it', cause })
  expect(error).toBeInstanceOf(TreeError)
  expect(error).toBeInstanceOf(Error)
  expect(String(error)).toBe('TreeError: the third tree')
  const { name, code, at, file, hint } = error
  expect({ name, code, at, file, hint, cause: error.cause }).toEqual({
    name: 'TreeError',
    code: 'rotten',
    at: 3,
    file: 'wood.txt',
    hint: 'fell it',
    cause,
  })
  expect('cause' in new TreeError('missing', 'no tree')).toBe(false)
})

it('what was thrown has a text, also where it is no error', () => {
  expect([messageOf(new Error('a')), messageOf('b'), messageOf(undefined)]).toEqual(['a', 'b', 'undefined'])
})
