// What a record's texts must not hold before they teach anything: characters that stand for lost ones, and invisible ones that make two
// categories of one name. For every reader alike. Definition: ours; U+FFFD is the replacement character of Unicode 3.9.
import { soundName } from '@maskwords/words'
import type { Coverage, DataRecord, DialogueTurn, Reader, Region } from '../record.ts'

/** What an earlier tool wrote where it could not read a byte. */
const REPLACEMENT = '\uFFFD'

/**
 * The same reader, with names of categories made plain (see `soundName`) and records left out, a problem each, whose texts hold
 * U+FFFD: the letter that stood there is lost, and a model would learn to write the mark.
 */
export function withSoundText(reader: Reader): Reader {
  return {
    ...reader,
    async *read(options) {
      for await (const record of reader.read(options)) {
        const lost = lostText(record)
        if (lost === undefined) yield withSoundNames(record)
        else {
          const { id, picture } = record
          options.onProblem({
            kind: 'bad-field',
            message: `record ${id}: ${lost.place} ${JSON.stringify(lost.text.slice(0, 80))} holds U+FFFD, which stands for a letter that an earlier tool could not read; write it again from the source`,
            file: picture.file,
            at: id,
          })
        }
      }
    },
  }
}

function lostText(record: DataRecord): { readonly place: string; readonly text: string } | undefined {
  for (const [place, text] of textsOf(record)) if (text?.includes(REPLACEMENT)) return { place, text }
  return undefined
}

function* textsOf(record: DataRecord): Generator<readonly [place: string, text: string | undefined]> {
  for (const { id, category, captions } of record.regions) {
    yield [`the category of region ${id}`, category]
    for (const caption of captions ?? []) yield [`a caption of region ${id}`, caption]
  }
  for (const { text, answer } of record.phrases) {
    yield ['the phrase', text]
    yield ['the answer', answer]
  }
  for (const { text } of record.captions) yield ['the caption', text]
  for (const { predicate } of record.relations) yield ['the predicate', predicate]
  for (const { pieces } of record.dialogues.flat()) yield* textsOfPieces('the dialogue', pieces)
  for (const { question, options } of record.choices) {
    yield* textsOfPieces('the question', question)
    for (const option of options) yield ['the option', option]
  }
}

function* textsOfPieces(place: string, pieces: DialogueTurn['pieces']): Generator<readonly [string, string]> {
  for (const piece of pieces) if (typeof piece === 'string') yield [place, piece]
}

function withSoundNames(record: DataRecord): DataRecord {
  const { regions, coverage } = record
  const isSound =
    regions.every(({ category }) => category === undefined || category === soundName(category)) &&
    [coverage?.absent ?? [], coverage?.incomplete ?? []].flat().every((name) => name === soundName(name))
  if (isSound) return record
  return {
    ...record,
    regions: regions.map(withSoundName),
    ...(coverage !== undefined && { coverage: withSoundCoverage(coverage) }),
  }
}

function withSoundCoverage({ absent, incomplete }: Coverage): Coverage {
  return {
    absent: absent === 'others' ? absent : absent.map(soundName),
    incomplete: incomplete === 'any' ? incomplete : incomplete.map(soundName),
  }
}

function withSoundName(region: Region): Region {
  const { category, ...others } = region
  const name = category === undefined ? '' : soundName(category)
  return name === '' ? others : { ...others, category: name }
}
