// A command run in this process: captured streams, its own folder, no terminal.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Io, Output } from '../../files/src/io.ts'
import { run } from '../src/cli.ts'

export type Result = { code: number; out: string; err: string; bytes: Uint8Array }

function capture(isTTY: boolean): Output & { chunks: Uint8Array[] } {
  const chunks: Uint8Array[] = []
  return {
    chunks,
    isTTY,
    columns: 100,
    async write(chunk) {
      chunks.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk.slice())
    },
  }
}

/** A folder for one test file; `remove` in afterAll. */
export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'maskwords-test-'))
  return {
    folder,
    file(name: string, bytes: Uint8Array | string): string {
      const path = join(folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, bytes)
      return name
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export type RunOptions = {
  cwd: string
  stdin?: Uint8Array | string
  env?: Record<string, string>
  signal?: AbortSignal
  isTTY?: boolean
}

/** Runs a command line as `maskwords` does. */
export async function runCommand(argv: readonly string[], options: RunOptions): Promise<Result> {
  const stdout = capture(options.isTTY ?? false)
  const stderr = capture(options.isTTY ?? false)
  const { stdin = '' } = options
  const io: Io = {
    stdin: (async function* () {
      yield typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin
    })(),
    stdout,
    stderr,
    env: options.env ?? {},
    cwd: options.cwd,
    signal: options.signal ?? new AbortController().signal,
  }
  const code = await run(argv, io)
  const bytes = Buffer.concat(stdout.chunks)
  return { code, out: bytes.toString('utf8'), err: Buffer.concat(stderr.chunks).toString('utf8'), bytes }
}
