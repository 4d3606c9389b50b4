// `maskwords scenes`: pictures with masks and referring questions, as many as wanted, to teach a model with.
import { namesHint } from '@maskwords/base'
import { parseHoldout } from '@maskwords/benchmarks'
import { READERS, readerByName } from '@maskwords/datasets'
import { counted, defineCommand, MaskwordsError } from '@maskwords/files'
import { makeScenes, QUESTION_KINDS } from '@maskwords/scenes'

export const command = defineCommand({
  spec: {
    name: 'scenes',
    summary:
      'Make scenes with referring questions: things cut out of photographs and pasted into others, and drawn shapes.',
    details: [
      'The folder gets images/, instances.json and grefs(unc).json, as gRefCOCO lies on disk: `prepare grefcoco` and `train` take it.',
      'Questions are made by rules: class, place, size, number, relation, pairs, all of a class, and classes that are not there.',
      'The same settings give the same scenes; a run that was stopped goes on.',
    ],
    arguments: [],
    options: {
      root: {
        type: 'text',
        valueName: 'folder',
        help: 'a dataset with masks and categories; without it all scenes are drawn',
      },
      dataset: {
        type: 'text',
        valueName: 'name',
        names: Object.keys(READERS),
        help: 'how it lies on disk (default coco)',
      },
      holdout: {
        type: 'text',
        valueName: 'k/n',
        help: 'leave part k of n out, split by picture id, as in 0/4',
      },
      output: { type: 'text', short: 'o', required: true, valueName: 'folder', help: 'where the scenes go' },
      count: { type: 'integer', min: 1, max: 10_000_000, help: 'how many scenes (default 1000)' },
      side: { type: 'integer', min: 64, max: 4096, help: 'pixels of the longer side (default 448)' },
      drawn: {
        type: 'number',
        min: 0,
        max: 1,
        help: 'share of drawn scenes (default 0.15; 1 without --root)',
      },
      plain: {
        type: 'number',
        min: 0,
        max: 1,
        help: 'share of photographs that nothing is pasted into (default 0.3)',
      },
      pasted: { type: 'integer', min: 1, max: 20, help: 'most things pasted into a photograph (default 4)' },
      seed: {
        type: 'integer',
        min: 0,
        max: 2 ** 31 - 1,
        help: 'scenes of another seed are others (default 0)',
      },
    },
    examples: [
      {
        command: 'maskwords scenes --root coco --holdout 0/4 --count 5000 -o scenes',
        note: 'five thousand scenes of three quarters of the photographs',
      },
      {
        command: 'maskwords prepare grefcoco --root scenes --codec samtok-nano -o data',
        note: 'conversations with masks in words',
      },
    ],
  },
  async run(context) {
    const { options, io, talk } = context
    const { root, dataset = 'coco' } = options
    const drawn = root === undefined ? 1 : (options.drawn ?? 0.15)
    if (root === undefined && (options.drawn ?? 1) < 1) {
      throw new MaskwordsError(
        'usage',
        `--drawn ${options.drawn} leaves scenes of photographs, and there is no --root`,
      )
    }
    const reader = readerByName(dataset)
    if (reader === undefined) {
      throw new MaskwordsError('usage', `there is no dataset called "${dataset}"`, {
        hint: namesHint(dataset, Object.keys(READERS)),
      })
    }
    const count = options.count ?? 1000
    const progress = talk.progress(count, 'scene')
    let done = 0
    let problems = 0
    const made = await makeScenes({
      settings: {
        seed: options.seed ?? 0,
        count,
        sidePx: options.side ?? 448,
        drawn,
        plain: options.plain ?? 0.3,
        pasted: options.pasted ?? 4,
        holdout: options.holdout === undefined ? undefined : parseHoldout(options.holdout),
      },
      source: root === undefined ? undefined : { reader, root: context.path(root) },
      folder: context.path(options.output),
      signal: io.signal,
      onScene: (now) => {
        for (; done < now; done++) progress.step()
      },
      onProblem: (message) => {
        problems++
        if (problems <= 5) void talk.note(message)
      },
    })
    await progress.clear()
    if (problems > 5) await talk.note(`${counted(problems, 'problem')} with the source in all`)
    if (options.json) await context.printJson({ folder: options.output, ...made, problems })
    else {
      await context.print(options.output)
      const kinds = QUESTION_KINDS.map((kind) => `${made.questions[kind]} ${kind}`).join(', ')
      await talk.note(
        `${counted(made.scenes, 'scene')}, ${counted(made.things, 'thing')}; questions: ${kinds}`,
      )
    }
    return 0
  },
})
