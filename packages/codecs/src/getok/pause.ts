// Long synchronous work in slices: lets timers, aborts and other requests in between masks.

/** Longest stretch without a pause. */
const SLICE_MS = 40

/** A function to await between pieces of work: it pauses when the slice is used up, and throws where the signal is aborted. */
export function pauses(signal: AbortSignal | undefined): () => Promise<void> {
  let since = performance.now()
  return async () => {
    signal?.throwIfAborted()
    if (performance.now() - since < SLICE_MS) return
    await new Promise((resolve) => setTimeout(resolve, 0))
    signal?.throwIfAborted()
    since = performance.now()
  }
}
