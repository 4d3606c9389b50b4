// One run in a folder at a time: a lock file that names its process; the lock of a killed process is taken over. Definition: ours.
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { DataError } from '@maskwords/datasets'

type Owner = { readonly pid: number; readonly host: string; readonly started: string }

/** Takes the lock; the function returned gives it back. Throws DataError 'bad-option' while another run holds it. */
export function takeLock(file: string): () => void {
  const owner: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) ?? '' }
  const own = `${file}.${process.pid}`
  writeFileSync(own, JSON.stringify(owner))
  try {
    // A link appears with its content at once: nobody reads a lock that is being written.
    if (!link(own, file)) {
      const held = readOwner(file)
      if (held !== undefined && isAlive(held)) {
        throw new DataError(
          'bad-option',
          `another run works in this folder (process ${held.pid} on ${held.host})`,
          { file, hint: 'wait for it, stop it, or write to another folder with -o' },
        )
      }
      takeAway(file, `${own}.old`, held)
      if (!link(own, file)) {
        throw new DataError('bad-option', 'another run has just begun in this folder', { file })
      }
    }
  } finally {
    unlinkSync(own)
  }
  return () => {
    if (readOwner(file)?.pid === process.pid) unlinkSync(file)
  }
}

/** Removes a dead lock. Two runs may find the same one: what the slower takes away by mistake it puts back. */
function takeAway(file: string, aside: string, dead: Owner | undefined): void {
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  const taken = readOwner(aside)
  if (taken?.pid !== dead?.pid || taken?.started !== dead?.started) link(aside, file)
  unlinkSync(aside)
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner
  } catch {
    return undefined
  }
}

function isAlive({ pid, host, started }: Owner): boolean {
  // Of another machine nothing can be known: its lock stands.
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = startOf(pid)
  // A number that a new process has got since.
  return now === undefined || started === '' || now === started
}

/** When a process began, where the system says so (field 22 of /proc/PID/stat). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
