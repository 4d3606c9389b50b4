// Pages tell the truth: a link leads to a file and a heading that are there, and an example in TypeScript names things that exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const HOUSE = resolve(import.meta.dirname, '..')

const WEIGHTS = 'packages/maskwords/weights'
const PAGES = [
  ...['.', 'docs', 'examples', 'interop', 'packages/maskwords'].flatMap(pagesIn),
  ...readdirSync(join(HOUSE, WEIGHTS)).flatMap((name) => pagesIn(join(WEIGHTS, name))),
]

function pagesIn(folder: string): string[] {
  if (!existsSync(join(HOUSE, folder))) return []
  return readdirSync(join(HOUSE, folder))
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(HOUSE, folder, file))
}

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

/** The anchors of a page as GitHub and the site make them: lower case, no punctuation, blanks as hyphens. */
function anchorsOf(path: string): Set<string> {
  const text = readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  const headings = [...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) =>
    heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
  return new Set(headings)
}

function brokenLinks(page: string): string[] {
  const links = [...withoutCode(readFileSync(page, 'utf8')).matchAll(/\]\(([^()\s]+)\)/g)].map(
    ([, to]) => to!,
  )
  return links
    .filter((to) => !/^[a-z]+:/.test(to))
    .flatMap((to) => {
      const [path, anchor] = to.split('#')
      const file = path ? resolve(dirname(page), path) : page
      if (!existsSync(file)) return [`${relative(HOUSE, page)}: ${to} is not there`]
      if (anchor && !anchorsOf(file).has(anchor))
        return [`${relative(HOUSE, page)}: ${to} has no such heading`]
      return []
    })
}

/** What a careful reader's project asks for; what an example makes is often only shown. */
const READERS_OPTIONS = {
  strict: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: false,
  noUnusedParameters: false,
}

function wrongExamples(): string[] {
  const examples = new Map<string, { place: string; text: string }>()
  for (const page of PAGES) {
    const text = readFileSync(page, 'utf8')
    for (const block of text.matchAll(/^```ts\n([\s\S]*?)^```/gm)) {
      const line = text.slice(0, block.index).split('\n').length
      const name = join(HOUSE, 'packages/maskwords', `example-${examples.size}.ts`)
      examples.set(name, { place: `${relative(HOUSE, page)}:${line}`, text: `${block[1]}\nexport {}\n` })
    }
  }
  expect(examples.size).toBeGreaterThan(20)
  const config = ts.readConfigFile(join(HOUSE, 'tsconfig.test.json'), ts.sys.readFile).config
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, HOUSE)
  Object.assign(options, READERS_OPTIONS)
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (path) => examples.has(path) || fileExists(path)
  host.readFile = (path) => examples.get(path)?.text ?? readFile(path)
  const program = ts.createProgram([...examples.keys()], options, host)
  return [...examples].flatMap(([name, { place }]) => {
    const file = program.getSourceFile(name)!
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText, start }) => {
        const { line } = file.getLineAndCharacterOfPosition(start ?? 0)
        return `${place}, line ${line + 1} of the example: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
      },
    )
  })
}

describe('pages', () => {
  it('link only to files and headings that are there', () => {
    expect(PAGES.length).toBeGreaterThan(20)
    expect(PAGES.flatMap(brokenLinks)).toEqual([])
  })

  it('of docs/ all stand in the contents of the site', () => {
    const contents = readFileSync(join(HOUSE, 'docs/.vitepress/config.ts'), 'utf8')
    const pages = pagesIn('docs').map((page) => relative(join(HOUSE, 'docs'), page).replace(/\.md$/, ''))
    expect(pages.filter((page) => !contents.includes(`'${page}')`))).toEqual([])
  })

  it('show examples that compile as they stand, each by itself', () => {
    expect(wrongExamples()).toEqual([])
  })
})
