// The reference of the public API, from the docstrings: one module for each entry point of the package that people install.
import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

const { exports } = JSON.parse(readFileSync(new URL('../packages/maskwords/package.json', import.meta.url)))

/** Where the source of an entry point lies, from the house; tsconfig.test.json says the same to TypeScript. */
const PLACES = {
  '.': 'packages/maskwords/src/index.ts',
  './graph/web': 'packages/graph/src/session/web.ts',
}
function source(name) {
  const room = name.slice(2)
  const places = [PLACES[name], `packages/maskwords/src/${room}.ts`, `packages/${room}/src/index.ts`]
  return places.find((path) => path !== undefined && existsSync(new URL(`../${path}`, import.meta.url)))
}
/** The entry points with names to import: not the worker, not files. */
const SOURCES = Object.keys(exports).flatMap((name) =>
  source(name) === undefined ? [] : [[name, source(name)]],
)

/** What people write in an import, in place of the folder where the module lies. */
const NAMES = new Map(
  SOURCES.map(([name, path]) => [path.replace(/(\/index)?\.ts$/, ''), posix.join('maskwords', name)]),
)

function load(app) {
  app.converter.on('resolveBegin', ({ project }) => {
    for (const module of project.children ?? []) module.name = NAMES.get(module.name) ?? module.name
  })
}

/** @type {import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions} */
const config = {
  name: 'maskwords',
  entryPoints: SOURCES.map(([, path]) => `../${path}`),
  displayBasePath: '..',
  basePath: '..',
  tsconfig: 'tsconfig.typedoc.json',
  plugin: ['typedoc-plugin-markdown', load],
  out: 'site/docs/reference',
  readme: 'none',
  router: 'module',
  entryFileName: 'index',
  hideBreadcrumbs: true,
  hidePageHeader: true,
  sanitizeComments: true,
  disableSources: true,
  skipErrorChecking: true,
  excludePrivate: true,
  excludeInternal: true,
  expandObjects: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  validation: { notExported: false, invalidLink: true },
  treatWarningsAsErrors: false,
}
export default config
