// A page opened in the browser of this machine, by the opener of its system.
import { spawn } from 'node:child_process'

type Env = Readonly<Record<string, string | undefined>>

/** The program that opens an address, with its arguments; undefined where nobody would see it: no display, or a remote shell. */
export function pageOpener(
  url: string,
  platform: NodeJS.Platform,
  env: Env,
): readonly [program: string, ...args: string[]] | undefined {
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url]
  if (platform === 'darwin') return env['SSH_CONNECTION'] ? undefined : ['open', url]
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open', url] : undefined
}

/** Opens a page, and says nothing where that cannot be: its address has been printed. */
export function openPage(url: string, platform: NodeJS.Platform, env: Env): void {
  const [program, ...args] = pageOpener(url, platform, env) ?? []
  if (program === undefined) return
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
