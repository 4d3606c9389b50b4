// Every form of answer that `prepare` teaches is read by the benchmark that it belongs to: a record, the conversations of all
// tasks, their answers as a model would repeat them, a perfect score. Masks of the truth are those that the words decode to.

import type { EncodedImage, MaskCodec, WordsInput } from '@maskwords/codecs'
import { boxOfMask, mergeSmallestOnTop } from '@maskwords/eval'
import { loadCodec, readWords } from '@maskwords/files'
import { cocoRleFromMask, type Mask, maskFromCocoRle, writePng } from '@maskwords/mask'
import { plainCaption } from '@maskwords/words'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type FilledConversation,
  fillConversation,
  geometryText,
  TASKS,
  type TaskConversation,
} from '../../data/src/index.ts'
import { CATEGORIES, maskOf, picturesOf, STREET } from '../../data/test/sample-records.ts'
import { makeFolder, runCommand } from '../test/command.ts'

const { folder, file, remove } = makeFolder()
const { widthPx, heightPx } = STREET.picture
const size = [heightPx, widthPx]

/** The published style of each language, and others that it may be asked for. */
const STYLES = {
  getok: ['auto', 'sentence', 'bare'],
  samtok: ['auto', 'lines', 'sentence', 'bare'],
  himtok: ['auto'],
} as const

/** Where no benchmark of this project reads answers: names, descriptions and yes or no are judged by captions elsewhere. */
const TEXT_ONLY = ['region-caption', 'region-question']

type Sample = {
  readonly task: string
  readonly benchmark: string
  readonly truth: Record<string, unknown>
  readonly answer: string
}

for (const language of ['getok', 'samtok', 'himtok'] as const) {
  describe(`answers in the words of ${language}`, () => {
    let codec: MaskCodec
    let image: EncodedImage
    const words = new Map<string, string>()
    const decoded = new Map<string, Mask>()
    const samples: Sample[] = []
    const numbers = new Map<string, Record<string, number | null>>()

    beforeAll(async () => {
      codec = await loadCodec(language === 'getok' ? 'getok' : `${language}-nano`)
      const bytes = new Uint8Array(3 * widthPx * heightPx).fill(90)
      file('street/17.jpg', writePng({ widthPx, heightPx, colour: 'rgb', bitDepth: 8, samples: bytes }))
      const pixels = codec.needsImage ? { widthPx, heightPx, rgb: bytes } : { widthPx, heightPx }
      image = await codec.encodeImage(pixels as Parameters<MaskCodec['encodeImage']>[0])
      const built = TASKS.flatMap((task) =>
        STYLES[language].flatMap((answer) => {
          if (answer !== 'auto' && !Object.hasOwn(task.settings, 'answer')) return []
          if (isGrid(task.name) && language !== 'getok') return []
          if (isSpanOnly(task.name) && language === 'getok') return []
          // A list of several names needs labels.
          if (task.name === 'open-vocabulary' && ['sentence', 'bare'].includes(answer)) return []
          const options = { seed: 1, settings: { answer }, categories: CATEGORIES, language }
          return task.build(STREET, options).map((one) => ({ ...one, id: `${one.id}/${answer}` }))
        }),
      )
      for (const conversation of built) await encodeAll(conversation)
      for (const conversation of built) samples.push(...(await samplesOf(conversation)))
      for (const benchmark of new Set(samples.map((one) => one.benchmark))) {
        numbers.set(
          benchmark,
          await evaluated(
            benchmark,
            samples.filter((one) => one.benchmark === benchmark),
          ),
        )
      }
    }, 240_000)
    afterAll(async () => {
      await codec.close()
    })

    const keyOf = (ids: readonly string[], length?: number) => `${ids.join()} ${length ?? ''}`

    async function encodeAll(conversation: TaskConversation): Promise<void> {
      const pieces = [
        ...conversation.turns.flatMap((turn) => turn.pieces),
        ...(conversation.truth?.pieces ?? []),
      ]
      for (const piece of pieces) {
        if (typeof piece === 'string' || !('regions' in piece) || piece.form.as !== 'words') continue
        const key = keyOf(piece.regions, piece.form.length)
        if (words.has(key)) continue
        const [said] = await codec.encode(image, [maskOf(STREET, piece.regions)])
        const text =
          piece.form.length === undefined || language !== 'himtok'
            ? said!.text
            : `<|mt_start|>${Array.from(said!.codes)
                .slice(0, piece.form.length)
                .map((code) => `<|mt_${code}|>`)
                .join('')}<|mt_end|>`
        words.set(key, text)
      }
    }

    async function maskOfWords(text: string): Promise<Mask> {
      const known = decoded.get(text)
      if (known !== undefined) return known
      const [found] = readWords(text)!.found
      const input: WordsInput = language === 'getok' ? text : [...found!.codes]
      const mask = (await codec.decode(image, [input]))[0]!.mask
      decoded.set(text, mask)
      return mask
    }

    function fill(conversation: TaskConversation): FilledConversation {
      return fillConversation(conversation, {
        record: STREET,
        pictures: picturesOf(conversation, STREET),
        wordsOf: (ids, form) =>
          form.as === 'words'
            ? words.get(keyOf(ids, form.length))!
            : geometryText({ form, mask: maskOf(STREET, ids), picture: STREET.picture, language }),
      })
    }

    async function samplesOf(conversation: TaskConversation): Promise<Sample[]> {
      const { id, task, truth } = conversation
      const said = fill(conversation)
      const answer = said.turns.at(-1)!.text
      const places = truth!.pieces.flatMap((piece) =>
        typeof piece !== 'string' && 'regions' in piece ? [piece] : [],
      )
      const own = places.filter(({ form }) => form.as === 'words')
      const rles = await Promise.all(
        own.map(async ({ regions, form }) =>
          cocoRleFromMask(
            await maskOfWords(words.get(keyOf(regions, (form as { length?: number }).length))!),
          ),
        ),
      )
      const nameOf = (regions: readonly string[]) =>
        STREET.regions.find((region) => region.id === regions[0])?.category ?? 'object'
      const base = { id, picture: STREET.picture.file, size }
      const sample = (benchmark: string, more: Record<string, unknown>): Sample => ({
        task,
        benchmark,
        truth: { ...base, ...more },
        answer,
      })
      const labels = own.map(({ regions }) => nameOf(regions))
      const boxes = places.map(({ regions }) => boxOfMask(maskOf(STREET, regions), 'correct'))
      switch (truth!.kind) {
        case 'no-target':
          return [sample('gres', { masks: [] })]
        case 'name':
          return task === 'existence' ? [sample('gres', { masks: [] })] : []
        case 'masks':
          if (task === 'open-vocabulary') {
            // Classes of a truth do not overlap.
            const classes = mergeSmallestOnTop(
              rles.map((rle, k) => ({ name: labels[k]!, mask: maskFromCocoRle(rle) })),
            )
            return [
              sample('open-vocabulary', {
                masks: classes.map(({ mask }) => cocoRleFromMask(mask)),
                labels: classes.map(({ name }) => name.toUpperCase()),
              }),
            ]
          }
          return [sample('gres', { masks: rles }), sample('mmr', { masks: rles })]
        case 'box':
          return [sample('rec', { boxes })]
        case 'mask-and-box':
          // Words of GETok and a box in grid words are one answer: the box is the region's.
          return language === 'getok'
            ? []
            : [sample('rec', { boxes: boxes.slice(0, 1) }), sample('gres', { masks: rles })]
        case 'choice': {
          const count = truth!.extra!['options'] as number
          return [
            sample('perception', {
              options: Array.from({ length: count }, (_, k) => `option ${k}`),
              right: truth!.pieces[0],
            }),
          ]
        }
        case 'points':
          return [
            sample('pointing', {
              masks: places.map(({ regions }) => cocoRleFromMask(maskOf(STREET, regions))),
            }),
          ]
        case 'polylines':
          return [
            sample('polyline', {
              lines: boxes.map((box) => {
                const [left, top, right, bottom] = box!
                const [x, y] = [(left + right) / 2, (top + bottom) / 2]
                return bottom - top >= right - left
                  ? [
                      [x, top],
                      [x, bottom],
                    ]
                  : [
                      [left, y],
                      [right, y],
                    ]
              }),
            }),
          ]
        case 'refinement': {
          const text = `${said.truth!.previous}\n${answer}`
          return [{ ...sample('gres', { masks: [cocoRleFromMask(await maskOfWords(text))] }), answer: text }]
        }
        case 'scene-graph': {
          const relations = STREET.relations.map(({ predicate }, k) => [2 * k, predicate, 2 * k + 1])
          return [sample('psg', { masks: rles, labels, relations })]
        }
        case 'grounded-caption': {
          const spans = STREET.captions[0]!.spans
          const phrases = spans.map(({ start, end }) => STREET.captions[0]!.text.slice(start, end))
          return [sample('gcg', { masks: rles, labels: phrases, captions: [plainCaption(answer)] })]
        }
      }
      return []
    }

    async function evaluated(benchmark: string, list: readonly Sample[]) {
      const lines = (records: readonly unknown[]) =>
        records.map((record) => JSON.stringify(record)).join('\n')
      file(`${language}-t.jsonl`, lines(list.map(({ truth }) => truth)))
      file(`${language}-p.jsonl`, lines(list.map(({ truth, answer }) => ({ id: truth['id'], text: answer }))))
      const more =
        benchmark === 'perception' ? [] : ['--codec', language === 'getok' ? 'getok' : `${language}-nano`]
      const { out, err } = await runCommand(
        [
          'eval',
          benchmark,
          '--truth',
          `${language}-t.jsonl`,
          '--predictions',
          `${language}-p.jsonl`,
          '--json',
          '--pictures',
          '.',
          ...more,
        ],
        { cwd: folder },
      )
      const value = JSON.parse(out)
      if (value.failed > 0 || value.errors === undefined || value.errors.length > 0)
        throw new Error(`${benchmark}: ${err} ${out.slice(0, 2000)}`)
      return value.metrics
    }

    it('every task with masks, boxes, points or letters has a benchmark', () => {
      const read = new Set(samples.map(({ task }) => task))
      const wanted = TASKS.map(({ name }) => name).filter(
        (name) =>
          !TEXT_ONLY.includes(name) &&
          !(language === 'getok' ? isSpanOnly(name) || name === 'referring-box' : isGrid(name)) &&
          // The last turn of the street's dialogue is a word.
          name !== 'dialogue',
      )
      expect(wanted.filter((name) => !read.has(name))).toEqual([])
    })

    const perfect: readonly (readonly [benchmark: string, metric: string])[] = [
      ['gres', 'meanIou'],
      ['gres', 'noTargetAccuracy'],
      ['mmr', 'meanIou'],
      ['open-vocabulary', 'meanClassIou'],
      ['rec', 'accuracy@0.5'],
      ['perception', 'accuracy'],
      ['pointing', 'f1'],
      ['polyline', 'f1'],
      ['psg', 'recall@20'],
      ['gcg', 'ap50'],
      ['gcg', 'meteor'],
    ]
    for (const [benchmark, metric] of perfect) {
      it(`${benchmark}: ${metric} is perfect`, (context) => {
        const values = numbers.get(benchmark)
        if (values === undefined) return context.skip(`${language} has no answers of ${benchmark}`)
        expect([benchmark, metric, values[metric]]).toEqual([benchmark, metric, expect.closeTo(1, 2)])
      })
    }
  })
}
afterAll(remove)

/** Tasks in grid words alone. */
function isGrid(task: string): boolean {
  return ['pointing', 'polyline', 'refinement'].includes(task)
}

/** Tasks whose wrappers hold mask words between start and end. */
function isSpanOnly(task: string): boolean {
  return task === 'grounded-caption' || task.startsWith('scene-graph') || task === 'token-budget'
}
