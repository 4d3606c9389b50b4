// The reference of the public API, from the docstrings: one module for each entry point of the package that people install.
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'

const { exports } = JSON.parse(readFileSync(new URL('../packages/maskwords/package.json', import.meta.url)))
const source = (entry) => `../packages/maskwords/${entry['@maskwords/source']}`

/** What people write in an import, in place of the folder where the module lies. */
const NAMES = new Map(
  Object.entries(exports).map(([name, entry]) => [
    posix.join('packages/maskwords', entry['@maskwords/source']).replace(/(\/index)?\.ts$/, ''),
    posix.join('maskwords', name),
  ]),
)

function load(app) {
  app.converter.on('resolveBegin', ({ project }) => {
    for (const module of project.children ?? []) module.name = NAMES.get(module.name) ?? module.name
  })
}

/** @type {import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions} */
const config = {
  name: 'maskwords',
  entryPoints: Object.values(exports).map(source),
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
