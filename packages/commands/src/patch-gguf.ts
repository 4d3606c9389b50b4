// `maskwords patch-gguf`: mask words of a GGUF file from control tokens to user-defined ones, so that llama.cpp shows them.

import { defineCommand, MaskwordsError } from '@maskwords/files'
import {
  type PatchResult,
  patchTokenTypesCopy,
  patchTokenTypesInPlace,
  restoreTokenTypes,
} from '@maskwords/learn'

export const command = defineCommand({
  spec: {
    name: 'patch-gguf',
    summary: 'Make the mask words of a GGUF file visible to llama.cpp, Ollama and LM Studio.',
    details: [
      "llama.cpp's converter marks every <|...|> as a control token, and servers leave control tokens out of answers. This",
      'sets the type of the mask words to user-defined: 4 bytes a word, nothing else changes. Of a split file, name the first',
      'part: with -o all parts are written, under the names that llama.cpp looks for.',
    ],
    arguments: [{ name: 'file', help: 'the GGUF file of the language model (not mmproj)' }],
    options: {
      output: {
        type: 'text',
        short: 'o',
        valueName: 'file.gguf',
        endings: ['.gguf'],
        help: 'a patched copy; must not exist',
      },
      'in-place': {
        type: 'flag',
        help: 'patch the file itself; the old bytes go to FILE.token-types.json first',
      },
      undo: { type: 'flag', help: 'take a patch in place back, from that journal' },
    },
    examples: [
      { command: 'maskwords patch-gguf model-q4.gguf -o shown.gguf', note: 'a copy that shows mask words' },
      { command: 'maskwords patch-gguf model-q4.gguf --in-place', note: 'the file itself, in milliseconds' },
      { command: 'maskwords patch-gguf model-q4.gguf --undo', note: 'as it was before' },
    ],
  },
  async run(context) {
    const { io, options, args } = context
    const ways = [options.output !== undefined, options['in-place'] === true, options.undo === true]
    if (ways.filter(Boolean).length !== 1) {
      throw new MaskwordsError('usage', 'say one of -o, --in-place and --undo', {
        hint: 'maskwords patch-gguf --help',
      })
    }
    const path = context.path(args[0]!)
    let result: PatchResult
    if (options.output !== undefined) {
      result = await patchTokenTypesCopy(path, context.path(options.output), io.signal)
    } else if (options.undo) result = await restoreTokenTypes(path)
    else result = await patchTokenTypesInPlace(path)
    if (options.json) await context.printJson(result)
    else {
      const done = options.undo
        ? `${result.changed} words have their old type again`
        : result.changed === 0
          ? `all ${result.words} mask words are shown already`
          : `${result.changed} of ${result.words} mask words made user-defined`
      const journal = result.journal === undefined ? '' : `\n  old bytes: ${result.journal}`
      const parts = options.output === undefined || result.parts === 1 ? '' : `\n  all ${result.parts} parts`
      await context.print(`${result.file}\n  ${done}${parts}${journal}`)
    }
    return 0
  },
})
