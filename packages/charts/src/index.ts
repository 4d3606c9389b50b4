// What the other rooms take from this one.
export type { ChartOptions, Panel, Series } from './line-chart.ts'
export { lineChartSvg } from './line-chart.ts'
export type { LossCurveOptions, MetricsLogLine } from './loss-curve.ts'
export { lossCurveSvg } from './loss-curve.ts'
export { element, escapeXml } from './svg.ts'
