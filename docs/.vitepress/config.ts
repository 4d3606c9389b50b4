// The documentation as a site: the README as its first page, the pages of docs/, the model cards, and the reference of the public API.
// `npm run docs` (scripts/build-docs.ts) gathers the pages in site/ before this runs.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitepress'

const SITE = join(import.meta.dirname, '../site')

const page = (text: string, name: string) => ({ text, link: `/docs/${name}` })

/** The reference is written by typedoc before the site is built. */
function reference() {
  const modules = readdirSync(join(SITE, 'docs/reference/maskwords')).sort()
  return [
    { text: 'maskwords', link: '/docs/reference/maskwords' },
    ...modules.map((file) => {
      const name = file.replace(/(-\d+)?\.md$/, '')
      return { text: `maskwords/${name}`, link: `/docs/reference/maskwords/${file.replace(/\.md$/, '')}` }
    }),
  ]
}

const models = readdirSync(join(SITE, 'packages/maskwords/weights')).map((name) => ({
  text: name,
  link: `/packages/maskwords/weights/${name}/README`,
}))

export default defineConfig({
  title: 'maskwords',
  description:
    'Speak pixels: regions of a picture as a few words that a language model reads and writes, and back.',
  srcDir: 'site',
  rewrites: { 'README.md': 'index.md' },
  outDir: '../out/docs',
  cacheDir: './node_modules/.vitepress',
  cleanUrls: false,
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Command', link: '/docs/cli' },
      { text: 'Studio', link: '/docs/studio' },
      { text: 'Architecture', link: '/docs/architecture' },
      { text: 'Reference', link: '/docs/reference/maskwords' },
      { text: 'Changes', link: '/CHANGELOG' },
    ],
    sidebar: [
      {
        text: 'Use',
        items: [
          { text: 'What it is', link: '/' },
          page('The whole path', 'path'),
          page('The command', 'cli'),
          page('Asking a model', 'ask'),
          page('Models behind servers', 'model-servers'),
          page('The studio', 'studio'),
          page('HTTP', 'http-api'),
        ],
      },
      {
        text: 'Mask languages',
        items: [
          page('SAMTok', 'samtok'),
          page('HiMTok', 'himtok'),
          page('GETok', 'getok'),
          page('Masks', 'masks'),
          page('Words', 'words'),
          ...models,
        ],
      },
      {
        text: 'Data, rewards, numbers',
        items: [
          page('prepare', 'prepare'),
          page('Datasets', 'datasets'),
          page('Tasks', 'training-data'),
          page('Vocabularies', 'vocabulary'),
          page('Rewards', 'rewards'),
          page('Learning', 'learning'),
          page('Evaluation', 'evaluation'),
          page('Detection metrics', 'metrics-detection'),
          page('Reconstruction', 'reconstruction'),
        ],
      },
      {
        text: 'Networks',
        items: [
          page('Graphs', 'graph'),
          page('Checkpoints', 'checkpoints'),
          page('Training', 'training'),
          page('Training tokenizers', 'training-tokenizers'),
        ],
      },
      {
        text: 'The house',
        items: [
          page('Architecture', 'architecture'),
          page('Adding something', 'extending'),
          { text: 'Contributing', link: '/CONTRIBUTING' },
          { text: 'Changes', link: '/CHANGELOG' },
        ],
      },
      { text: 'Reference', collapsed: true, items: reference() },
    ],
  },
})
