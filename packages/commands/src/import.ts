// `maskwords import`: a published weight file as a folder that --codec takes.
import { readFile } from 'node:fs/promises'
import { importCodec, parseCodecConfig } from '@maskwords/codec-loading'
import { decodedText, defineCommand, MaskwordsError } from '@maskwords/files'

export const command = defineCommand({
  spec: {
    name: 'import',
    summary: 'Turn a published weight file into a ready folder.',
    details: [
      'Recognises SAMTok and HiMTok by keys and shapes, takes off what trainers put before keys, links the file into the',
      'folder (or copies it to another disk, or converts it), and opens the result once as proof.',
    ],
    arguments: [
      {
        name: 'file',
        help: 'mask_tokenizer_256x2.pth, himtok.pth, or any torch or safetensors file of the kind',
      },
    ],
    options: {
      output: { type: 'text', short: 'o', required: true, valueName: 'folder', help: 'the folder to make' },
      dtype: {
        type: 'choice',
        choices: ['float32', 'float16', 'bfloat16'],
        help: 'store the networks so (codebooks stay float32); half the size with 16 bits',
      },
      config: {
        type: 'text',
        valueName: 'file',
        help: 'a config.json with what shapes do not tell, for unpublished sizes',
      },
    },
    examples: [
      {
        command: 'maskwords import mask_tokenizer_256x2.pth -o samtok',
        note: 'then: maskwords encode photo.jpg mask.png --codec samtok',
      },
      { command: 'maskwords import himtok.pth -o himtok --dtype float16', note: '1.3 GB instead of 2.6' },
    ],
  },
  async run(context) {
    const { io, options, args } = context
    let config: ReturnType<typeof parseCodecConfig>
    if (options.config !== undefined) {
      const path = context.path(options.config)
      const bytes = await readFile(path).catch((cause: unknown) => {
        throw new MaskwordsError(
          'not-found',
          `the configuration cannot be read: ${(cause as Error).message}`,
          { file: path, cause },
        )
      })
      config = parseCodecConfig(decodedText(bytes, path), path)
      if (config === undefined)
        throw new MaskwordsError('malformed', 'the configuration has no "codec"', { file: path })
    }
    const made = await importCodec({
      file: context.path(args[0]!),
      folder: context.path(options.output),
      signal: io.signal,
      ...(config === undefined ? {} : { config }),
      ...(options.dtype === undefined ? {} : { dtype: options.dtype }),
    })
    if (options.json) await context.printJson(made)
    else
      await context.print(
        `${made.folder}\n  ${made.codec}, weights ${made.weights}, ${made.byteLength} bytes`,
      )
    return 0
  },
})
