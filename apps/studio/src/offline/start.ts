// Registers the service worker that lets the page open without its server; only in what `vite build` wrote.

/** Registers it at once: weights that are fetched later pass through it and are kept. */
export function startOffline(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  navigator.serviceWorker.register(new URL('service-worker.js', document.baseURI)).catch((error: unknown) => {
    // The page works without it; only opening it offline does not.
    console.warn('The page will not open offline:', error)
  })
}
