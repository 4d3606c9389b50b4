// `maskwords eval merge`: rows of parts of one benchmark (one a machine) into one file, with its numbers.
import { formatRowFile, mergeRowFiles } from '@maskwords/eval'
import { defineCommand, refuseSameFile, writeWhole } from '@maskwords/files'
import { resultJson } from './benchmark-command.ts'
import { readRows } from './compare.ts'
import { STATISTICS_OPTIONS } from './options.ts'
import { resultLines } from './result-table.ts'
import { resultOf } from './score-samples.ts'

export const command = defineCommand({
  spec: {
    name: 'eval merge',
    summary: 'Rows of parts of one benchmark into one: the numbers of all together.',
    details: [
      'Each part was evaluated with the whole truth; a sample that one part has no answer for comes from another. Parts with',
      'different stamps are refused, and so are two different answers to one sample.',
    ],
    arguments: [{ name: 'rows', help: 'files of rows (eval <benchmark> --rows)', many: true }],
    options: {
      output: {
        type: 'text',
        short: 'o',
        valueName: 'rows.jsonl',
        endings: ['.jsonl'],
        help: 'write the merged rows',
      },
      ...STATISTICS_OPTIONS,
    },
    examples: [
      {
        command: 'maskwords eval merge part-0.jsonl part-1.jsonl -o all.jsonl',
        note: 'one file, and its numbers',
      },
    ],
  },
  async run(context) {
    const { args, options, io } = context
    if (options.output !== undefined) {
      await refuseSameFile(
        context.path(options.output),
        args.map((name) => context.path(name)),
      )
    }
    const parts = []
    for (const name of args) parts.push(await readRows(io, name))
    const merged = mergeRowFiles(parts)
    const files: string[] = []
    if (options.output !== undefined) {
      await writeWhole(
        context.path(options.output),
        new TextEncoder().encode(formatRowFile(merged)),
        io.signal,
      )
      files.push(options.output)
    }
    const result = resultOf(merged, options)
    if (options.json) await context.printJson(resultJson(result, files, []))
    else for (const line of [...resultLines(result), ...files]) await context.print(line)
    return 0
  },
})
