// The rooms of the house: each may import only those above it in this table, and two of them import nothing at all.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

type Rule = { readonly packages: readonly string[]; readonly external: readonly string[] }
const ALLOWED: Readonly<Record<string, Rule>> = {
  mask: { packages: [], external: [] },
  words: { packages: ['mask'], external: [] },
  graph: { packages: [], external: ['onnxruntime-node', 'onnxruntime-web', 'onnxruntime-common', 'node:'] },
  models: { packages: ['graph'], external: [] },
  codecs: { packages: ['mask', 'words', 'graph', 'models'], external: ['node:'] },
  mllm: {
    packages: ['mask', 'words', 'graph', 'models', 'codecs'],
    external: ['node:', '@huggingface/tokenizers', '@huggingface/jinja'],
  },
  data: {
    packages: ['mask', 'words', 'graph', 'codecs'],
    external: ['node:', 'hyparquet', 'hyparquet-writer', 'tar-stream'],
  },
  learn: { packages: ['mask', 'words', 'graph', 'codecs', 'mllm', 'data'], external: ['node:'] },
  eval: { packages: ['mask', 'words'], external: ['node:'] },
  maskwords: {
    packages: ['mask', 'words', 'graph', 'models', 'codecs', 'mllm', 'data', 'learn', 'eval'],
    external: ['node:', 'zod', 'sharp', 'onnxruntime-node', 'hono', '@hono/node-server'],
  },
}

/** Of what the studio takes of the package that people install, the client alone runs in a browser. */
const STUDIO: Rule = {
  packages: ['mask', 'words', 'graph', 'codecs', 'eval'],
  external: ['react', 'react-dom', 'zustand', 'maskwords/client'],
}

const HOUSE = join(import.meta.dirname, '..')
const ROOMS = [
  ...Object.entries(ALLOWED).map(([name, rule]) => ({ name, rule, folder: join(HOUSE, 'packages', name) })),
  { name: 'studio', rule: STUDIO, folder: join(HOUSE, 'apps/studio') },
]

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? sourceFiles(join(folder, entry.name)) : [join(folder, entry.name)],
    )
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
}

/** Every module that a source text imports or re-exports, dynamically too. */
function importsOf(text: string): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*(?:\/\*.*?\*\/\s*)?['"]([^'"]+)['"]/gms,
  )
  return [...statements].map((match) => (match[1] ?? match[2] ?? match[3])!)
}

describe('layering', () => {
  it('has a rule for every package', () => {
    expect(readdirSync(join(HOUSE, 'packages')).sort()).toEqual(Object.keys(ALLOWED).sort())
    expect(readdirSync(join(HOUSE, 'apps'))).toEqual(['studio'])
  })

  for (const { name, rule, folder } of ROOMS) {
    it(`${name} imports only what its place in the house allows`, () => {
      const files = sourceFiles(join(folder, 'src'))
      expect(files.length).toBeGreaterThan(0)
      const wrong = files.flatMap((path) =>
        importsOf(readFileSync(path, 'utf8'))
          .filter((target) => !target.startsWith('.'))
          .filter((target) => !rule.packages.some((other) => `${target}/`.startsWith(`@maskwords/${other}/`)))
          .filter(
            (target) =>
              !rule.external.some(
                (other) => target === other || target.startsWith(other.endsWith(':') ? other : `${other}/`),
              ),
          )
          .map((target) => `${path}: ${target}`),
      )
      expect(wrong).toEqual([])
    })

    it(`${name} declares what it imports`, () => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const declared = Object.keys({
        ...manifest.dependencies,
        ...manifest.optionalDependencies,
        ...manifest.peerDependencies,
        ...(name === 'maskwords' || name === 'studio' ? manifest.devDependencies : {}),
      })
      const used = new Set(
        sourceFiles(join(folder, 'src'))
          .flatMap((path) => importsOf(readFileSync(path, 'utf8')))
          .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
          .map((target) =>
            target
              .split('/')
              .slice(0, target.startsWith('@') ? 2 : 1)
              .join('/'),
          ),
      )
      expect([...used].filter((target) => !declared.includes(target))).toEqual([])
    })
  }

  it('finds static, dynamic and re-exporting imports', () => {
    const text = `import { a } from 'one'\nimport type {\n  b,\n} from "two"\nexport { c } from './three.ts'\nconst d = await import('four')\nimport 'five'\n`
    expect(importsOf(text)).toEqual(['one', 'two', './three.ts', 'four', 'five'])
  })
})
