// The rooms of the house: each imports only rooms below it that it names, says so in its manifests, and is not too large.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  circlesOf,
  HOUSE,
  importGraph,
  importsOf,
  lineCount,
  MAX_ROOM_LINES,
  ROOMS,
  type Room,
  sourceFiles,
} from './rooms.ts'

const json = (...path: string[]) => JSON.parse(readFileSync(join(HOUSE, ...path), 'utf8'))

/** The packages that a room imports, by name: `@maskwords/mask`, `zod`. */
function packagesOf(room: Room): string[] {
  const targets = sourceFiles(room).flatMap((path) => importsOf(readFileSync(path, 'utf8')))
  const names = targets
    .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
    .map((target) =>
      target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/'),
    )
  return [...new Set(names)].sort()
}

describe('layering', () => {
  it('lists every room', () => {
    const folders = ['packages', 'apps'].flatMap((under) =>
      readdirSync(join(HOUSE, under)).map((name) => `${under}/${name}`),
    )
    expect(ROOMS.map(({ folder }) => folder).sort()).toEqual(folders.sort())
  })

  it('has no arrow up: a room may use only rooms that stand before it', () => {
    const up = ROOMS.flatMap((room, at) =>
      room.mayUse
        .filter((other) => !ROOMS.slice(0, at).some(({ name }) => name === other))
        .map((other) => `${room.name} -> ${other}`),
    )
    expect(up).toEqual([])
  })

  for (const room of ROOMS) {
    it(`${room.name} imports only what its place in the house allows`, () => {
      const files = sourceFiles(room)
      expect(files.length).toBeGreaterThan(0)
      const allowed = [...room.mayUse.map((other) => `@maskwords/${other}`), ...room.external]
      const wrong = files.flatMap((path) =>
        importsOf(readFileSync(path, 'utf8'))
          .filter((target) => !target.startsWith('.'))
          .filter(
            (target) =>
              !allowed.some(
                (other) => target === other || target.startsWith(other.endsWith(':') ? other : `${other}/`),
              ),
          )
          .map((target) => `${path}: ${target}`),
      )
      expect(wrong).toEqual([])
    })

    it(`${room.name} declares what it imports, and no room that it may not use`, () => {
      const manifest = json(room.folder, 'package.json')
      const bundled = room.name === 'maskwords' || room.folder.startsWith('apps/')
      const declared = Object.keys({
        ...manifest.dependencies,
        ...manifest.optionalDependencies,
        ...manifest.peerDependencies,
        ...(bundled ? manifest.devDependencies : {}),
      })
      const used = packagesOf(room)
      expect(used.filter((target) => !declared.includes(target))).toEqual([])
      const rooms = declared.filter((name) => name.startsWith('@maskwords/'))
      expect(rooms.filter((name) => !room.mayUse.includes(name.replace('@maskwords/', '')))).toEqual([])
      if (!room.folder.startsWith('packages/')) return
      const references = json(room.folder, 'tsconfig.json').references.map(
        ({ path }: { path: string }) => `@maskwords/${path.replace('../', '')}`,
      )
      expect(references.sort()).toEqual(rooms.sort())
    })

    it(`${room.name} has at most ${MAX_ROOM_LINES} lines`, () => {
      const lines = sourceFiles(room).reduce((sum, path) => sum + lineCount(path), 0)
      expect(lines).toBeLessThanOrEqual(MAX_ROOM_LINES)
    })
  }

  it('has no circle: no file takes anything from one that takes from it, types and later imports included', () => {
    expect(circlesOf(importGraph(ROOMS.flatMap(sourceFiles)))).toEqual([])
  })

  it('finds circles of any length, and nothing where two ways lead to one file', () => {
    const graph = { a: ['b', 'c'], b: ['d'], c: ['d'], d: [], e: ['f'], f: ['g'], g: ['e', 'a'], h: ['h'] }
    expect(circlesOf(new Map(Object.entries(graph)))).toEqual([['e', 'f', 'g'], ['h']])
  })

  it('is built in this order', () => {
    const order = json('tsconfig.json').references.map(({ path }: { path: string }) => path)
    expect(order).toEqual(
      ROOMS.map(({ folder }) => folder).filter((folder) => folder.startsWith('packages/')),
    )
  })

  it('finds static, dynamic and re-exporting imports', () => {
    const text = `import { a } from 'one'\nimport type {\n  b,\n} from "two"\nexport { c } from './three.ts'\nconst d = await import('four')\nimport 'five'\n`
    expect(importsOf(text)).toEqual(['one', 'two', './three.ts', 'four', 'five'])
  })
})
