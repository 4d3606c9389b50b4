// Names for what is not whole yet, and the end of what killed processes left under them. Every writer of this program takes its
// temporary names here, so that one rule says what a leftover is: a name that says which process made it, and that process is gone.
// Definition: ours. Node only: node: modules are asked for inside the functions, as bundles for browsers hold this file, too.
import { type Owner, ownerHere, processIsGone } from './lock.ts'

/** `.weights.safetensors.3f9a01bc-4711-88213-0d5c2b7e.partial`: the name that it will have, machine, process, when that began, chance. */
const NAME = /^\..+\.([\da-f]{8})-(\d+)-(\d*)-[\da-f]{8}\.partial$/

/** A name may have 255 bytes; the marks take 50. */
const MAX_STEM_BYTES = 190

/** Of another machine's process nothing can be known; nobody waits so long between two writes into one file. */
const ABANDONED_AFTER_MS = 7 * 24 * 3600 * 1000

/** Folders that this process has looked through. */
const lookedThrough = new Set<string>()

/** MAX_FOLDERS: a server that lives for months does not gather names. */
const MAX_FOLDERS = 1000

/**
 * A path beside `path` for what is to be renamed to it. What dead processes left in that folder is removed before, once a process.
 * Nothing is made.
 */
export function temporaryBeside(path: string): string {
  const { basename, dirname, join } = process.getBuiltinModule('node:path')
  const folder = dirname(path)
  if (!lookedThrough.has(folder)) {
    if (lookedThrough.size === MAX_FOLDERS) lookedThrough.clear()
    lookedThrough.add(folder)
    removeLeftBehind(folder)
  }
  return join(folder, nameOf(basename(path)))
}

/** A new folder below the system's temporary one, for its maker to remove; those of dead processes are removed before. */
export async function temporaryFolder(name: string): Promise<string> {
  const { mkdir } = process.getBuiltinModule('node:fs/promises')
  const { tmpdir } = process.getBuiltinModule('node:os')
  const { join } = process.getBuiltinModule('node:path')
  const path = temporaryBeside(join(tmpdir(), `maskwords-${name}`))
  // Others may not read or plant anything.
  await mkdir(path, { mode: 0o700 })
  return path
}

/**
 * Removes temporary files and folders of processes that are gone. `all`: those of everybody, for who holds the lock of the folder.
 * What cannot be removed stays.
 */
export function removeLeftBehind(folder: string, which: 'of the dead' | 'all' = 'of the dead'): void {
  const fs = process.getBuiltinModule('node:fs')
  const { join } = process.getBuiltinModule('node:path')
  let names: readonly string[]
  try {
    names = fs.readdirSync(folder)
  } catch {
    return
  }
  for (const name of names) {
    const [, machine, pid, started] = NAME.exec(name) ?? []
    if (machine === undefined) continue
    const path = join(folder, name)
    try {
      if (which === 'all' || isLeftBehind(path, machine, { pid: Number(pid), started: started! }))
        fs.rmSync(path, { recursive: true, force: true })
    } catch {
      // Another process removes it, or nobody may.
    }
  }
}

function isLeftBehind(path: string, machine: string, maker: Omit<Owner, 'host'>): boolean {
  const here = ownerHere()
  if (machine === machineOf(here)) return processIsGone({ ...maker, host: here.host })
  const { mtimeMs } = process.getBuiltinModule('node:fs').statSync(path)
  return Date.now() - mtimeMs > ABANDONED_AFTER_MS
}

function nameOf(stem: string): string {
  const here = ownerHere()
  const bytes = Buffer.from(stem)
  // Cut between characters: half of one would be a name of its own.
  const cut =
    bytes.length <= MAX_STEM_BYTES
      ? stem
      : bytes
          .subarray(0, MAX_STEM_BYTES)
          .toString()
          .replace(/\ufffd+$/, '')
  return `.${cut}.${machineOf(here)}-${here.pid}-${here.started}-${crypto.randomUUID().slice(0, 8)}.partial`
}

let machine: string | undefined

/** Process numbers mean something on one machine and, on Linux, among the processes that see each other (a container). */
function machineOf({ host }: Owner): string {
  if (machine !== undefined) return machine
  let space = ''
  try {
    space = process.getBuiltinModule('node:fs').readlinkSync('/proc/self/ns/pid')
  } catch {
    // No Linux.
  }
  const { createHash } = process.getBuiltinModule('node:crypto')
  machine = createHash('sha256').update(`${host} ${space}`).digest('hex').slice(0, 8)
  return machine
}
