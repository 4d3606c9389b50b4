// The studio without its server: this file goes into the build as it is, after lines that name the build's files.
//
// The build's own files are stored when the worker is installed, the large engine when it was fetched once. Weights are
// kept by what loads them (src/engine). What programs ask the server (its HTTP API) is never answered from here.
/* global FILES, LARGE, VERSION */
const BUILD = `maskwords-build-${VERSION}`
const FETCHED = 'maskwords-fetched'

self.addEventListener('install', (event) => {
  event.waitUntil(
    (async () => {
      const store = await caches.open(BUILD)
      // One at a time: the page that is open needs the connections too.
      for (const file of FILES) await store.add(new Request(file, { cache: 'no-cache' }))
      await self.skipWaiting()
    })(),
  )
})

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith('maskwords-build-') && name !== BUILD) await caches.delete(name)
      }
      const large = new Set(LARGE.map((file) => new URL(file, scope).pathname))
      const fetched = await caches.open(FETCHED)
      for (const request of await fetched.keys()) {
        if (!large.has(new URL(request.url).pathname)) await fetched.delete(request)
      }
      await self.clients.claim()
    })(),
  )
})

const scope = new URL(self.registration.scope)
const named = new Set(FILES.map((file) => new URL(file, scope).pathname))

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname))
    return
  const path = url.pathname.slice(scope.pathname.length)
  if (request.mode === 'navigate' && (path === '' || path === 'index.html')) event.respondWith(page(request))
  else if (named.has(url.pathname)) event.respondWith(stored(event, BUILD))
  else if (path.startsWith('assets/')) event.respondWith(stored(event, FETCHED))
})

/** The page itself: from the server, so that a new build is seen at once; else as it was stored. */
async function page(request) {
  try {
    const response = await fetch(request)
    if (response.ok) return response
    throw new Error(String(response.status))
  } catch {
    return (await (await caches.open(BUILD)).match('index.html')) ?? Response.error()
  }
}

/** Files whose name changes with their content: stored ones are right for ever. */
async function stored(event, name) {
  const { request } = event
  const store = await caches.open(name)
  const found = await store.match(request, { ignoreSearch: true })
  if (found !== undefined) return found
  const response = await fetch(request)
  if (response.status === 200) event.waitUntil(store.put(request, response.clone()))
  return response
}
