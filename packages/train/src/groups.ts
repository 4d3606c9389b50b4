// Which parameters are trained and how: groups and freezing by name pattern.

import type { Tensor } from '@maskwords/graph'
import { GraphError } from '@maskwords/graph'
import type { GroupSetting, Optimiser } from './optimiser.ts'

/** A regular expression, or text in which * stands for any run of characters: "encoder.*", "*.bias". */
export type NamePattern = string | RegExp

export type ParameterGroup = {
  readonly match: NamePattern | readonly NamePattern[]
  /** Factor on the optimiser's learning rate. Default 1. */
  readonly learningRateScale?: number
  /** Default: the optimiser's. */
  readonly weightDecay?: number
}

/** Whether `name` as a whole fits one of the patterns. */
export function matchesName(name: string, patterns: NamePattern | readonly NamePattern[]): boolean {
  const list = Array.isArray(patterns) ? (patterns as readonly NamePattern[]) : [patterns as NamePattern]
  return list.some((pattern) => {
    if (pattern instanceof RegExp) return name.search(pattern) >= 0
    return matchesStars(name, pattern.split('*'))
  })
}

// By parts instead of a regular expression: no pattern can make it slow.
function matchesStars(name: string, parts: readonly string[]): boolean {
  const first = parts[0]!
  const last = parts[parts.length - 1]!
  if (parts.length === 1) return name === first
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false
  let at = first.length
  const end = name.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** One trained parameter and the settings of its group. */
export type TrainedParameter = { readonly tensor: Tensor; readonly name: string; readonly group: number }

/**
 * Sorts parameters into groups: the first group that fits a name counts, what none fits has the optimiser's own settings.
 * Only groups that got a parameter are returned.
 * @throws GraphError `argument` for a group or a frozen pattern that fits no parameter, which is most often a typing error.
 */
export function sortIntoGroups(
  parameters: readonly { tensor: Tensor; name: string }[],
  optimiser: Optimiser,
  options: { groups?: readonly ParameterGroup[]; frozen?: readonly NamePattern[] },
): { trained: TrainedParameter[]; frozen: string[]; settings: GroupSetting[] } {
  const groups = options.groups ?? []
  const names = parameters.map(({ name }) => name)
  for (const pattern of [
    ...groups.flatMap(({ match }) => (Array.isArray(match) ? match : [match]) as NamePattern[]),
    ...(options.frozen ?? []),
  ]) {
    if (!names.some((name) => matchesName(name, pattern))) {
      throw new GraphError('argument', `no parameter fits the pattern ${pattern}`, {
        hint: `the parameters are ${names.slice(0, 8).join(', ')}${names.length > 8 ? `, … (${names.length})` : ''}`,
      })
    }
  }
  const frozen = names.filter((name) => matchesName(name, options.frozen ?? []))
  const still = new Set(frozen)
  const found = parameters
    .filter(({ name }) => !still.has(name))
    .map(({ tensor, name }) => ({
      tensor,
      name,
      at: groups.findIndex(({ match }) => matchesName(name, match)),
    }))
  const used = [...new Set(found.map(({ at }) => at))].sort((a, b) => a - b)
  return {
    trained: found.map(({ tensor, name, at }) => ({ tensor, name, group: used.indexOf(at) })),
    frozen,
    settings: used.map((at) => ({
      learningRateScale: groups[at]?.learningRateScale ?? 1,
      weightDecay: groups[at]?.weightDecay ?? optimiser.weightDecay,
    })),
  }
}
