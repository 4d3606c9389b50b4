// Time bounds that a busy machine does not break.

/** Least milliseconds of up to four runs; stops at the first one below `enoughMs`. A pause of the machine is no property of the input. */
export function tookMs(run: () => void, enoughMs = 50): number {
  let leastMs = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 4 && leastMs > enoughMs; attempt++) {
    const began = performance.now()
    run()
    leastMs = Math.min(leastMs, performance.now() - began)
  }
  return leastMs
}
