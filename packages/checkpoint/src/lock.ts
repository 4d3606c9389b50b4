// One run in a place at a time: a lock file that names its process; the lock of a killed process is taken over. Definition: ours.
// Node only.

/** A process: its number, its machine, and when it began, which tells it from later ones of its number ('' where that is not known). */
export type Owner = { readonly pid: number; readonly host: string; readonly started: string }

type Files = typeof import('node:fs')

/**
 * Takes the lock; the function returned gives it back. Throws what `refused` makes of the holder ("process 12 on host") while
 * another run holds it.
 */
export async function takeLock(file: string, refused: (holder: string) => Error): Promise<() => void> {
  const fs = await import('node:fs')
  const owner = ownerHere()
  // Two calls of one process are two runs as well.
  const own = `${file}.${process.pid}.${crypto.randomUUID()}`
  fs.writeFileSync(own, JSON.stringify(owner))
  try {
    // A link appears with its content at once: nobody reads a lock that is being written.
    if (!link(fs, own, file)) {
      const held = readOwner(fs, file)
      if (held !== undefined && isAlive(fs, held, owner.host))
        throw refused(`process ${held.pid} on ${held.host}`)
      takeAway(fs, file, `${own}.old`, held)
      if (!link(fs, own, file)) throw refused('a process that has just begun')
    }
  } finally {
    fs.unlinkSync(own)
  }
  removeAbandoned(fs, file, owner.host)
  return () => {
    if (readOwner(fs, file)?.pid === process.pid) fs.unlinkSync(file)
  }
}

/** This process. */
export function ownerHere(): Owner {
  here ??= {
    pid: process.pid,
    host: process.getBuiltinModule('node:os').hostname(),
    started: startOf(process.getBuiltinModule('node:fs'), process.pid) ?? '',
  }
  return here
}

let here: Owner | undefined

/** Whether a process of this machine has ended; its number may be another's by now. */
export function processIsGone(owner: Owner): boolean {
  return !isAlive(process.getBuiltinModule('node:fs'), owner, owner.host)
}

/** A process has written its name into its file, or is dead, so long after it made it. */
const NAMED_AFTER_MS = 10_000

/** Removes the files of processes that died while they asked for this lock. */
function removeAbandoned(fs: Files, file: string, here: string): void {
  const slash = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\'))
  const [folder, name] = [file.slice(0, slash + 1), file.slice(slash + 1)]
  for (const one of fs.readdirSync(folder === '' ? '.' : folder)) {
    if (!one.startsWith(`${name}.`)) continue
    const pid = /^\.(\d+)\.[\da-f-]{36}(?:\.old)?$/.exec(one.slice(name.length))?.[1]
    if (pid === undefined) continue
    const own = `${folder}${one}`
    const asker = readOwner(fs, own)
    if (asker === undefined) {
      const { mtimeMs } = fs.statSync(own, { throwIfNoEntry: false }) ?? {}
      if (mtimeMs === undefined || Date.now() - mtimeMs < NAMED_AFTER_MS || isRunning(Number(pid))) continue
    } else if (isAlive(fs, asker, here)) continue
    fs.rmSync(own, { force: true })
  }
}

/** Removes a dead lock. Two runs may find the same one: what the slower takes away by mistake it puts back. */
function takeAway(fs: Files, file: string, aside: string, dead: Owner | undefined): void {
  try {
    fs.renameSync(file, aside)
  } catch {
    return
  }
  const taken = readOwner(fs, aside)
  if (taken?.pid !== dead?.pid || taken?.started !== dead?.started) link(fs, aside, file)
  fs.unlinkSync(aside)
}

/** Refusals of a disk that knows no links: exFAT, many network drives. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']

function link(fs: Files, from: string, to: string): boolean {
  try {
    fs.linkSync(from, to)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!NO_LINKS.includes(code ?? '')) throw error
  }
  try {
    fs.writeFileSync(to, fs.readFileSync(from), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function readOwner(fs: Files, file: string): Owner | undefined {
  try {
    const owner = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<Owner> | null
    return typeof owner?.pid === 'number' && typeof owner.host === 'string' ? (owner as Owner) : undefined
  } catch {
    return undefined
  }
}

function isAlive(fs: Files, { pid, host, started }: Owner, here: string): boolean {
  // Of another machine nothing can be known: its lock stands.
  if (host !== here) return true
  if (!isRunning(pid)) return false
  const now = startOf(fs, pid)
  // A number that a new process has got since.
  return now === undefined || started === '' || now === started
}

/** Whether there is a process of this number on this machine. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process began, where the system says so (field 22 of /proc/PID/stat). */
function startOf(fs: Files, pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
