// `maskwords learn`: a language model learns the words, by examples or by reward, from a configuration file.
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { defineCommand } from '@maskwords/files'
import { progressRenderer } from '@maskwords/train'
import type { LearnOptions, LearnResult } from '@maskwords/tuning'
import {
  grpoConfigSchema,
  learnGrpo,
  learnSft,
  readConfig,
  sftConfigSchema,
  startConfigSchema,
  startModel,
} from '@maskwords/tuning'
import { runOptions, saySaving } from './training-run.ts'

type Common = Omit<LearnOptions<unknown>, 'config'>

/** What each kind of learning reads and runs. */
const KINDS: Readonly<Record<string, (path: string, common: Common) => Promise<LearnResult>>> = {
  start: async (path, common) => {
    const model = await startModel({ config: readConfig(path, startConfigSchema), ...common })
    return { model, adapter: undefined, finished: true, step: 0, steps: 0, curves: undefined }
  },
  sft: (path, common) => learnSft({ config: readConfig(path, sftConfigSchema), ...common }),
  grpo: (path, common) => learnGrpo({ config: readConfig(path, grpoConfigSchema), ...common }),
}

export const command = defineCommand({
  spec: {
    name: 'learn',
    summary:
      'Teach a language model the words: by examples (sft), then by reward (grpo); or start a small model.',
    details: [
      'The configuration file says everything that decides the numbers: model, data, what is trained, optimiser, seed.',
      'Ctrl-C finishes the step under way and saves; the same command goes on from there, to the same bits.',
      'The folder gets checkpoints, metrics.jsonl, curves.svg, answers to read, and what was learned: model/, or adapter/ in',
      "PEFT's layout.",
    ],
    arguments: [
      {
        name: 'kind',
        choices: Object.keys(KINDS),
        help: 'start (a small model that knows nothing yet), sft or grpo, as the configuration says',
      },
    ],
    options: {
      ...runOptions('one for each core'),
    },
    examples: [
      {
        command: 'maskwords learn sft --config sft.json -o runs/sft',
        note: 'learns, or goes on with a run that was stopped',
      },
      {
        command: 'maskwords ask photo.jpg "the dog on the left" --model runs/sft/model',
        note: 'what it has learned so far',
      },
      { command: 'maskwords learn grpo --config grpo.json -o runs/grpo', note: 'gets better by reward' },
    ],
  },
  async run(context) {
    const { options, io, talk } = context
    const learn = KINDS[context.args[0]!]!
    saySaving(context)
    const result = await learn(context.path(options.config), {
      folder: context.path(options.output),
      threads: options.threads ?? availableParallelism(),
      signal: io.signal,
      onProgress: options.quiet === true ? () => {} : progressRenderer(),
      onMessage: (text) => void talk.note(text),
    })
    if (options.json) await context.printJson(result)
    else {
      const named = (path: string) => join(options.output, relative(context.path(options.output), path))
      for (const folder of [result.adapter, result.model])
        if (folder !== undefined) await context.print(named(folder))
      if (result.curves !== undefined) await talk.note(`curves: ${named(result.curves)}`)
    }
    return result.finished ? 0 : 130
  },
})
