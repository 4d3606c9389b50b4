// Runs the `maskwords` command from the sources, as a user would type it: no build is needed for an interop check.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const CLI = fileURLToPath(new URL('../packages/maskwords/src/cli.ts', import.meta.url))
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** How a command ended. */
export type CommandRun = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** The words that start the command, for scripts that call it themselves. */
export const MASKWORDS: readonly string[] = [
  process.execPath,
  '--conditions=@maskwords/source',
  '--import',
  TSX,
  CLI,
]

/** `maskwords <args>` in `cwd`; never throws for an exit code. */
export async function maskwords(args: readonly string[], cwd = process.cwd()): Promise<CommandRun> {
  const child = spawn(MASKWORDS[0]!, [...MASKWORDS.slice(1), ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, stdout, stderr }
}

/** A `maskwords` service (`reward`, `serve`) on a free port, ready to answer; `close` ends it as Ctrl-C does. */
export async function startMaskwords(
  args: readonly string[],
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const child = spawn(MASKWORDS[0]!, [...MASKWORDS.slice(1), ...args, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => resolve())
  })
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (text: string) => {
      said += text
      const match = /http:\/\/127\.0\.0\.1:\d+/.exec(said)
      if (match !== null) resolve(match[0])
    }
    child.stdout.setEncoding('utf8').on('data', listen)
    child.stderr.setEncoding('utf8').on('data', listen)
    child.on('error', reject)
    child.on('close', () => reject(new Error(`maskwords ${args.join(' ')} ended: ${said}`)))
  })
  return {
    url,
    async close() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
