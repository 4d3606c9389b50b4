// Folders: made with those above them, and written so that they appear under their name whole or not at all. Definition: ours. Node only.
import { takeLock } from './lock.ts'
import { temporaryBeside } from './temporary.ts'

/**
 * Makes a folder and those above it where they are missing. Throws the system's error with its `code`. Not the `recursive` of
 * Node's mkdir: where a system answers "no such file" in a folder that is there, as /proc does, that never returns.
 */
export async function makeFolders(path: string): Promise<void> {
  const { mkdir, stat } = await import('node:fs/promises')
  const { dirname, resolve } = await import('node:path')
  const isFolder = async (at: string) =>
    stat(at).then(
      (info) => info.isDirectory(),
      () => false,
    )
  const missing: string[] = []
  for (let at = resolve(path); !(await isFolder(at)); at = dirname(at)) missing.push(at)
  for (const folder of missing.reverse()) {
    try {
      await mkdir(folder)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // Another process may have made it in the meantime.
      if (code === 'EEXIST' && (await isFolder(folder))) continue
      if (code === 'EEXIST' && folder !== resolve(path)) {
        const message = `ENOTDIR: ${folder} is a file, and no folder for ${resolve(path)}`
        throw Object.assign(new Error(message), { code: 'ENOTDIR', syscall: 'mkdir', path, cause: error })
      }
      if (code !== 'ENOENT') throw error
      throw Object.assign(new Error(`EACCES: no folder can be made in ${dirname(folder)}`), {
        code: 'EACCES',
        syscall: 'mkdir',
        path: folder,
        cause: error,
      })
    }
  }
}

export type WholeFolderOptions<T> = {
  /** The folder to make. It must not be there, or be empty. */
  readonly folder: string
  /** Writes everything into a folder that is put in place afterwards. */
  readonly write: (temporary: string) => Promise<T>
  /** The error for a folder that another run ("process 12 on host") is writing. */
  readonly refused: (holder: string) => Error
}

/**
 * Writes a folder beside its place, and renames it when all of it is on the disk. What a killed run left behind is cleared away by the
 * next one. Throws what `write` and `refused` make, and the system's errors.
 */
export async function writeWholeFolder<T>({ folder, write, refused }: WholeFolderOptions<T>): Promise<T> {
  const { mkdir, rename, rm, rmdir } = await import('node:fs/promises')
  const { basename, dirname, join, resolve } = await import('node:path')
  const target = resolve(folder)
  const above = dirname(target)
  await makeFolders(above)
  const temporary = join(above, `.${basename(target)}.partial`)
  const unlock = await takeLock(`${temporary}.lock`, refused)
  try {
    await rm(temporary, { recursive: true, force: true })
    await mkdir(temporary)
    const result = await write(temporary)
    await flushFolder(temporary)
    await rmdir(target).catch(() => {})
    await rename(temporary, target)
    await flushFolder(above)
    return result
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {})
    throw error
  } finally {
    unlock()
  }
}

/** Copies a file, which appears whole or not at all, over an earlier one too. Shares its blocks where the disk can. Throws the system's errors. */
export async function copyWhole(from: string, to: string): Promise<void> {
  const { constants, copyFile, rename, rm } = await import('node:fs/promises')
  const temporary = temporaryBeside(to)
  try {
    await copyFile(from, temporary, constants.COPYFILE_FICLONE)
    await rename(temporary, to)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Names are on the disk once their folder is flushed; Windows and some drives have no such call. */
async function flushFolder(path: string): Promise<void> {
  const { open } = await import('node:fs/promises')
  const handle = await open(path, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
