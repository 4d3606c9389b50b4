// What the browser keeps between two visits, so that an address alone brings everything back: the last pictures, and
// regions that are too large for an address. The Cache API holds them; where there is none (plain HTTP), nothing is kept.
const STORE = 'maskwords-kept'
/** Entries of each kind; the oldest go. */
const KEPT_ENTRIES = 6

const pathOf = (kind: string, id: string) => `/kept/${kind}/${id}`

/** Keeps a body under its name. Never throws: a full disk only means that a reload finds less. */
export async function keep(
  kind: 'picture' | 'regions',
  id: string,
  body: Blob | string,
  name: string,
): Promise<boolean> {
  try {
    const store = await caches.open(STORE)
    const path = pathOf(kind, id)
    await store.delete(path)
    const headers = { 'x-name': encodeURIComponent(name) }
    await store.put(path, new Response(body, { headers }))
    const same = (await store.keys()).filter(({ url }) => new URL(url).pathname.startsWith(pathOf(kind, '')))
    for (const request of same.slice(0, -KEPT_ENTRIES)) await store.delete(request)
    return true
  } catch {
    return false
  }
}

/** What was kept under a name, or undefined. */
export async function kept(
  kind: 'picture' | 'regions',
  id: string,
): Promise<{ readonly body: Blob; readonly name: string } | undefined> {
  try {
    const store = await caches.open(STORE)
    const response = await store.match(pathOf(kind, id))
    if (response === undefined) return undefined
    return { body: await response.blob(), name: decodeURIComponent(response.headers.get('x-name') ?? '') }
  } catch {
    return undefined
  }
}

/** The pictures that are kept, the newest first. */
export async function keptPictures(): Promise<{ readonly id: string; readonly name: string }[]> {
  try {
    const store = await caches.open(STORE)
    const found: { id: string; name: string }[] = []
    for (const request of await store.keys()) {
      const { pathname } = new URL(request.url)
      if (!pathname.startsWith(pathOf('picture', ''))) continue
      const name = (await store.match(request))?.headers.get('x-name') ?? ''
      found.push({ id: pathname.slice(pathOf('picture', '').length), name: decodeURIComponent(name) })
    }
    return found.reverse()
  } catch {
    return []
  }
}

/** Forgets all pictures and regions that are kept. */
export async function forgetKept(): Promise<void> {
  await globalThis.caches?.delete(STORE)
}
