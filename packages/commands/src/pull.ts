// `maskwords pull`: published weights from a model hub, or one file from an address.
import { downloadFile, pullCodec } from '@maskwords/codec-loading'
import { byteProgress, defineCommand, MaskwordsError } from '@maskwords/files'

export const command = defineCommand({
  spec: {
    name: 'pull',
    summary: 'Fetch published weights, checked, going on where a connection broke.',
    details: [
      'From a hub id only the mask tokenizer is fetched (mask_tokenizer_*.pth, himtok.pth, weights.safetensors), not the',
      'language model beside it. --codec then takes the id. HF_TOKEN is sent where it is set, HF_ENDPOINT names a mirror.',
    ],
    arguments: [
      { name: 'source', isText: true, help: 'a hub id (owner/name), or the https address of a file' },
    ],
    options: {
      file: { type: 'text', valueName: 'name', help: 'the file of the hub id to fetch instead' },
      revision: {
        type: 'text',
        valueName: 'name',
        help: 'branch, tag or commit of the hub id (default main)',
      },
      output: {
        type: 'text',
        short: 'o',
        valueName: 'file',
        help: 'of an address: the file to write (default: its own name, here)',
      },
      sha256: {
        type: 'text',
        valueName: 'hex',
        help: 'what the file must hash to (hub ids state it themselves)',
      },
      'base-url': {
        type: 'text',
        valueName: 'url',
        help: 'the hub (default HF_ENDPOINT, or https://huggingface.co)',
      },
    },
    examples: [
      { command: 'maskwords pull zhouyik/Qwen3-VL-4B-SAMTok', note: 'the SAMTok of that model, 0.9 GB' },
      {
        command: 'maskwords pull https://example.com/himtok.pth --sha256 9f86...',
        note: 'any file, refused where its hash differs',
      },
    ],
  },
  async run(context) {
    const { io, options, args } = context
    const source = args[0]!
    const progress = byteProgress(io, options.quiet === true)
    const sha256 = options.sha256 === undefined ? {} : { sha256: options.sha256 }
    try {
      if (/^https?:\/\//i.test(source)) {
        const name = URL.canParse(source) ? new URL(source).pathname.split('/').pop() : undefined
        if (options.output === undefined && !name)
          throw new MaskwordsError('usage', 'this address has no file name', {
            hint: 'name the file with -o',
          })
        const to = context.path(options.output ?? name!)
        const got = await downloadFile({
          url: source,
          to,
          ...sha256,
          signal: io.signal,
          onProgress: (at) => progress.show(name ?? source, at),
        })
        await progress.clear()
        if (options.json) await context.printJson({ file: to, ...got })
        else await context.print(`${to}\n  ${got.byteLength} bytes, SHA-256 ${got.sha256}`)
        return 0
      }
      const cache = io.env['MASKWORDS_CACHE']
      const token = io.env['HF_TOKEN']
      const baseUrl = options['base-url'] ?? io.env['HF_ENDPOINT']
      const pulled = await pullCodec({
        id: source,
        ...sha256,
        signal: io.signal,
        ...(options.file === undefined ? {} : { files: [options.file] }),
        ...(options.revision === undefined ? {} : { revision: options.revision }),
        ...(baseUrl ? { baseUrl } : {}),
        ...(cache ? { cacheFolder: context.path(cache) } : {}),
        ...(token ? { token } : {}),
        onProgress: (at) => progress.show(at.file, at),
      })
      await progress.clear()
      if (options.json) await context.printJson(pulled)
      else {
        const lines = pulled.files.map(
          (file) =>
            `  ${file.name}: ${file.byteLength} bytes, SHA-256 ${file.sha256}${file.fetched ? '' : ' (was there)'}`,
        )
        await context.print([pulled.folder, ...lines].join('\n'))
      }
      return 0
    } finally {
      await progress.clear()
    }
  },
})
