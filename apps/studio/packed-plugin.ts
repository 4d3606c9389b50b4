// What the built studio carries beside its pages: the licences of other people's code in it, and the engine's WebAssembly compressed.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import type { Plugin } from 'vite'

export const NOTICES_FILE = 'THIRD-PARTY-NOTICES.md'

/** MIT, for packages that name it and bring no text. */
const MIT = (holder: string) => `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

/** Texts that are not in the packages themselves. */
const TEXTS: Readonly<Record<string, string>> = {
  'onnxruntime-web': `${MIT('Microsoft Corporation')}

The WebAssembly files hold further libraries; their notices: ThirdPartyNotices.txt of ONNX Runtime (https://github.com/microsoft/onnxruntime).`,
}

type Manifest = { readonly name: string; readonly version: string; readonly license?: string }

/** The folder of the package that a module lies in; undefined for code of this house. */
function packageFolder(id: string): string | undefined {
  const path = resolve(import.meta.dirname, id.replaceAll('\0', '').split('?')[0]!)
  const parts = path.split(/[\\/]/)
  const at = parts.lastIndexOf('node_modules')
  if (at < 0) return undefined
  return parts.slice(0, at + (parts[at + 1]!.startsWith('@') ? 3 : 2)).join(sep)
}

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Manifest
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file === undefined ? TEXTS[name] : readFileSync(join(folder, file), 'utf8').trim()
  if (text === undefined)
    throw new Error(`${name} has no text of its licence: add it to ${import.meta.filename}`)
  return `## ${name} ${version} (${license})\n\n${text}\n`
}

const bundled = new Set<string>()

/** Remembers whose code is bundled; wanted among the plugins of the pages and of the workers. */
export const collectPackages = (): Plugin => ({
  name: 'maskwords-collect-packages',
  apply: 'build',
  generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      const ids = file.type === 'chunk' ? Object.keys(file.modules) : file.originalFileNames
      for (const id of ids) {
        const folder = packageFolder(id)
        if (folder !== undefined) bundled.add(folder)
      }
    }
  },
})

/** The quality is what takes no longer than the rest of the build; the best one saves 1.5 MB of 41 more in minutes. */
const QUALITY = { [constants.BROTLI_PARAM_QUALITY]: 6, [constants.BROTLI_PARAM_LGWIN]: 24 }

/** Writes the notices, and leaves of each .wasm file its compressed form, which `maskwords serve` hands out under the plain name. */
export const finishFolder: Plugin = {
  name: 'maskwords-finish-folder',
  apply: 'build',
  enforce: 'post',
  writeBundle({ dir }) {
    const notices = [...bundled].sort().map(notice)
    const head = `# Notices\n\nThe studio in this folder holds code of other people, unchanged but bundled.\n`
    writeFileSync(join(dir!, NOTICES_FILE), [head, ...notices].join('\n'))
    for (const name of readdirSync(join(dir!, 'assets'))) {
      if (!name.endsWith('.wasm')) continue
      const path = join(dir!, 'assets', name)
      writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path), { params: QUALITY }))
      rmSync(path)
    }
  },
}
