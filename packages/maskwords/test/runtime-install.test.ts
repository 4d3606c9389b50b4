// The install script: what it leaves of ONNX Runtime for this machine, for another one, and for people who want CUDA.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

const SCRIPT = join(import.meta.dirname, '../install/runtime.js')
const METADATA = `module.exports = {
  requirements: { 'linux/x64': ['cuda12'], 'linux/arm64': [], 'darwin/arm64': [] },
  manifests: { 'linux/x64:cuda12': { './libcuda.so': {}, './libshared.so': {} } },
}\n`
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Runs the script in a tree like an installed one; the files of libraries that are left, by their folders. */
function left(env: Record<string, string>, platforms = ['linux/x64', 'linux/arm64', 'darwin/arm64']) {
  const root = mkdtempSync(join(tmpdir(), 'runtime-install-'))
  folders.push(root)
  const file = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const runtime = 'node_modules/maskwords-onnxruntime'
  file('node_modules/maskwords/package.json', '{ "type": "module" }')
  mkdirSync(join(root, 'node_modules/maskwords/install'))
  cpSync(SCRIPT, join(root, 'node_modules/maskwords/install/runtime.js'))
  if (platforms.length > 0) file(`${runtime}/package.json`, '{}')
  file(`${runtime}/script/install-metadata.js`, METADATA)
  for (const platform of platforms) file(`${runtime}/bin/napi-v6/${platform}/binding.node`, 'code')
  execFileSync(process.execPath, [join(root, 'node_modules/maskwords/install/runtime.js')], { env })
  const libraries = join(root, runtime, 'bin/napi-v6')
  if (!existsSync(libraries)) return []
  return readdirSync(libraries, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(libraries.length + 1))
    .sort()
}

describe('the install script', () => {
  const x64 = { npm_config_os: 'linux', npm_config_cpu: 'x64' }

  it('keeps the machine that npm installs for, and marks what would be fetched for it', () => {
    expect(left(x64)).toEqual(
      ['binding.node', 'libcuda.so', 'libshared.so'].map((name) => `linux/x64/${name}`),
    )
    expect(left({ npm_config_os: 'darwin', npm_config_cpu: 'arm64' })).toEqual(['darwin/arm64/binding.node'])
  })

  it('leaves the fetching to those who have said what they want', () => {
    for (const told of [
      { ONNXRUNTIME_NODE_INSTALL: 'cuda12' },
      { npm_config_onnxruntime_node_install: 'skip' },
      { ONNXRUNTIME_NODE_INSTALL_CUDA: 'v12' },
    ]) {
      expect(left({ ...x64, ...told })).toEqual(['linux/x64/binding.node'])
    }
  })

  it('removes nothing where there are no libraries for the machine, and never fails', () => {
    expect(left({ npm_config_os: 'freebsd', npm_config_cpu: 'x64' })).toHaveLength(3)
    expect(left(x64, [])).toEqual([])
  })
})
