// METEOR with tables: small ones made here in the forms of the published files. interop/meteor.test.ts holds all of it to the Java program.
import { deflateRawSync, gzipSync } from 'node:zlib'
import { meteor } from '@maskwords/eval'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../../../commands/test/command.ts'
import { jarTexts } from './jar.ts'
import { normalisedWords } from './normalise.ts'
import { paraphraseTable } from './paraphrases.ts'
import { synonymSets } from './synonyms.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

/** A Java archive of texts, every other one stored as it is. */
function jar(texts: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let at = 0
  for (const [k, [name, text]] of Object.entries(texts).entries()) {
    const plain = Buffer.from(text)
    const data = k % 2 === 0 ? deflateRawSync(plain) : plain
    const local = Buffer.alloc(30 + name.length)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(name.length, 26)
    local.write(name, 30)
    const entry = Buffer.alloc(46 + name.length)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(k % 2 === 0 ? 8 : 0, 10)
    entry.writeUInt32LE(data.length, 20)
    entry.writeUInt32LE(plain.length, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(at, 42)
    entry.write(name, 46)
    locals.push(local, data)
    central.push(entry)
    at += local.length + data.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(central.length, 10)
  end.writeUInt32LE(Buffer.concat(central).length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, ...central, end])
}

const TEXTS = {
  'function/english.words': 'a\nthe\nis\n',
  'nonbreaking/english.prefixes': '# words\nMr\nno #NUMERIC_ONLY#\n',
  'synonym/english.synsets': 'horse\n1 2\npony\n2\ncar\n7\nautomobile\n7\nrun\n9\n',
  'synonym/english.exceptions': 'run\nran\n',
}
const PARAPHRASES = [
  '0.5',
  'next to',
  'beside',
  '0.1',
  'a lot of',
  'many',
  '0.2',
  'unheard of',
  'new',
  '',
].join('\n')

describe('the tables', () => {
  it('synonyms are those of the word and of the word that it is a form of', () => {
    const sets = synonymSets(TEXTS['synonym/english.synsets'], TEXTS['synonym/english.exceptions'])
    expect([...sets('horse')]).toEqual([1, 2])
    expect([...sets('horses')]).toEqual([1, 2])
    expect([...sets('ponies')]).toEqual([2])
    expect([...sets('ran')]).toEqual([9])
    expect([...sets('glass')]).toEqual([])
  })

  it('paraphrases are kept whose words the captions have, however the file comes in pieces', () => {
    const words = new Set('next to beside many a lot'.split(' '))
    const all = [1, 3, 7, 1000].map((step) => {
      const table = paraphraseTable(words)
      for (let k = 0; k < PARAPHRASES.length; k += step) table.push(PARAPHRASES.slice(k, k + step))
      return [table.find(['is', 'next', 'to'], 1), table.find(['a', 'lot', 'of'], 0), table.lines]
    })
    for (const one of all) expect(one).toEqual([[{ words: 2, paraphrase: ['beside'] }], [], 9])
  })

  it('words as the program splits them: hyphens, apostrophes, commas, full stops', () => {
    const prefixes = new Map([['mr', 'always']] as const)
    const words = (line: string) => normalisedWords(line, prefixes).join(' ')
    expect(words("a dog 's t-shirt")).toBe("a dog ' s t shirt")
    expect(words("it's 1,000 , 5,a")).toBe("it 's 1,000 , 5 , a")
    expect(words('mr. Fox end. U.S. of ... x..')).toBe('mr. fox end . us of ... x ..')
    expect(words('the end.')).toBe('the end .')
    expect(words('caf\u00e9 \ud83d\ude00(x)')).toBe('caf\u00e9 \ud83d\ude00 ( x )')
  })

  it('an archive that is none, cut or without an entry is told', () => {
    const whole = jar(TEXTS)
    expect(jarTexts(whole, ['function/english.words'], 'x.jar')).toEqual({
      'function/english.words': 'a\nthe\nis\n',
    })
    expect(() => jarTexts(whole, ['nothing'], 'x.jar')).toThrow('there is no nothing in it')
    for (const cut of [0, 10, 40, whole.length - 30])
      expect(() => jarTexts(whole.subarray(0, cut), ['function/english.words'], 'x.jar')).toThrow(/archive/)
    expect(() => jarTexts(whole.subarray(60), ['function/english.words'], 'x.jar')).toThrow(/archive|where/)
  })
})

it('synonyms and paraphrases raise the number; stages weigh 0.8 and 0.6', () => {
  const table = paraphraseTable(new Set('next to beside'.split(' ')))
  table.push(PARAPHRASES)
  const tables = {
    functionWords: new Set(['a', 'the', 'is']),
    normalised: (words: readonly string[]) => words,
    synonymSets: synonymSets(TEXTS['synonym/english.synsets'], TEXTS['synonym/english.exceptions']),
    paraphrasesAt: table.find,
  }
  const score = (caption: string, reference: string) =>
    meteor([{ id: 'a', caption, references: [reference] }], { tables }).rows[0]!.score
  // One word of one: precision and recall are the stage's weight; one chunk of one match is the whole penalty, but for a perfect caption.
  expect(score('horse', 'horse')).toBe(1)
  expect(score('pony', 'horse')).toBeCloseTo(0.8, 12)
  expect(score('beside', 'next to')).toBeCloseTo(0.6, 12)
  expect(score('glass', 'horse')).toBe(0)
})

describe('region-caption --meteor-data', () => {
  file(
    'truth.jsonl',
    '{"id":1,"captions":["the car is next to a horse"],"masks":[{"size":[2,2],"counts":[0,4]}]}',
  )
  file('said.jsonl', '{"id":1,"caption":"the automobile is beside a pony"}')
  const argv = ['eval', 'region-caption', '--truth', 'truth.jsonl', '--predictions', 'said.jsonl', '--json']
  const run = async (...more: string[]) =>
    JSON.parse((await runCommand([...argv, ...more], { cwd: folder })).out)

  it('is the published number with the tables, a lower one without; the stamps differ', async () => {
    file('data/meteor-1.5.jar', jar(TEXTS))
    file('data/data/paraphrase-en.gz', gzipSync(PARAPHRASES))
    const full = await run('--meteor-data', 'data')
    const plain = await run()
    expect(full.metrics.meteor).toBeGreaterThan(2 * plain.metrics.meteor)
    expect([full.stamp.settings.meteor, plain.stamp.settings.meteor]).toEqual(['1.5', 'exact-stem'])
  })

  it('a folder without the files, and files that are others, are told with what to do', async () => {
    expect((await run('--meteor-data', 'nowhere')).error).toMatchObject({
      code: 'not-found',
      hint: expect.stringContaining('pycocoevalcap'),
    })
    file('bad/meteor-1.5.jar', 'no archive')
    file('bad/data/paraphrase-en.gz', 'no gzip')
    expect((await run('--meteor-data', 'bad')).error.message).toContain('no Java archive')
    file('bad/meteor-1.5.jar', jar(TEXTS))
    expect((await run('--meteor-data', 'bad')).error.message).toContain('cannot be unpacked')
    file('bad/data/paraphrase-en.gz', gzipSync('a\nb\nc\n'))
    expect((await run('--meteor-data', 'bad')).error.message).toContain('no paraphrases')
  })
})
