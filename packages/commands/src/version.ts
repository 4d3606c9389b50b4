// `maskwords version`: the version of the package, and of what it stands on.
import { defineCommand, SHIPPED_CODECS, shippedFolder, VERSION } from '@maskwords/files'
import { loadRuntime } from '@maskwords/graph'

export const command = defineCommand({
  spec: {
    name: 'version',
    summary: 'Say which version this is.',
    details: [
      'With --json also: Node.js, platform, ONNX Runtime (null where it does not load) and the weights that ship.',
    ],
    arguments: [],
    options: {},
    examples: [
      { command: 'maskwords version', note: 'also maskwords -v, maskwords --version' },
      { command: 'maskwords version --json', note: 'what a report of a fault should have' },
    ],
  },
  async run(context) {
    if (!context.options.json) {
      await context.print(VERSION)
      return 0
    }
    const runtime = await loadRuntime().catch(() => undefined)
    await context.printJson({
      version: VERSION,
      node: process.versions.node,
      platform: process.platform,
      arch: process.arch,
      onnxruntime: runtime?.env?.versions?.['node'] ?? null,
      weights: SHIPPED_CODECS.map((name) => ({ name, folder: shippedFolder(name) })),
    })
    return 0
  },
})
