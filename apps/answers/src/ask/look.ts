// How masks of the conversation look: their colours, their probabilities.
import { REGION_COLOURS } from '@maskwords/board/state/regions.ts'

/** The colour of a mask by its number in the conversation. */
export const colourOf = (number: number): string => REGION_COLOURS[(number - 1) % REGION_COLOURS.length]!

/** `63 %`; undefined where it is not known. */
export function percent(probability: number | null | undefined): string | undefined {
  if (probability === null || probability === undefined) return undefined
  const value = 100 * probability
  if (value > 99.4 && value < 100) return '> 99 %'
  return `${value >= 9.95 || value === 0 ? value.toFixed(0) : value.toPrecision(2)} %`
}
