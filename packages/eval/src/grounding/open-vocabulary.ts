// Open-vocabulary semantic segmentation: a mask for each class name, merged so that the smaller mask wins a pixel, then mean
// IoU over classes (HiMTok, ICCV 2025, which publishes no code; order of ties and what ignored pixels are: ours).
import { area, intersectionArea, type Mask, subtract, unionAll } from '@maskwords/mask'
import { isSameSize } from '../referring/overlap.ts'
import type { ScoredValues } from '../referring/segmentation.ts'
import { sizesInWords } from '../referring/segmentation.ts'
import type { EvalMode } from '../stamp.ts'
import type { Metric } from '../statistics/metric.ts'

/** A mask and its class. */
export type ClassMask = { readonly name: string; readonly mask: Mask }

/**
 * Gives every claimed pixel to the claiming class with the smaller mask; among equal masks, to the name that sorts first.
 * Several masks of one name are one. Masks have one size. The result is sorted by name.
 */
export function mergeSmallestOnTop(masks: readonly ClassMask[]): ClassMask[] {
  const byName = new Map<string, Mask[]>()
  for (const { name, mask } of masks) byName.set(name, [...(byName.get(name) ?? []), mask])
  const united = [...byName].map(([name, parts]) => ({ name, mask: unionAll(parts) }))
  const order = united
    .map((entry) => ({ ...entry, pixels: area(entry.mask) }))
    .sort((a, b) => a.pixels - b.pixels || (a.name < b.name ? -1 : 1))
  const merged: ClassMask[] = []
  let taken: Mask | undefined
  for (const { name, mask } of order) {
    merged.push({ name, mask: taken === undefined ? mask : subtract(mask, taken) })
    taken = taken === undefined ? mask : unionAll([taken, mask])
  }
  return merged.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The masks of a picture by class, predicted and true. */
export type SemanticSample = {
  /** Undefined where there is no answer. */
  readonly prediction: readonly ClassMask[] | undefined
  /** Disjoint masks of the classes in the picture. */
  readonly truth: readonly ClassMask[]
  /** Pixels that count for nobody. */
  readonly ignored?: Mask
}

/** Columns of a class in a row. */
export function classColumns(name: string): { intersection: string; union: string } {
  return { intersection: `intersectionPx of ${name}`, union: `unionPx of ${name}` }
}

/** One picture: shared and joined pixels of every class that is in the truth or in the answer. */
export function scoreSemantic(sample: SemanticSample, options: { readonly mode: EvalMode }): ScoredValues {
  const { prediction, truth, ignored } = sample
  if (prediction === undefined && options.mode === 'official') return { values: {}, status: 'missing' }
  const size = truth[0]?.mask ?? ignored
  const wrong = size && prediction?.find(({ mask }) => !isSameSize(mask, size))
  const outside = (mask: Mask) => (ignored === undefined ? mask : subtract(mask, ignored))
  const usable = wrong === undefined ? (prediction ?? []) : []
  const claimed = new Map(mergeSmallestOnTop(usable).map(({ name, mask }) => [name, outside(mask)]))
  const wanted = new Map<string, Mask>()
  for (const { name, mask } of truth) {
    const known = wanted.get(name)
    wanted.set(name, known === undefined ? outside(mask) : unionAll([known, outside(mask)]))
  }
  const values: Record<string, number> = { samples: 1, rightPx: 0, truthPx: 0 }
  for (const name of [...new Set([...wanted.keys(), ...claimed.keys()])].sort()) {
    const [a, b] = [claimed.get(name), wanted.get(name)]
    const shared = a === undefined || b === undefined ? 0 : intersectionArea(a, b)
    const [pixelsA, pixelsB] = [a === undefined ? 0 : area(a), b === undefined ? 0 : area(b)]
    const columns = classColumns(name)
    values[columns.intersection] = shared
    values[columns.union] = pixelsA + pixelsB - shared
    values['rightPx']! += shared
    values['truthPx']! += pixelsB
  }
  if (prediction === undefined) return { values, status: 'missing' }
  if (wrong === undefined) return { values, status: 'scored' }
  return { values, status: 'failed', reason: `${wrong.name}: ${sizesInWords(wrong.mask, size!)}` }
}

/** Mean IoU over the named classes: those with no pixel in truth or answers are left out, as is usual. */
export function semanticMetrics(classes: readonly string[]): Metric[] {
  return [
    {
      name: 'meanClassIou',
      title: 'mean over classes of all intersections over all unions (papers: mIoU)',
      parts: classes.map((name) => {
        const { intersection, union } = classColumns(name)
        return { numerator: intersection, denominator: union }
      }),
    },
    {
      name: 'pixelAccuracy',
      title: 'share of the true pixels with the right class',
      parts: [{ numerator: 'rightPx', denominator: 'truthPx' }],
    },
  ]
}
