// `inspect` of masks that were read from JSON, XML or a string: size, area, box.
import { area, type Mask, tightBox } from '@maskwords/mask'
import type { ErrorReport } from '../error.ts'
import type { Problem, Report } from './report.ts'

/** Masks that are listed; the rest are counted. */
const LISTED_MASKS = 40

export function reportOfMask(
  target: string,
  masks: readonly { readonly label: string; readonly mask: Mask; readonly iscrowd?: boolean }[],
  failures: readonly ErrorReport[] = [],
): Report {
  const rows = masks.slice(0, LISTED_MASKS).map(({ label, mask, iscrowd }) => {
    const box = tightBox(mask)
    return [
      label,
      `${mask.widthPx} x ${mask.heightPx}`,
      `${area(mask)} px`,
      `box ${box.x}, ${box.y}, ${box.width} x ${box.height}${iscrowd ? ', crowd' : ''}`,
    ]
  })
  const problems: Problem[] = failures.map((failure) => ({
    problem: failure.message,
    ...(failure.hint !== undefined && { remedy: failure.hint }),
    ...(failure.at !== undefined && { at: String(failure.at) }),
    broken: true,
  }))
  if (masks.length === 0 && failures.length === 0) {
    problems.push({ problem: 'there is no mask in it', broken: true })
  }
  const empty = masks.filter(({ mask }) => area(mask) === 0).length
  if (empty > 0) problems.push({ problem: 'masks without any pixel', count: empty, remedy: 'leave them out' })
  return {
    target,
    kind: 'masks',
    what: `${masks.length} ${masks.length === 1 ? 'mask' : 'masks'}`,
    facts: [
      ['masks', masks.length],
      ['name, size, area, box', rows],
    ],
    problems,
  }
}
