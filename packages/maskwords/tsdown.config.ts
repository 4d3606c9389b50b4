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

/** Rooms that are also offered by themselves, as `maskwords/mask`; the first two need nothing but a browser. */
const ROOMS = ['mask', 'words', 'models', 'mllm', 'learn', 'eval', 'client']
/** Doors to several rooms at once: a file here lists what is offered. */
const DOORS = ['graph', 'codecs', 'data', 'plugin']

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
      'graph-web': '../graph/src/session/web.ts',
      'web-worker': '../graph/src/session/web-worker.ts',
      'train-batches': '../codec-training/src/batches-thread.ts',
      'server-worker': '../server/src/work/thread.ts',
      'batch-worker': '../train/src/batch-worker.ts',
      'mllm-worker': '../mllm/src/mllm-worker.ts',
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
      ...Object.fromEntries(ROOMS.map((room) => [room, `../${room}/dist/index.d.ts`])),
      ...Object.fromEntries(DOORS.map((door) => [door, `dist/tsc/${door}.d.ts`])),
      'graph-web': '../graph/dist/session/web.d.ts',
    },
    clean: false,
    dts: { emitDtsOnly: true, dtsInput: true },
  },
])
