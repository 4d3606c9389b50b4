// Where pulled files are kept. Definition: ours; the default folders follow each system's custom (XDG on Linux).
// node: modules load inside the functions, so that a browser bundle that never calls them never needs them.

/** MASKWORDS_CACHE, or `maskwords` in the user's cache folder. */
export async function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const { homedir } = await import('node:os')
  const { join } = await import('node:path')
  const { MASKWORDS_CACHE: own, XDG_CACHE_HOME: xdg, LOCALAPPDATA: windows } = env
  if (own) return own
  if (process.platform === 'win32') return join(windows || join(homedir(), 'AppData', 'Local'), 'maskwords')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'maskwords')
  return join(xdg || join(homedir(), '.cache'), 'maskwords')
}

/** `owner/name`, as model hubs write it: no path can look like it and leave the cache folder. */
export function isHubId(text: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/.test(text)
}

/** The folder of a hub id in the cache folder given, or the user's. */
export async function hubFolder(id: string, cache?: string): Promise<string> {
  const { join } = await import('node:path')
  return join(cache ?? (await cacheFolder()), 'hub', id.replace('/', '--'))
}
