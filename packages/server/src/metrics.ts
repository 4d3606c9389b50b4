// Counters and histograms in Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).

type Labels = Readonly<Record<string, string | number>>

export type Counter = { add(labels: Labels, amount?: number): void }
export type Histogram = { observe(labels: Labels, value: number): void }

export type Metrics = {
  counter(name: string, help: string): Counter
  histogram(name: string, help: string, bounds: readonly number[]): Histogram
  /** A value that is asked for when the metrics are. */
  gauge(name: string, help: string, value: () => number): void
  text(): string
}

/** Series of one metric; more labels than that are counted as one, so that no caller can fill the memory. */
const MAX_SERIES = 200

export function createMetrics(): Metrics {
  const sections: (() => string)[] = []
  const section = (name: string, help: string, type: string, lines: () => string[]) =>
    sections.push(() => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines(), ''].join('\n'))
  return {
    counter(name, help) {
      const series = new Map<string, number>()
      section(name, help, 'counter', () =>
        Array.from(series, ([labels, value]) => `${name}${labels} ${value}`),
      )
      return {
        add(labels, amount = 1) {
          const key = keyOf(series, labels)
          series.set(key, (series.get(key) ?? 0) + amount)
        },
      }
    },
    histogram(name, help, bounds) {
      const series = new Map<string, { counts: number[]; sum: number; labels: Labels }>()
      section(name, help, 'histogram', () =>
        Array.from(series.values()).flatMap(({ counts, sum, labels }) => {
          let total = 0
          const lines = counts.map((count, k) => {
            total += count
            return `${name}_bucket${labelText({ ...labels, le: bounds[k] ?? '+Inf' })} ${total}`
          })
          return [
            ...lines,
            `${name}_sum${labelText(labels)} ${sum}`,
            `${name}_count${labelText(labels)} ${total}`,
          ]
        }),
      )
      return {
        observe(labels, value) {
          const key = keyOf(series, labels)
          let one = series.get(key)
          if (one === undefined) {
            one = {
              counts: new Array<number>(bounds.length + 1).fill(0),
              sum: 0,
              labels: key === OTHER ? {} : labels,
            }
            series.set(key, one)
          }
          const at = bounds.findIndex((bound) => value <= bound)
          one.counts[at === -1 ? bounds.length : at]!++
          one.sum += value
        },
      }
    },
    gauge(name, help, value) {
      section(name, help, 'gauge', () => [`${name} ${value()}`])
    },
    text: () => sections.map((write) => write()).join(''),
  }
}

const OTHER = ''

function keyOf(series: ReadonlyMap<string, unknown>, labels: Labels): string {
  const key = labelText(labels)
  return series.has(key) || series.size < MAX_SERIES ? key : OTHER
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels)
  if (entries.length === 0) return OTHER
  const escaped = (value: string | number) =>
    String(value).replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
  return `{${entries.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`
}
