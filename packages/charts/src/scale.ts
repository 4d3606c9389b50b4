// From numbers to places on an axis: linear or logarithmic, with ticks at round numbers (Heckbert 1990, nice numbers).

export type Scale = {
  readonly low: number
  readonly high: number
  /** 0 at `low`, 1 at `high`; not finite for what a logarithm cannot show. */
  share(value: number): number
  readonly ticks: readonly { readonly value: number; readonly label: string }[]
}

export type ScaleKind = 'linear' | 'log'

/** Beyond these numbers differences and ratios leave double precision; no measurement is there. */
const LARGEST = 1e150
const SMALLEST = 1e-150

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
  const usable = values.filter(
    (value) => Math.abs(value) < LARGEST && (kind === 'linear' || value > SMALLEST),
  )
  let low = options.low ?? usable.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  let high = options.high ?? usable.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (!(low <= high)) [low, high] = kind === 'log' ? [1, 10] : [0, 1]
  return kind === 'log' ? logScale(low, high) : linearScale(low, high, ticks, options)
}

/** Fixed ends far outside the values would otherwise fill memory with ticks. */
const MAX_TICKS = 40

function linearScale(
  from: number,
  to: number,
  ticks: number,
  fixed: { readonly low?: number; readonly high?: number },
): Scale {
  // Ends that differ by less than their own precision are one value.
  const same = to - from <= 1e-12 * Math.max(Math.abs(from), Math.abs(to), SMALLEST)
  const [a, b] = same ? [from - Math.abs(from || 1) / 2, to + Math.abs(to || 1) / 2] : [from, to]
  const step = niceStep((b - a) / Math.max(1, ticks - 1))
  const low = fixed.low ?? Math.floor(a / step + 1e-9) * step
  const high = fixed.high ?? Math.ceil(b / step - 1e-9) * step
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const list = []
  const first = Math.ceil(low / step - 1e-9)
  const count = Math.min(MAX_TICKS, Math.floor((high - first * step) / step + 1e-9) + 1)
  for (let i = 0; i < count; i++) {
    const value = (first + i) * step
    list.push({ value, label: tickLabel(value, decimals) })
  }
  return { low, high, share: (value) => (value - low) / (high - low), ticks: list }
}

function logScale(from: number, to: number): Scale {
  // Some room at both ends, which need not be round: a dot on the border is half a dot.
  const room = from === to ? 2 : (to / from) ** 0.03
  const [low, high] = [from / room, to * room]
  const logLow = Math.log(low)
  const span = Math.log(high) - logLow
  const decades = Math.log10(high / low)
  const every = Math.ceil(decades / MAX_TICKS)
  const digits = decades > 5 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8]
  const list: { value: number; label: string }[] = []
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e += every) {
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
