// What the folder of a prepared dataset says of its language, which vocabularies and rewards must fit: dataset.json of `prepare`.
import { readStamp } from '@maskwords/data'
import { MaskwordsError } from '@maskwords/files'
import { type WordSet, wordSetOfName } from '@maskwords/learn'
import type { Vocabulary } from '@maskwords/words'

export type PreparedLanguage = {
  readonly folder: string
  /** As `--codec` names it. */
  readonly codec: string
  readonly words: WordSet
  readonly kind: Vocabulary['kind']
  readonly tasks: readonly string[]
  readonly writer: string
  /** Whether truths hold the masks themselves. */
  readonly truthMasks: boolean
}

/**
 * The language of a folder that `prepare` wrote.
 * @throws MaskwordsError `not-found` where it has no stamp, `malformed` for one that names no vocabulary; DataError for what is no stamp
 */
export async function preparedLanguage(folder: string): Promise<PreparedLanguage> {
  const stamp = await readStamp(folder)
  if (stamp === undefined) {
    throw new MaskwordsError(
      'not-found',
      'there is no dataset.json: maskwords prepare did not write this folder',
      {
        file: folder,
        hint: 'name the folder that stood behind -o of maskwords prepare',
      },
    )
  }
  const { codec, tasks, writer, truthMasks } = stamp
  const words = codec.vocabulary === undefined ? undefined : wordSetOfName(codec.vocabulary)
  if (words?.vocabulary === undefined) {
    throw new MaskwordsError('malformed', 'its dataset.json names no vocabulary', {
      file: folder,
      hint: 'prepare it again (--overwrite), or say the words: --words samtok-256x2',
    })
  }
  const { kind } = words.vocabulary
  const names = tasks.map(({ name }) => name)
  const source = kind === 'getok' ? `getok:${words.vocabulary.gridSize}` : codec.name
  return { folder, codec: source, words, kind, tasks: names, writer, truthMasks: truthMasks === true }
}
