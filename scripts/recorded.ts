// Where the recorded values of the published systems lie for the tests: fixtures/reference, which travels with the repository, or the
// larger folder ../shared/reference (whole checkpoints besides), where a machine has it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const HOUSE = join(import.meta.dirname, '..')

/** The file of recorded values; it is always there. */
export const recorded = (name: string): string => join(HOUSE, 'fixtures/reference', name)

/** A published-like checkpoint that is too large to travel, or undefined where this machine does not have it. */
export function recordedCheckpoint(name: string): string | undefined {
  const path = join(HOUSE, '../shared/reference', name)
  return existsSync(path) ? path : undefined
}
