// Where the interop checks find a Python that holds requirements.txt: one that the user names, or interop/.venv, made on demand.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const REQUIREMENTS = `${FOLDER}requirements.txt`
const TRAINERS = `${FOLDER}requirements-trainers.txt`
const VENV = `${FOLDER}.venv`
/** Installs the same wheels as pip in a tenth of the time. */
const INSTALLER = 'uv==0.13.9'
/** numpy 2.4 is the library here that refuses older ones. */
const OLDEST_PYTHON = [3, 11] as const

/** The Python of the interop checks, or why there is none. */
export type FoundPython = { readonly python: string } | { readonly missing: string }

/**
 * The path of a Python with everything that `requirements.txt` names: `$MASKWORDS_PYTHON` as it is, else the virtual
 * environment `interop/.venv`, which is made, or made again where `requirements.txt` has changed since.
 * A machine without a fitting Python is answered with `missing`; an installation that fails throws.
 */
export function preparePython(): FoundPython {
  return (prepared ??= prepare())
}

let prepared: FoundPython | undefined

function prepare(): FoundPython {
  const named = process.env.MASKWORDS_PYTHON
  if (named !== undefined && named !== '') {
    if (pythonVersion(named) === undefined)
      throw new Error(`MASKWORDS_PYTHON is ${named}, which is no Python`)
    return { python: named }
  }
  const python = process.platform === 'win32' ? `${VENV}/Scripts/python.exe` : `${VENV}/bin/python`
  const stamp = `${VENV}/requirements.sha256`
  const wanted = createHash('sha256')
    .update(readFileSync(REQUIREMENTS))
    .update(readFileSync(TRAINERS))
    .digest('hex')
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return { python }

  const base = ['python3', 'python'].find((name) => {
    const [major = 0, minor = 0] = pythonVersion(name) ?? []
    return major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]
  })
  if (base === undefined) return { missing: `no Python ${OLDEST_PYTHON.join('.')} or newer on PATH` }

  process.stderr.write('Making interop/.venv: the real Python libraries, once (about 6 GB)\n')
  rmSync(VENV, { recursive: true, force: true })
  const made = spawnSync(base, ['-m', 'venv', VENV], { encoding: 'utf8' })
  if (made.status !== 0) {
    rmSync(VENV, { recursive: true, force: true })
    return { missing: `${base} -m venv fails (Debian: apt-get install python3-venv)` }
  }
  const output = { stdio: ['ignore', 'ignore', 'inherit'] as ['ignore', 'ignore', 'inherit'] }
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', INSTALLER], output)
  const install = ['-m', 'uv', 'pip', 'install', '--quiet', '--python', python]
  execFileSync(python, [...install, '-r', REQUIREMENTS], output)
  execFileSync(python, [...install, '--no-deps', '-r', TRAINERS], output)
  writeFileSync(stamp, wanted)
  return { python }
}

function pythonVersion(program: string): number[] | undefined {
  const asked = spawnSync(program, ['-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' })
  return asked.status === 0 ? asked.stdout.trim().split(' ').map(Number) : undefined
}
