// The bundle that people install: everything of this house inside, what stays outside is in package.json's dependencies.
// Types come from the declarations that `tsc --build` has written before: bundling those takes a tenth of the time.
import { defineConfig } from 'tsdown'

const common = {
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  outDir: 'dist',
  fixedExtension: false,
} as const

/** Packages that are also offered by themselves, as `maskwords/mask`; the first two need nothing but a browser. */
const ROOMS = ['mask', 'words', 'codecs', 'mllm', 'models', 'graph', 'data', 'learn', 'eval']

export default defineConfig([
  {
    ...common,
    // The workers of @maskwords/graph are looked for beside the file that starts them, by these names.
    entry: {
      index: 'src/index.ts',
      cli: 'src/cli.ts',
      client: 'src/client/index.ts',
      ...Object.fromEntries(ROOMS.map((room) => [room, `../${room}/src/index.ts`])),
      'graph-worker': '../graph/src/session/graph-worker.ts',
      'train-batches': 'src/train/batches-thread.ts',
      'server-worker': 'src/server/work/thread.ts',
      'batch-worker': '../graph/src/train/batch-worker.ts',
    },
    // Not the whole folder: tsc keeps its own output under dist/tsc.
    clean: ['dist/*.js'],
    dts: false,
    inputOptions: { resolve: { conditionNames: ['@maskwords/source', 'node', 'import', 'default'] } },
  },
  {
    ...common,
    entry: {
      index: 'dist/tsc/index.d.ts',
      client: 'dist/tsc/client/index.d.ts',
      ...Object.fromEntries(ROOMS.map((room) => [room, `../${room}/dist/index.d.ts`])),
    },
    clean: false,
    dts: { emitDtsOnly: true, dtsInput: true },
  },
])
