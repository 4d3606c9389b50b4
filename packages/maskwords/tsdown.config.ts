// The bundle that people install: everything of this house inside, what stays outside is in package.json's dependencies.
import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: { index: 'src/index.ts', cli: 'src/cli.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  outDir: 'dist',
  // tsc keeps its own output under dist/tsc.
  clean: false,
  fixedExtension: false,
  dts: { entry: 'src/index.ts' },
  inputOptions: { resolve: { conditionNames: ['@maskwords/source', 'node', 'import', 'default'] } },
})
