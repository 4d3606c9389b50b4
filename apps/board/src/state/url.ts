// The studio's state in the address: `#key=text&key=text`. Each part of the page writes and reads its own keys.
//
// A part that is not loaded yet (a lazy view) loses nothing: texts that nobody reads stay in the address as they are,
// and are handed over when their reader registers.

/** One key of the address. */
export type UrlPart = {
  /** Letters only. */
  readonly key: string
  /** The text to keep, or undefined for nothing. Called after changes, at most a few times a second. */
  write(): string | undefined | Promise<string | undefined>
  /** What the address said when the page was opened; called once picture and regions are there. */
  read(text: string): void | Promise<void>
}

/** Addresses beyond this length are refused by some programs that pass them on. */
export const MAX_URL_PART_CHARACTERS = 8192
const WRITE_AFTER_MS = 300

const parts = new Map<string, UrlPart>()
const unread = new Map<string, string>()
let restored = false
let timer: ReturnType<typeof setTimeout> | undefined

/** Takes the hash of an address apart; the last of two equal keys counts. */
export function parseHash(hash: string): Map<string, string> {
  const out = new Map<string, string>()
  for (const pair of hash.replace(/^#/, '').split('&')) {
    const at = pair.indexOf('=')
    if (at <= 0) continue
    try {
      out.set(pair.slice(0, at), decodeURIComponent(pair.slice(at + 1)))
    } catch {
      // A broken %-sequence: the rest of the address may still be good.
    }
  }
  return out
}

/** The hash of keys and texts, keys in alphabetical order; empty where there is nothing. */
export function formatHash(texts: ReadonlyMap<string, string>): string {
  const pairs = [...texts].sort(([a], [b]) => (a < b ? -1 : 1))
  // What may stand in a fragment as it is stays readable: words in the address are for people too.
  const readable = (text: string) =>
    encodeURIComponent(text).replace(/%(2C|3A|2F|40|3B|24)/g, (code) => decodeURIComponent(code))
  return pairs.length === 0 ? '' : `#${pairs.map(([key, text]) => `${key}=${readable(text)}`).join('&')}`
}

/** Adds a part. What the address says for it is read now, or as soon as picture and regions are there. */
export function registerUrlPart(part: UrlPart): void {
  parts.set(part.key, part)
  if (restored) void readPart(part)
}

/**
 * A function that adds the part of a store, once however often it is called: a page keeps it as long as it lives. From then on
 * each change of the store that changes what the part writes gets into the address.
 */
export function urlPartOf<T>(
  store: {
    getState(): T
    subscribe(listener: (state: T, before: T) => void): () => void
  },
  part: Pick<UrlPart, 'key' | 'read'> & { write(state: T): string | undefined },
): () => void {
  const { key, read, write } = part
  let registered = false
  return () => {
    if (registered) return
    registered = true
    store.subscribe((state, before) => {
      if (write(state) !== write(before)) urlChanged()
    })
    registerUrlPart({ key, read, write: () => write(store.getState()) })
  }
}

async function readPart(part: UrlPart): Promise<void> {
  const text = unread.get(part.key)
  if (text === undefined) return
  unread.delete(part.key)
  await part.read(text)
}

/** Says that something changed that belongs into the address. */
export function urlChanged(): void {
  if (!restored) return
  clearTimeout(timer)
  timer = setTimeout(() => void writeUrl(), WRITE_AFTER_MS)
}

/** What belongs into the address now, by key. */
export async function urlTexts(): Promise<Map<string, string>> {
  const texts = new Map(unread)
  for (const part of parts.values()) {
    const text = await part.write()
    if (text !== undefined && text.length <= MAX_URL_PART_CHARACTERS) texts.set(part.key, text)
  }
  return texts
}

/** Hands texts to their parts, as an address would: for sessions. */
export async function readTexts(texts: ReadonlyMap<string, string>): Promise<void> {
  for (const [key, text] of texts) {
    unread.set(key, text)
    const part = parts.get(key)
    if (part !== undefined) await readPart(part)
  }
}

/** Writes the address now: for a link that is about to be copied. */
export async function writeUrl(): Promise<void> {
  if (!restored) return
  const hash = formatHash(await urlTexts())
  if (hash !== location.hash) {
    history.replaceState(history.state, '', hash === '' ? location.pathname + location.search : hash)
  }
}

/** Reads the address once, when the page starts: `first` restores picture and regions, then every part reads its own. */
export async function restoreUrl(
  first: (texts: ReadonlyMap<string, string>) => Promise<readonly string[]>,
): Promise<void> {
  unread.clear()
  for (const [key, text] of parseHash(location.hash)) unread.set(key, text)
  for (const key of await first(unread)) unread.delete(key)
  restored = true
  for (const part of [...parts.values()]) await readPart(part)
}
