// Which METEOR a benchmark gives: the published one, where its tables are there, or two of its four stages, which its title and the stamp say.
import type { CaptionSample, MeteorTables, Metric } from '@maskwords/eval'
import type { Context, OptionSpecs } from '@maskwords/files'

export const METEOR_OPTIONS = {
  'meteor-data': {
    type: 'text',
    valueName: 'folder',
    help: 'synonyms and paraphrases of METEOR: the folder with meteor-1.5.jar and data/paraphrase-en.gz (pycocoevalcap/meteor); without it two of its four stages, exact and stem, which give less',
  },
} as const satisfies OptionSpecs

type Options = { readonly 'meteor-data'?: string | undefined }

/** For the stamp: numbers of two variants are not compared silently. */
export const meteorSetting = (options: Options): '1.5' | 'exact-stem' =>
  options['meteor-data'] === undefined ? 'exact-stem' : '1.5'

/** The tables that --meteor-data names; undefined without it. Throws MaskwordsError as `readMeteorTables`. */
export async function meteorTables(
  context: Context,
  samples: readonly CaptionSample[],
): Promise<MeteorTables | undefined> {
  const folder = (context.options as Options)['meteor-data']
  if (folder === undefined) return undefined
  const { readMeteorTables } = await import('./read-tables.ts')
  return await readMeteorTables(context, folder, samples)
}

/** Metrics with the variant in their titles. */
export const namedMeteor = (metrics: readonly Metric[], setting: string): Metric[] =>
  metrics.map((metric) =>
    metric.name === 'meteorMean'
      ? {
          ...metric,
          title: `mean METEOR of captions${setting === '1.5' ? '' : ' (exact and stem stages)'}`,
        }
      : metric,
  )
