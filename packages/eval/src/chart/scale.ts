// From numbers to places on an axis: linear or logarithmic, with ticks at round numbers (Heckbert 1990, nice numbers).

export type Scale = {
  readonly low: number
  readonly high: number
  /** 0 at `low`, 1 at `high`; not finite for what a logarithm cannot show. */
  share(value: number): number
  readonly ticks: readonly { readonly value: number; readonly label: string }[]
}

export type ScaleKind = 'linear' | 'log'

/** An axis that shows all of the finite values, opened to round ends unless `low` or `high` fix them. */
export function scaleFor(
  values: readonly number[],
  options: {
    readonly kind?: ScaleKind
    readonly low?: number
    readonly high?: number
    readonly ticks?: number
  } = {},
): Scale {
  const { kind = 'linear', ticks = 6 } = options
  const usable = values.filter((value) => Number.isFinite(value) && (kind === 'linear' || value > 0))
  let low = options.low ?? usable.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  let high = options.high ?? usable.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (!(low <= high)) [low, high] = kind === 'log' ? [1, 10] : [0, 1]
  return kind === 'log' ? logScale(low, high) : linearScale(low, high, ticks, options)
}

function linearScale(
  from: number,
  to: number,
  ticks: number,
  fixed: { readonly low?: number; readonly high?: number },
): Scale {
  const [a, b] = from === to ? [from - Math.abs(from || 1) / 2, to + Math.abs(to || 1) / 2] : [from, to]
  const step = niceStep((b - a) / Math.max(1, ticks - 1))
  const low = fixed.low ?? Math.floor(a / step + 1e-9) * step
  const high = fixed.high ?? Math.ceil(b / step - 1e-9) * step
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const list = []
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) {
    list.push({ value: k * step, label: tickLabel(k * step, decimals) })
  }
  return { low, high, share: (value) => (value - low) / (high - low), ticks: list }
}

function logScale(from: number, to: number): Scale {
  const [low, high] = from === to ? [from / 2, to * 2] : [from, to]
  const logLow = Math.log(low)
  const span = Math.log(high) - logLow
  const decades = Math.log10(high / low)
  const digits = decades > 5 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8]
  const list = []
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    for (const digit of digits) {
      const value = digit * 10 ** e
      if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue
      list.push({ value, label: tickLabel(value, Math.max(0, -e + (digit === 1.5 ? 1 : 0))) })
    }
  }
  return { low, high, share: (value) => (Math.log(value) - logLow) / span, ticks: list }
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const lead = rough / power
  return (lead <= 1.0001 ? 1 : lead <= 2.0001 ? 2 : lead <= 5.0001 ? 5 : 10) * power
}

function tickLabel(value: number, decimals: number): string {
  const size = Math.abs(value)
  if (size >= 1e6) return `${Number((value / 1e6).toFixed(2))}M`
  if (size >= 1e4) return `${Number((value / 1e3).toFixed(1))}k`
  if (size !== 0 && size < 1e-4) return value.toExponential(0)
  return value.toFixed(Math.min(6, decimals))
}
