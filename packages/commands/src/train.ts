// `maskwords train`: a mask tokenizer of one's own from a configuration file, stopped and resumed at any moment.
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { readTrainConfig, stageFolder, type TrainConfig, trainRun } from '@maskwords/codec-training'
import { lossCurveSvg, type MetricsLogLine } from '@maskwords/eval'
import { defineCommand, MaskwordsError, writeWhole } from '@maskwords/files'
import { progressRenderer } from '@maskwords/train'
import { runOptions, saySaving } from './training-run.ts'

export const command = defineCommand({
  spec: {
    name: 'train',
    summary: 'Train a mask tokenizer (SAMTok or HiMTok) on your masks.',
    details: [
      'The configuration file says everything that decides the numbers: network, data, augmentation, losses, stages, seed.',
      'Ctrl-C finishes the step under way and saves; the same command goes on from there, to the same bits.',
      'The folder gets checkpoints, metrics.jsonl and curves (SVG) of every stage, and codec/, which --codec takes.',
    ],
    arguments: [
      {
        name: 'tokenizer',
        choices: ['samtok', 'himtok'],
        help: 'samtok or himtok, as the configuration says',
      },
    ],
    options: {
      ...runOptions('one for each of the parts of a batch, as far as there are cores'),
      from: {
        type: 'text',
        valueName: 'weights',
        help: 'start from these weights (safetensors or torch file) instead of the seed',
      },
    },
    examples: [
      {
        command: 'maskwords train samtok --config samtok-nano.json -o runs/samtok-nano',
        note: 'trains, or goes on with a run that was stopped',
      },
      {
        command: 'maskwords roundtrip photo.jpg mask.png --codec runs/samtok-nano/codec',
        note: 'what it has learned so far',
      },
    ],
  },
  async run(context) {
    const { options, io, talk } = context
    const [tokenizer] = context.args
    const config = await readTrainConfig(context.path(options.config), io.signal)
    if (config.codec !== tokenizer) {
      throw new MaskwordsError('usage', `the configuration is of a ${config.codec}, not of "${tokenizer}"`, {
        file: options.config,
      })
    }
    const folder = context.path(options.output)
    const parts = config.codec === 'himtok' ? config.batch.parts : 1
    saySaving(context)
    const render = options.quiet === true ? () => {} : progressRenderer()
    const result = await trainRun({
      config,
      folder,
      threads: options.threads ?? Math.min(parts, availableParallelism()),
      signal: io.signal,
      ...(options.from !== undefined && { startFrom: context.path(options.from) }),
      onProgress: (_, progress) => render(progress),
      onMessage: (text) => void talk.note(text),
    })
    const curves = await writeCurves(folder, config)
    if (options.json) {
      await context.printJson({ ...result, curves })
    } else {
      if (result.evaluation !== undefined) {
        const numbers = Object.entries(result.evaluation).map(
          ([name, value]) => `${name} ${value.toFixed(4)}`,
        )
        await context.print(numbers.join('  '))
      }
      await context.print(result.codecFolder)
      for (const curve of curves) await talk.note(`curves: ${curve}`)
    }
    return result.finished ? 0 : 130
  },
})

/** One picture of curves a stage that has a log. */
async function writeCurves(folder: string, config: TrainConfig): Promise<string[]> {
  const written: string[] = []
  for (const [index, stage] of config.stages.entries()) {
    const place = stageFolder(folder, index, stage.name)
    const log = join(place, 'metrics.jsonl')
    if (!existsSync(log)) continue
    const lines = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as MetricsLogLine)
    const path = join(place, 'curves.svg')
    // An interrupted run still gets its curves.
    await writeWhole(path, new TextEncoder().encode(lossCurveSvg(lines)), new AbortController().signal)
    written.push(path)
  }
  return written
}
