// The tarball itself: right for every ESM importer by the tools that look, with licence, notices and the pages that hints name, and small.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isBuilt, packed } from './installed.ts'

const HOUSE = resolve(import.meta.dirname, '..')

/** Weights 17 MB, the engine of the studio 8 MB compressed, the rest code; each with what it may grow by. */
const MOST_PACKED_MEGABYTES = 26
const MOST_UNPACKED_MEGABYTES = 34

describe.skipIf(!isBuilt)('the packed package (skipped: `npm run build` has not been run)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'packed-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  let tarball: Uint8Array<ArrayBuffer>
  /** Paths in the package. */
  let names: string[]
  const text = (name: string): string => readFileSync(join(folder, 'package', name), 'utf8')

  beforeAll(async () => {
    const path = await packed()
    tarball = new Uint8Array(readFileSync(path))
    execFileSync('tar', ['-xzf', path, '-C', folder])
    names = readdirSync(join(folder, 'package'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        relative(join(folder, 'package'), join(entry.parentPath, entry.name)).split(sep).join('/'),
      )
  })

  it('has nothing that publint minds, suggestions included', async () => {
    const { messages } = await publint({
      pack: { tarball: tarball.buffer },
      level: 'suggestion',
      strict: true,
    })
    const manifest = JSON.parse(text('package.json'))
    expect(messages.map((message) => formatMessage(message, manifest, { color: false }))).toEqual([])
  })

  it('gives the right types to everybody who imports ESM', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(tarball))
    const problems = analysis.types ? analysis.problems : ['no types']
    // This package is ESM alone: what require() or TypeScript's oldest resolution make of it is not looked at.
    const esm = problems.filter(
      (problem) =>
        typeof problem === 'string' ||
        !('resolutionKind' in problem) ||
        problem.resolutionKind === 'node16-esm' ||
        problem.resolutionKind === 'bundler',
    )
    expect(esm).toEqual([])
  }, 120_000)

  it('points at no source, and at no file that it lacks', () => {
    const exported = JSON.stringify(JSON.parse(text('package.json')).exports)
    const targets = [...exported.matchAll(/"(\.[^"]*)"(?!:)/g)].map(([, path]) => path!)
    expect(targets.length).toBeGreaterThan(20)
    expect(targets.filter((path) => !path.includes('*') && !names.includes(path.slice(2)))).toEqual([])
    const code = names.filter((name) => name.startsWith('dist/') && /\.(?:js|ts)$/.test(name))
    expect(code.filter((name) => text(name).includes('sourceMappingURL'))).toEqual([])
  })

  it('brings the licence, the notices of the code in the studio and of the detector, and each page that a text of it names', () => {
    expect(text('LICENSE')).toBe(readFileSync(join(HOUSE, 'LICENSE'), 'utf8'))
    const notices = text('studio/THIRD-PARTY-NOTICES.md')
    for (const name of ['onnxruntime-web', 'react', 'react-dom', 'zustand']) {
      expect(notices).toContain(`## ${name} `)
    }
    expect(notices.match(/Permission is hereby granted/g)!.length).toBe(notices.match(/^## /gm)!.length)
    const detector = text('weights/nanodet-g/THIRD-PARTY-NOTICES.md')
    for (const said of [
      '2020-2021 RangiLyu',
      'Apache License',
      '2021 Vladimir Mandic',
      'Permission is hereby granted',
    ])
      expect(detector).toContain(said)
    const code = names.filter((name) => /^dist\/[^/]*\.js$/.test(name))
    const named = new Set(code.flatMap((name) => text(name).match(/\bdocs\/[\w-]+\.md\b/g) ?? []))
    expect(named.size).toBeGreaterThan(5)
    expect([...named].filter((page) => !names.includes(page))).toEqual([])
  })

  it(`is at most ${MOST_PACKED_MEGABYTES} MB, and ${MOST_UNPACKED_MEGABYTES} MB unpacked`, () => {
    expect(tarball.length / 2 ** 20).toBeLessThan(MOST_PACKED_MEGABYTES)
    const bytes = names.reduce((sum, name) => sum + statSync(join(folder, 'package', name)).size, 0)
    expect(bytes / 2 ** 20).toBeLessThan(MOST_UNPACKED_MEGABYTES)
  })
})
