// Pairing of predictions with truths one to one for the largest total gain.
import { leastCostPairs } from '@maskwords/mask'

/**
 * For each prediction the index of its truth, or -1 where there are fewer truths: as many pairs as the shorter side has,
 * whatever they gain. `gains` is row-major, predictions by truths. Throws MaskError as `leastCostPairs`.
 */
export function pairing(gains: Float64Array, predictions: number, truths: number): Int32Array {
  return leastCostPairs(
    gains.map((gain) => -gain),
    predictions,
    truths,
  )
}

/** The largest number of pairs that fit, one to one. `fits` is row-major, predictions by truths. */
export function fittingPairs(fits: Uint8Array, predictions: number, truths: number): number {
  const partner = pairing(Float64Array.from(fits), predictions, truths)
  let pairs = 0
  partner.forEach((truth, p) => {
    if (truth >= 0 && fits[p * truths + truth] === 1) pairs++
  })
  return pairs
}
