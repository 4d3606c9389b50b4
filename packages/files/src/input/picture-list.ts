// Many pictures by one argument: folders, and patterns (`photos/**/*.jpg`) that we expand where the shell did not. Definition: ours; the signs
// of patterns are those of shells: * and ? within a name, ** across folders, [abc], {jpg,png}.
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { MaskwordsError } from '../error.ts'
import { type Io, resolvePath } from '../io.ts'

const ENDINGS = /\.(?:jpe?g|jpe|jfif|png|webp|avif|tiff?|gif|heic|heif)$/i
/** Pictures of one run: more are a mistyped folder. Open Images has 9 million in folders of 100,000. */
export const MAX_PICTURES = 1_000_000
/** Folders within folders; a link to a folder above would go on for ever. */
const MAX_DEPTH = 32

/** Whether a name ends as those of picture files do. */
export const isPictureName = (name: string): boolean => ENDINGS.test(name)

/** Pictures below a folder: the folder as the user named it, and names relative to it, with forward slashes, sorted. */
export type PictureList = { readonly folder: string; readonly names: readonly string[] }

/** Whether an argument is a pattern: it has signs of one, and no file of that very name is there. */
export async function isPattern(io: Pick<Io, 'cwd'>, name: string): Promise<boolean> {
  return /[*?{[]/.test(name) && (await stat(resolvePath(io, name)).catch(() => undefined)) === undefined
}

/** Whether an argument means many files: a folder, or a pattern. */
export async function meansMany(io: Pick<Io, 'cwd'>, name: string): Promise<boolean> {
  if (name === '-') return false
  const info = await stat(resolvePath(io, name)).catch(() => undefined)
  return info === undefined ? await isPattern(io, name) : info.isDirectory()
}

/**
 * The files that some arguments mean, all from the folder that they have in common.
 * @param options.takes which files of folders and patterns; files that are named themselves are taken as they are
 * @param options.without folders, as the user named them, whose files are left out, unless they are the arguments themselves
 * @throws MaskwordsError `not-found` where an argument means nothing, `too-large`
 */
export async function listFiles(
  io: Pick<Io, 'cwd'>,
  args: readonly string[],
  options: { readonly takes?: (name: string) => boolean; readonly without?: readonly string[] } = {},
): Promise<PictureList> {
  const { takes = isPictureName, without = [] } = options
  const paths = new Set<string>()
  const folders: string[] = []
  const named = new Set(args.map((name) => resolvePath(io, name).replace(/[\\/]+$/, '')))
  const skipped = new Set(
    without.map((name) => resolvePath(io, name).replace(/[\\/]+$/, '')).filter((path) => !named.has(path)),
  )
  for (const name of args) {
    const info = await stat(resolvePath(io, name)).catch(() => undefined)
    const found: string[] = []
    if (info?.isDirectory()) {
      folders.push(name)
      await walk(resolvePath(io, name), skipped, (path) => takes(path) && found.push(path))
    } else if (info === undefined && /[*?{[]/.test(name)) {
      const { folder, matches } = pattern(name)
      folders.push(folder)
      const base = resolvePath(io, folder)
      await walk(base, skipped, (path) => {
        const rest = relative(base, path).split(sep).join('/')
        if (takes(path) && matches.test(rest)) found.push(path)
      })
    } else {
      folders.push(name.replace(/[^\\/]*$/, '') || '.')
      found.push(resolvePath(io, name))
    }
    if (found.length === 0) {
      throw new MaskwordsError(
        'not-found',
        info?.isDirectory() ? `no pictures in ${name}` : `no picture fits ${name}`,
        {
          file: name,
          hint: info?.isDirectory()
            ? undefined
            : 'in quotes, so that the shell leaves it alone: "photos/**/*.jpg"',
        },
      )
    }
    for (const path of found) paths.add(path)
    if (paths.size > MAX_PICTURES) {
      throw new MaskwordsError('too-large', `more than ${MAX_PICTURES.toLocaleString('en-US')} pictures`, {
        file: name,
      })
    }
  }
  const folder = common(folders)
  const base = resolvePath(io, folder)
  const names = [...paths].map((path) => relative(base, path).split(sep).join('/'))
  return { folder, names: names.sort() }
}

async function walk(
  folder: string,
  skipped: ReadonlySet<string>,
  onFile: (path: string) => void,
  depth = 0,
): Promise<void> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    // Names with a dot before them are other programs' notes.
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    if (skipped.has(path)) continue
    const isFolder =
      entry.isDirectory() ||
      (entry.isSymbolicLink() && (await stat(path).catch(() => undefined))?.isDirectory())
    if (!isFolder) onFile(path)
    else if (depth < MAX_DEPTH) await walk(path, skipped, onFile, depth + 1)
  }
}

/** A pattern as the folder before its first sign, and what the rest must match. */
function pattern(text: string): { readonly folder: string; readonly matches: RegExp } {
  const parts = text.replaceAll('\\', '/').split('/')
  const first = parts.findIndex((part) => /[*?{[]/.test(part))
  const folder = parts.slice(0, first).join('/') || (text.startsWith('/') ? '/' : '.')
  return { folder, matches: new RegExp(`^${source(parts.slice(first).join('/'))}$`) }
}

function source(rest: string): string {
  let out = ''
  let depth = 0
  for (let at = 0; at < rest.length; at++) {
    const sign = rest[at]!
    if (sign === '*' && rest[at + 1] === '*') {
      const isFolders = rest[at + 2] === '/'
      out += isFolders ? '(?:.*/)?' : '.*'
      at += isFolders ? 2 : 1
    } else if (sign === '*') out += '[^/]*'
    else if (sign === '?') out += '[^/]'
    else if (sign === '{') {
      depth++
      out += '(?:'
    } else if (sign === '}' && depth > 0) {
      depth--
      out += ')'
    } else if (sign === ',' && depth > 0) out += '|'
    else if (sign === '[' && rest.indexOf(']', at + 2) > 0) {
      const end = rest.indexOf(']', at + 2)
      out += `[${rest
        .slice(at + 1, end)
        .replace(/^!/, '^')
        .replaceAll('\\', '\\\\')}]`
      at = end
    } else out += sign.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  }
  return out + ')'.repeat(depth)
}

/** The folder that all of these lie in or are. */
function common(folders: readonly string[]): string {
  const [first = '.', ...others] = folders
  if (others.every((folder) => folder === first)) return first.replace(/(?<=.)[\\/]+$/, '')
  const split = folders.map((folder) => folder.replaceAll('\\', '/').replace(/\/+$/, '').split('/'))
  const shared: string[] = []
  for (const [i, part] of split[0]!.entries()) {
    if (!split.every((parts) => parts[i] === part)) break
    shared.push(part)
  }
  return shared.join('/') || (first.startsWith('/') ? '/' : '.')
}
