// METEOR against the Java program that pycocoevalcap runs, with its synonyms and paraphrases.
import { spawnSync } from 'node:child_process'
import { type CaptionSample, captionTokens, meteor } from '@maskwords/eval'
import { expect, it } from 'vitest'
import { readMeteorTables } from '../packages/benchmarks/src/meteor/read-tables.ts'
import { randomOf } from '../packages/eval/src/statistics/random.ts'
import { HARD_CAPTIONS, madeCaptions } from './caption-corpus.ts'
import { runPython } from './python.ts'

const hasJava = spawnSync('java', ['-version']).status === 0

/** Words with synonyms, forms, phrases that have paraphrases, and such that have none. */
const WORDS =
  "a an the man woman dog cat cats kid child children person people rides riding rode horse pony bicycle bike red big large huge small little tiny house home building car automobile street road walking runs jogging standing sits seated on in at near beside next to close of with without and or is are was wearing dressed black white t-shirt holding in front of in the middle of looking at a lot of many several a couple of two picture photo image there 's n't on top of left side old aged boy lady gentleman eats food meal desk couch sofa".split(
    ' ',
  )

it.skipIf(!hasJava)(
  'meteor gives what the Java program gives, for 2,400 captions',
  async () => {
    const random = randomOf(15)
    const words = (count: number) => Array.from({ length: count }, () => WORDS[random.below(WORDS.length)]!)
    const samples: CaptionSample[] = Array.from({ length: 2000 }, (_, k) => {
      const reference = words(3 + random.below(14))
      const caption = [...reference]
      for (let change = random.below(6); change > 0; change--)
        caption[random.below(caption.length)] = words(1)[0]!
      if (random.below(3) === 0) caption.push(...caption.splice(0, random.below(caption.length)))
      const references = [reference.join(' '), words(3 + random.below(12)).join(' ')]
      return {
        id: String(k),
        caption: caption.join(' '),
        references: references.slice(0, 1 + random.below(2)),
      }
    })
    const hard = [...HARD_CAPTIONS, ...madeCaptions(400 - HARD_CAPTIONS.length, 5)]
    for (const [k, caption] of hard.entries()) {
      const references = [hard[(k + 1) % hard.length]!, caption.split(' ').reverse().join(' ')]
      samples.push({ id: `hard ${k}`, caption, references })
    }
    const tokens = (text: string) => captionTokens(text).join(' ')
    const theirs = await runPython<{ folder: string; score: number; scores: number[] }>(
      'meteor.py',
      samples.map(({ caption, references }) => ({
        caption: tokens(caption),
        references: references.map(tokens),
      })),
    )
    const context = {
      io: { signal: new AbortController().signal, cwd: '/' },
      path: (name: string) => name,
      talk: { note: async () => {} },
    }
    const tables = await readMeteorTables(
      context as unknown as Parameters<typeof readMeteorTables>[0],
      theirs.folder,
      samples,
    )
    const ours = meteor(samples, { tables })
    const differing = samples.flatMap((sample, k) => {
      const score = ours.rows[k]!.score
      return Math.abs(score - theirs.scores[k]!) < 1e-9 ? [] : [{ sample, score, theirs: theirs.scores[k] }]
    })
    expect(differing.slice(0, 5)).toEqual([])
    expect(ours.score).toBeCloseTo(theirs.score, 9)
    // The tables matter: without them the number is another one.
    expect(Math.abs(meteor(samples).score! - theirs.score)).toBeGreaterThan(0.003)
  },
  300_000,
)
