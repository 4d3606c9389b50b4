// METEOR's tables from the files of the published program: meteor-1.5.jar (words, WordNet) and data/paraphrase-en.gz, as pycocoevalcap installs them.
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { type CaptionSample, captionTokens, type MeteorTables } from '@maskwords/eval'
import { type Context, MaskwordsError, readInput, throwIfAborted } from '@maskwords/files'
import { jarTexts } from './jar.ts'
import { normalisedWords, type Prefixes } from './normalise.ts'
import { paraphraseTable } from './paraphrases.ts'
import { synonymSets } from './synonyms.ts'

const JAR = 'meteor-1.5.jar'
const ENTRIES = [
  'function/english.words',
  'nonbreaking/english.prefixes',
  'synonym/english.synsets',
  'synonym/english.exceptions',
] as const
const PARAPHRASES = join('data', 'paraphrase-en.gz')
/** The published archive has 6 MB. */
const MAX_JAR_BYTES = 2 ** 27

/**
 * Reads the tables in a folder for the words of some captions: of the paraphrases those are kept that the captions can have.
 * @throws MaskwordsError `not-found` where a file is missing, `malformed` for what is no such file.
 */
export async function readMeteorTables(
  context: Pick<Context, 'io' | 'path' | 'talk'>,
  folder: string,
  samples: readonly CaptionSample[],
): Promise<MeteorTables> {
  const root = context.path(folder)
  for (const name of [JAR, PARAPHRASES]) {
    if (existsSync(join(root, name))) continue
    throw new MaskwordsError('not-found', `there is no ${name} in it`, {
      file: folder,
      hint: 'pip download pycocoevalcap has both: name the folder pycocoevalcap/meteor of what it installs',
    })
  }
  const jar = await readInput(context.io, join(folder, JAR), MAX_JAR_BYTES)
  const texts = jarTexts(jar.bytes, ENTRIES, jar.name)
  const prefixes = prefixesOf(texts['nonbreaking/english.prefixes'])
  const normalised = (words: readonly string[]) => normalisedWords(lineOf(words), prefixes)
  const vocabulary = new Set<string>()
  for (const { caption, references } of samples) {
    for (const text of [caption, ...references]) {
      for (const word of normalised(captionTokens(text))) vocabulary.add(word)
    }
  }
  return {
    functionWords: new Set(texts['function/english.words'].split(/\s+/).filter((word) => word !== '')),
    normalised,
    synonymSets: synonymSets(texts['synonym/english.synsets'], texts['synonym/english.exceptions']),
    paraphrasesAt: await paraphrasesOf(
      context,
      join(root, PARAPHRASES),
      `${folder}/${PARAPHRASES}`,
      vocabulary,
    ),
  }
}

/** Tokens as a line of the program's input. */
const lineOf = (words: readonly string[]): string =>
  words.join(' ').replaceAll('|||', '').replaceAll('  ', ' ')

function prefixesOf(text: string): Prefixes {
  const found = new Map<string, 'always' | 'numbers'>()
  for (const line of text.split('\n')) {
    const [word, mark] = line.split(/\s+/).filter((one) => one !== '')
    if (word === undefined || word.startsWith('#')) continue
    found.set(word, mark === '#NUMERIC_ONLY#' ? 'numbers' : 'always')
  }
  return found
}

async function paraphrasesOf(
  { io, talk }: Pick<Context, 'io' | 'talk'>,
  path: string,
  name: string,
  vocabulary: ReadonlySet<string>,
) {
  await talk.note('METEOR: its table of paraphrases is read, which takes some seconds')
  const table = paraphraseTable(vocabulary)
  const decoder = new TextDecoder()
  try {
    for await (const chunk of createReadStream(path).pipe(createGunzip())) {
      throwIfAborted(io.signal)
      table.push(decoder.decode(chunk as Buffer, { stream: true }))
    }
  } catch (error) {
    throwIfAborted(io.signal)
    throw new MaskwordsError('malformed', `it cannot be unpacked: ${(error as Error).message}`, {
      file: name,
      cause: error,
    })
  }
  if (table.lines < 3 || !table.isTable) {
    throw new MaskwordsError(
      'malformed',
      'these are no paraphrases: a probability and two phrases, a line each',
      {
        file: name,
        hint: 'METEOR 1.5 is wanted, as pycocoevalcap brings it',
      },
    )
  }
  return table.find
}
