// How the time of a parser grows with its input, so that neither a busy machine nor a slow one decides.

/** What is fast enough to be no trouble at this length, whatever its growth. */
const SHORT_MS = 60
/** Twice the input takes twice the time where it is read once; four times would be a loop in a loop. */
const MOST_GROWTH = 3.2
const ATTEMPTS = 6

type Run = (chars: number) => unknown

async function leastMs(run: Run, chars: number, times: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let k = 0; k < times; k++) {
    const began = performance.now()
    await run(chars)
    least = Math.min(least, performance.now() - began)
    if (least < SHORT_MS / 2) break
  }
  return least
}

/**
 * Whether `run` takes a short time for an input of `chars`, or no more than MOST_GROWTH times that for half of it, in one of
 * several attempts: a pause of the machine is no property of the input. The numbers of the last attempt otherwise.
 */
export async function growsLinearly(run: Run, chars: number): Promise<true | string> {
  let said = ''
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const whole = await leastMs(run, chars, 2)
    if (whole < SHORT_MS) return true
    const half = await leastMs(run, chars / 2, 2)
    if (whole < MOST_GROWTH * half) return true
    said = `${half.toFixed(0)} ms for ${chars / 2}, ${whole.toFixed(0)} ms for ${chars}`
  }
  return said
}
