// The bundle that people install: everything of this house inside, what stays outside is in package.json's dependencies.
// Types come from the declarations that `tsc --build` has written before: bundling those takes a tenth of the time.
// What pages use is bundled a second time, without Node.js: dist/web, the condition `browser` of package.json.
import { defineConfig } from 'tsdown'

const common = {
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  outDir: 'dist',
  fixedExtension: false,
} as const

/** Rooms that are also offered by themselves, as `maskwords/mask`; the first two need nothing but a browser. */
const ROOMS = ['mask', 'words', 'models', 'mllm', 'learn', 'tuning', 'eval', 'client']
/** Those of them that run in a page as they are. */
const WEB_ROOMS = ['mask', 'words', 'models', 'eval', 'client']
/** Doors to several rooms at once: a file here lists what is offered. */
const DOORS = ['graph', 'codecs', 'data', 'plugin']

const source = (conditions: readonly string[]) => ({
  resolve: { conditionNames: ['@maskwords/source', ...conditions, 'import', 'default'] },
})

/**
 * Modules of Node.js, and of this house for Node.js alone, are loaded where they are needed, which in a page is never on the way
 * to an answer: there the loading fails, in words. What is imported at the top of a file stays as it is, and falls away with the
 * file where nothing of it is used; scripts/bundlers.test.ts looks that none stays.
 */
const noNode = {
  name: 'no-node',
  resolveId(id: string, _importer: string | undefined, { kind }: { kind: string }) {
    const isNode = id.startsWith('node:')
    if (kind === 'dynamic-import' && (isNode || /\/node(-worker)?\.ts$/.test(id))) return `\0no-node:${id}`
    return isNode ? { id, external: true, moduleSideEffects: false } : null
  },
  load: (id: string) =>
    id.startsWith('\0no-node:')
      ? `throw new Error(${JSON.stringify(`${id.slice(9)} needs Node.js, this is a page`)})`
      : null,
}

export default defineConfig([
  {
    ...common,
    // Workers are looked for beside the file that starts them, by these names.
    entry: {
      index: 'src/index.ts',
      cli: 'src/cli.ts',
      ...Object.fromEntries(ROOMS.map((room) => [room, `../${room}/src/index.ts`])),
      ...Object.fromEntries(DOORS.map((door) => [door, `src/${door}.ts`])),
      'graph-worker': '../graph/src/session/graph-worker.ts',
      'train-batches': '../codec-training/src/batches-thread.ts',
      'server-worker': '../server/src/work/thread.ts',
      'batch-worker': '../train/src/batch-worker.ts',
      'mllm-worker': '../mllm/src/mllm-worker.ts',
      'reward-worker': '../tuning/src/reward/reward-worker.ts',
    },
    // Not the whole folder: tsc keeps its own output under dist/tsc.
    clean: ['dist/*.js'],
    dts: false,
    inputOptions: source(['node']),
  },
  {
    ...common,
    platform: 'browser',
    target: 'es2022',
    outDir: 'dist/web',
    entry: {
      ...Object.fromEntries(WEB_ROOMS.map((room) => [room, `../${room}/src/index.ts`])),
      codecs: 'src/codecs-web.ts',
      'graph-web': '../graph/src/session/web.ts',
      'web-worker': '../graph/src/session/web-worker.ts',
    },
    dts: false,
    plugins: [noNode],
    inputOptions: source(['browser']),
  },
  {
    ...common,
    entry: {
      index: 'dist/tsc/index.d.ts',
      ...Object.fromEntries(ROOMS.map((room) => [room, `../${room}/dist/index.d.ts`])),
      ...Object.fromEntries(DOORS.map((door) => [door, `dist/tsc/${door}.d.ts`])),
      'graph-web': '../graph/dist/session/web.d.ts',
      'graph-web-worker': '../graph/dist/session/web-worker.d.ts',
    },
    clean: false,
    dts: { emitDtsOnly: true, dtsInput: true },
  },
])
