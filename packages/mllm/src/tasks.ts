// Questions in the words that published models were trained and evaluated with (SAMTok, arXiv 2601.16093, and its code), and places for
// masks in a question.
import { MllmError } from './error.ts'

type Task = {
  readonly summary: string
  /** With {text} for what the user names and {mask} for a mask. */
  readonly prompt: string
  /** How {text} is written: as given, or each item of a list in quotes. */
  readonly list?: true
}

/** Tasks by name. */
export const TASKS = {
  segment: {
    summary: 'one or several things that a phrase names',
    prompt: 'Please segment {text} in this image.',
  },
  detect: {
    summary: 'the thing that a sentence describes',
    prompt: 'Please carefully check the image and detect the object this sentence describes: {text}',
  },
  objects: {
    summary: 'every thing of some kinds (cat, dog)',
    prompt: 'Please carefully check the image and detect the following objects: [{text}].',
    list: true,
  },
  reason: { summary: 'what a question needs thought for', prompt: '{text} Please output segmentation mask.' },
  'grounded-caption': {
    summary: 'a description with the masks of what it names',
    prompt:
      'Could you please give me a brief description of the image? Please respond with interleaved segmentation masks for the corresponding parts of the answer.',
  },
  region: {
    summary: 'a description of a mask',
    prompt: 'Given a detailed description of this region {mask}.',
  },
  relation: {
    summary: 'how two masks belong together',
    prompt: '1. Describe {mask} in detail 2. Describe the relationship between {mask} and {mask:2}.',
  },
  'scene-graph': {
    summary: 'things and how they relate',
    prompt:
      'Create a scene graph by identifying triplets of <subject, predicate, object>. Focus on the most prominent interactions.',
  },
} as const satisfies Readonly<Record<string, Task>>

export type TaskName = keyof typeof TASKS
export const TASK_NAMES = Object.keys(TASKS) as TaskName[]

/**
 * The question of a task about `text`.
 * @throws MllmError `argument` where the task needs a text and has none, or takes none.
 */
export function taskQuestion(name: TaskName, text: string | undefined): string {
  const task: Task = TASKS[name]
  const takes = task.prompt.includes('{text}')
  const given = text?.trim()
  if (takes && !given) {
    throw new MllmError('argument', `the task ${name} needs a text: ${task.summary}`)
  }
  if (!takes && given) {
    throw new MllmError('argument', `the task ${name} takes no text, got ${JSON.stringify(given)}`)
  }
  const written = task.list
    ? given!
        .split(',')
        .map((item) => JSON.stringify(item.trim()))
        .join(', ')
    : (given ?? '')
  return task.prompt.replace('{text}', () => written)
}

/**
 * Finds the places of masks in texts that follow each other: what is returned takes a text apart into texts and numbers of masks, from
 * 0. `{mask}` is the next mask in order (a lone mask is meant every time), `{mask:2}` the second.
 * @throws MllmError `argument` for a place without a mask.
 */
export function maskPlaces(count: number): (text: string) => (string | number)[] {
  let next = 0
  return (text) => {
    const pieces: (string | number)[] = []
    let from = 0
    for (const { 0: place, 1: number, index } of text.matchAll(/\{mask(?::(\d{1,6}))?\}/g)) {
      const at = number === undefined ? (count === 1 ? 0 : next++) : Number(number) - 1
      if (at < 0 || at >= count) {
        throw new MllmError(
          'argument',
          `the question has a place ${place} for mask ${at + 1}, and ${count} are given`,
          { hint: 'give as many masks as the question points at: --mask a.png --mask b.png' },
        )
      }
      if (index > from) pieces.push(text.slice(from, index))
      pieces.push(at)
      from = index + place.length
    }
    if (from < text.length) pieces.push(text.slice(from))
    return pieces
  }
}

/**
 * A question with words in its places for masks (`maskPlaces`).
 * @throws MllmError `argument` for a place without a mask and for masks that no place asks for.
 */
export function fillMasks(question: string, masks: readonly string[]): string {
  const pieces = maskPlaces(masks.length)(question)
  const used = new Set(pieces.filter((piece) => typeof piece === 'number'))
  if (used.size < masks.length) {
    throw new MllmError(
      'argument',
      `${masks.length} masks are given, and the question points at ${used.size} of them`,
      {
        hint: 'write {mask}, or {mask:2} for the second, where the question means one',
      },
    )
  }
  return pieces.map((piece) => (typeof piece === 'number' ? masks[piece]! : piece)).join('')
}
