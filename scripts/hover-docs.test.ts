// What an editor shows over a name: every export of these doors says what it is.
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const HOUSE = resolve(import.meta.dirname, '..')
const DOORS: Readonly<Record<string, string>> = {
  'maskwords/client': 'packages/client/src/index.ts',
  'maskwords/eval': 'packages/eval/src/index.ts',
  'maskwords/data': 'packages/maskwords/src/data.ts',
}

/** Exports of each door without a word over them, as `name (file)`. */
function silentExports(): { silent: Record<string, string[]>; count: number } {
  const config = ts.readConfigFile(join(HOUSE, 'tsconfig.test.json'), ts.sys.readFile).config
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, HOUSE)
  const program = ts.createProgram(
    Object.values(DOORS).map((path) => join(HOUSE, path)),
    options,
  )
  const checker = program.getTypeChecker()
  const silent: Record<string, string[]> = {}
  let count = 0
  for (const [door, path] of Object.entries(DOORS)) {
    const names = checker.getExportsOfModule(
      checker.getSymbolAtLocation(program.getSourceFile(join(HOUSE, path))!)!,
    )
    count += names.length
    silent[door] = names.flatMap((name) => {
      const symbol = name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name
      const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? '?'
      return symbol.getDocumentationComment(checker).length > 0
        ? []
        : [`${symbol.name} (${file.slice(HOUSE.length + 1)})`]
    })
  }
  return { silent, count }
}

describe('hovering over a name', () => {
  it('says what it is, for every export of client, eval and data', () => {
    const { silent, count } = silentExports()
    expect(count).toBeGreaterThan(200)
    expect(silent).toEqual(Object.fromEntries(Object.keys(DOORS).map((door) => [door, []])))
  })
})
