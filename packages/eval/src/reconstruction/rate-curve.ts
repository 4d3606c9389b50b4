// Rate-quality curves: mean IoU against bits a mask, codecs beside baselines.
import { lineChartSvg, type Series } from '@maskwords/charts'
import { baselineFamily } from './baselines.ts'
import type { MethodSummary } from './summary.ts'

/** A summary with the curve that it is a point of: `himtok` for himtok@4, himtok@8 and himtok. */
export type RatePoint = { readonly summary: MethodSummary; readonly family: string }

/** Points of the same family are joined in the order of their bits; methods without bits are level lines. */
export function rateCurveSvg(
  points: readonly RatePoint[],
  options: { readonly title?: string } = {},
): string {
  const families = new Map<string, MethodSummary[]>()
  for (const { summary, family } of points) {
    if (summary.bits === undefined) continue
    families.set(family, [...(families.get(family) ?? []), summary])
  }
  const series = [...families].map(([name, summaries]): Series => {
    const sorted = [...summaries].sort((a, b) => a.bits! - b.bits!)
    const isBaseline = baselineFamily(sorted[0]!.method) !== undefined
    return {
      name,
      points: sorted.map(({ bits, meanIou }) => [bits!, meanIou] as const),
      // Intervals of baselines would bury those of the codecs.
      ...(!isBaseline && { ranges: sorted.map(({ interval }) => interval) }),
      dots: true,
      dashed: isBaseline,
    }
  })
  const levels = points
    .filter(({ summary }) => summary.bits === undefined)
    .map(({ summary }) => ({ name: summary.method, y: summary.meanIou }))
  const { masks = 0, pictures = 0 } = points[0]?.summary ?? {}
  return lineChartSvg({
    title: options.title ?? 'Reconstruction: IoU against bits a mask',
    subtitle: `${masks.toLocaleString('en-US')} masks of ${pictures.toLocaleString('en-US')} pictures; bars are 95 % intervals over pictures`,
    xLabel: 'bits a mask (logarithmic)',
    xScale: 'log',
    panels: [{ yLabel: 'mean IoU', series, levels, yHigh: 1 }],
    panelHeightPx: 480,
  })
}
