// `npm run docs`: the pages of the house, the reference of the public API and a search over both, as a site in out/docs.
// A link that leads nowhere stops it.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const HOUSE = join(import.meta.dirname, '..')
const DOCS = join(HOUSE, 'docs')
const SITE = join(DOCS, 'site')

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { cwd: DOCS, stdio: 'inherit' })
}

/**
 * Files keep their places, so that a link is right in the repository and on the site alike; links to sources, which are no pages,
 * become plain text.
 */
function gather(path: string): void {
  const to = join(SITE, path)
  mkdirSync(dirname(to), { recursive: true })
  if (!path.endsWith('.md')) {
    cpSync(join(HOUSE, path), to)
    return
  }
  const text = readFileSync(join(HOUSE, path), 'utf8')
  writeFileSync(to, text.replace(/\[([^\]\n]*)\]\((?![a-z]+:)[^)\s#]*(?:\.ts|\/src)\)/g, '$1'))
}

const named = (folder: string, ending: string): string[] =>
  readdirSync(join(HOUSE, folder))
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file))

run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
rmSync(SITE, { recursive: true, force: true })
for (const file of named('.', '.md')) gather(file)
for (const folder of ['docs', 'examples', 'interop']) for (const file of named(folder, '.md')) gather(file)
for (const file of [...named('docs/pictures', '.png'), ...named('docs/pictures', '.svg')]) gather(file)
for (const model of readdirSync(join(HOUSE, 'packages/maskwords/weights'))) {
  for (const file of named(`packages/maskwords/weights/${model}`, '.md')) gather(file)
}
run(process.execPath, [
  'node_modules/typedoc/bin/typedoc',
  '--options',
  'typedoc.config.mjs',
  '--logLevel',
  'Error',
])
run(process.execPath, ['node_modules/vitepress/bin/vitepress.js', 'build', '.'])
rmSync(SITE, { recursive: true })
process.stderr.write(
  `The site is in ${join(HOUSE, 'out/docs')}; look at it with: npx --prefix docs vitepress preview docs\n`,
)
