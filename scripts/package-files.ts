// What the package carries beside its code, brought into packages/maskwords before it is packed: the licence, the pages that hints
// name, the examples. Links to what is not in the package become plain text.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const HOUSE = resolve(import.meta.dirname, '..')
const PACKAGE = join(HOUSE, 'packages/maskwords')

/** The place of a file of the house inside the package; undefined for one that is not in it. */
function placeInPackage(path: string): string | undefined {
  const from = relative(HOUSE, path)
  if (from.startsWith('packages/maskwords/')) return join(HOUSE, from)
  const isPage = /^docs\/[^/]+\.md$/.test(from) || from.startsWith('examples/') || from === 'LICENSE'
  return isPage ? join(PACKAGE, from) : undefined
}

function page(path: string): string {
  const to = placeInPackage(path)!
  const text = readFileSync(path, 'utf8')
  return text.replace(
    /(!?)\[([^\]\n]*)\]\((?![a-z]+:|#)([^()\s#]+)(#[^()\s]*)?\)/g,
    (_, picture, words, link, anchor = '') => {
      const target = placeInPackage(resolve(dirname(path), link))
      if (picture === '!' || target === undefined) return words
      return `[${words}](${relative(dirname(to), target)}${anchor})`
    },
  )
}

for (const name of ['docs', 'examples', 'LICENSE'])
  rmSync(join(PACKAGE, name), { recursive: true, force: true })
cpSync(join(HOUSE, 'LICENSE'), join(PACKAGE, 'LICENSE'))
cpSync(join(HOUSE, 'examples'), join(PACKAGE, 'examples'), { recursive: true })
for (const folder of ['docs', 'examples']) {
  mkdirSync(join(PACKAGE, folder), { recursive: true })
  for (const name of readdirSync(join(HOUSE, folder))) {
    if (name.endsWith('.md')) writeFileSync(join(PACKAGE, folder, name), page(join(HOUSE, folder, name)))
  }
}
