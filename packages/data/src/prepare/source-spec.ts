// How sources and tasks are written on a command line: `coco:val2017@data/coco%50`, `referring:limit=3`. Definition: ours.
import { DataError } from '@maskwords/datasets'

/** A source as it is written on the command line, taken apart. */
export type SourceSpec = {
  /** A reader's name. */
  readonly reader: string
  readonly split?: string
  /** The dataset's folder as written after `@`; without one the run's root. */
  readonly folder?: string
  /** Samples that are taken, in percent: 50 is half of them, 150 all and half of them a second time. */
  readonly weightPercent: number
}

/** A task and its settings as they are written on the command line, taken apart. */
export type TaskSpec = {
  readonly name: string
  readonly settings: Readonly<Record<string, number | string | boolean>>
}

/** A sample is taken this often at most; more is a mistyped number. */
export const MAX_WEIGHT_PERCENT = 10_000

/** `name[:split][@folder][%weight]`. Throws DataError 'bad-option'. */
export function parseSource(text: string): SourceSpec {
  const match = /^([a-z0-9][a-z0-9+._-]*)(?::([^@%:]+))?(?:@(.+?))?(?:%(\d+(?:\.\d+)?))?$/i.exec(text)
  if (match === null) {
    throw new DataError('bad-option', `The source ${JSON.stringify(text)} cannot be read.`, {
      hint: 'write name, name:split, name@folder, name%50, or all of them: name:split@folder%50',
    })
  }
  const weightPercent = match[4] === undefined ? 100 : checkedWeight(Number(match[4]), text)
  return {
    reader: match[1]!,
    ...(match[2] === undefined ? {} : { split: match[2] }),
    ...(match[3] === undefined ? {} : { folder: match[3] }),
    weightPercent,
  }
}

function checkedWeight(percent: number, text: string): number {
  if (percent > 0 && percent <= MAX_WEIGHT_PERCENT) return percent
  throw new DataError(
    'bad-option',
    `The weight of ${text} is above 0 and at most ${MAX_WEIGHT_PERCENT} percent.`,
  )
}

/**
 * A source that is a path: `./mine`, `mine/set.json`, also with `:split` and `%weight` behind it. Undefined where nothing lies
 * there (`isThere` says of a path whether something does): then it is a name.
 */
export function parsePathSource(
  text: string,
  isThere: (path: string) => boolean,
): (Omit<SourceSpec, 'reader' | 'folder'> & { readonly path: string }) | undefined {
  const [, rest = text, weight] = /^(.+?)%(\d+(?:\.\d+)?)$/.exec(text) ?? []
  const weightPercent = weight === undefined ? 100 : checkedWeight(Number(weight), text)
  if (isThere(rest)) return { path: rest, weightPercent }
  const [, path, split] = /^(.+):([^:@%/\\]+)$/.exec(rest) ?? []
  if (path !== undefined && isThere(path)) return { path, split: split!, weightPercent }
  return undefined
}

/** `name[:setting=value...][,name...]`: values that look like numbers, true and false are such. Throws DataError 'bad-option'. */
export function parseTasks(text: string): TaskSpec[] {
  const specs = text.split(',').map((part): TaskSpec => {
    const [name = '', ...pairs] = part.trim().split(':')
    const settings: [string, number | string | boolean][] = pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) {
        throw new DataError(
          'bad-option',
          `The setting ${JSON.stringify(pair)} of task ${name} has no value.`,
          {
            hint: 'write referring:limit=3:answer=json',
          },
        )
      }
      return [pair.slice(0, at), settingValue(pair.slice(at + 1))]
    })
    return { name, settings: Object.fromEntries(settings.sort(([a], [b]) => (a < b ? -1 : 1))) }
  })
  const twice = specs.find(({ name }, at) => specs.findIndex((other) => other.name === name) !== at)
  if (twice === undefined) return specs
  throw new DataError('bad-option', `The task ${twice.name} is named twice.`, {
    hint: 'one set of settings for each task; a second run makes a second set',
  })
}

function settingValue(text: string): number | string | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
}
