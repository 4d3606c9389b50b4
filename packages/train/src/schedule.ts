// Learning-rate schedules as pure functions of the step: warm-up, cosine (Loshchilov & Hutter, arXiv 1608.03983), constant.
// They are evaluated in double precision outside the graph and fed as scalars, so that a resumed run sees the same numbers.
import { GraphError } from '@maskwords/graph'

/** A factor for the step to come, counted from 0. */
export type Schedule = (step: number) => number

/** The same value at every step. */
export function constantSchedule(value: number): Schedule {
  needFinite('constantSchedule', value)
  return () => value
}

/**
 * From `peak` at step 0 along half a cosine to `end` at step `steps`, and `end` from then on.
 * @throws GraphError `argument` for a number of steps below 1 or values that are not finite.
 */
export function cosineSchedule(options: { peak: number; steps: number; end?: number }): Schedule {
  const { peak, steps, end = 0 } = options
  needFinite('cosineSchedule', peak, end)
  needSteps('cosineSchedule', steps)
  return (step) => end + (peak - end) * 0.5 * (1 + Math.cos(Math.PI * Math.min(step / steps, 1)))
}

/** In a straight line from `peak` at step 0 to `end` at step `steps`, and `end` from then on. */
export function linearSchedule(options: { peak: number; steps: number; end?: number }): Schedule {
  const { peak, steps, end = 0 } = options
  needFinite('linearSchedule', peak, end)
  needSteps('linearSchedule', steps)
  return (step) => peak + (end - peak) * Math.min(step / steps, 1)
}

/**
 * Rises in a straight line over `steps` steps, (step + 1) / steps of where `then` starts, so that the first step already
 * moves; afterwards `then`, counted from its own step 0.
 */
export function withWarmUp(steps: number, then: Schedule): Schedule {
  if (steps === 0) return then
  needSteps('withWarmUp', steps)
  const start = then(0)
  return (step) => (step < steps ? (start * (step + 1)) / steps : then(step - steps))
}

function needFinite(what: string, ...values: number[]): void {
  for (const value of values) {
    if (!Number.isFinite(value)) throw new GraphError('argument', `${what}: ${value} is not a finite number`)
  }
}

function needSteps(what: string, steps: number): void {
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new GraphError('argument', `${what}: ${steps} steps; a whole number of at least 1 is wanted`)
  }
}
