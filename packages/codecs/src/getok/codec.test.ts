import { area, emptyMask, fullMask, iou, type Mask, maskFromRings, tightBox } from '@maskwords/mask'
import { getokVocabulary, wordAt } from '@maskwords/words'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blob, thinLine } from '../../test/getok-blobs.ts'
import type { Pixels, Segmenter, SegmentPrompt } from '../codec.ts'
import { CodecError } from '../error.ts'
import { getokCodec } from './codec.ts'
import { DELETE, STAY } from './offset.ts'
import { randomFrom, randomInt } from './random.ts'
import { readRegions, regionToWords } from './words.ts'

const codec = getokCodec()
const size = { widthPx: 210, heightPx: 210 }
const blobs = Array.from({ length: 40 }, (_, seed) => blob(seed + 1))
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length

function boxMask(mask: Mask): Mask {
  const { x, y, width, height } = tightBox(mask)
  const ring = [x, y, x + width, y, x + width, y + height, x, y + height]
  return maskFromRings({ ...size, rings: [ring] })
}

/** Foreground of one colour on another, both speckled by a fixed amount. */
function paint(mask: Mask): Pixels {
  const random = randomFrom(1)
  const rgb = new Uint8Array(210 * 210 * 3)
  for (let p = 0; p < 210 * 210; p++) for (let c = 0; c < 3; c++) rgb[3 * p + c] = 70 + 30 * c + random() * 40
  for (let e = 0; e < mask.edges.length; e += 2) {
    for (let k = mask.edges[e]!; k < mask.edges[e + 1]!; k++) {
      const p = (k % 210) * 210 + Math.floor(k / 210)
      for (let c = 0; c < 3; c++) rgb[3 * p + c] = 190 - 40 * c + random() * 40
    }
  }
  return { ...size, rgb }
}

describe('words of a mask', () => {
  it('are a box and a set of points, in row-major order, counted and weighed', async () => {
    const image = await codec.encodeImage(size)
    const [words] = await codec.encode(image, [blobs[0]!])
    expect(words!.text).toMatch(/^<box>(<grid_\d+_\d+>){2}<\/box><seg>(<grid_\d+_\d+>)+<\/seg>$/)
    const points = words!.codes.slice(2)
    expect([...points].sort((a, b) => a - b)).toEqual(points)
    // What a model writes: a token a word, and four tags of three as plain text; one each where they are words.
    expect(words!.tokens).toBe(words!.codes.length + 4 * 3)
    expect(words!.bits).toBe(10 * words!.codes.length)
    const region = readRegions(words!, codec.vocabulary)[0]!
    const tagged = regionToWords(region, getokVocabulary({ tagTokens: 1 }))
    expect([tagged.text, tagged.tokens]).toEqual([words!.text, words!.codes.length + 4])
    expect(words!.text.match(/<grid_\d+_\d+>/g)).toEqual(
      words!.codes.map((code) => wordAt(codec.vocabulary, code)),
    )
  })

  it('are nothing for an empty mask, which comes back empty', async () => {
    const image = await codec.encodeImage(size)
    const words = await codec.encode(image, [emptyMask(210, 210)])
    expect(words).toEqual([{ codes: [], text: '', tokens: 0, bits: 0 }])
    expect((await codec.decode(image, words))[0]!.mask.edges.length).toBe(0)
  })

  it('have one offset of log2(10) bits for every grid word when refined', async () => {
    const image = await codec.encodeImage(size)
    const [words] = await codec.encode(image, [blobs[3]!], { refine: true })
    const half = words!.codes.length / 2
    expect(words!.codes.slice(0, half).every((code) => code < 1024)).toBe(true)
    expect(words!.codes.slice(half).every((code) => code >= 1024 && code < 1034)).toBe(true)
    expect(words!.bits).toBeCloseTo(half * (10 + Math.log2(10)), 10)
    expect(words!.text).toMatch(/<\/seg>\n<offset><box>.*<\/box>\n<seg>.*<\/seg><\/offset>$/)
  })

  it('say the same as text, as codes and as encode returned them', async () => {
    for (const refine of [false, true]) {
      const image = await codec.encodeImage(size)
      const words = await codec.encode(image, blobs.slice(0, 12), { refine })
      const whole = await codec.decode(image, words)
      const byText = await codec.decode(
        image,
        words.map((one) => one.text),
      )
      const byCodes = await codec.decode(
        image,
        words.map((one) => Int32Array.from(one.codes)),
      )
      expect(byText).toEqual(whole)
      expect(byCodes).toEqual(whole)
    }
  })
})

describe('codes of a mask', () => {
  it('read a box from any two of its corners, as text does', () => {
    const right = readRegions([3 * 32 + 20, 9 * 32 + 4, 200], codec.vocabulary)
    expect(right[0]!.boxCells).toEqual([3 * 32 + 4, 9 * 32 + 20])
    const text = '<box><grid_20_3><grid_4_9></box><seg><grid_8_6></seg>'
    expect(readRegions(text, codec.vocabulary)).toEqual(right)
  })

  it('are read from texts one after the other, each with its own refinement, as from each alone', async () => {
    const image = await codec.encodeImage(size)
    const words = await codec.encode(image, blobs.slice(0, 3), { refine: true })
    const joined = readRegions(words.map((one) => one.text).join('\n'), codec.vocabulary)
    expect(joined).toEqual(words.flatMap((one) => readRegions(one.text, codec.vocabulary)))
    expect(joined.every((region) => region.offsets !== undefined)).toBe(true)
  })

  it('are points where there is only one', () => {
    expect(readRegions([7], codec.vocabulary)).toEqual([{ pointCells: [7] }])
    expect(readRegions([], codec.vocabulary)).toEqual([])
  })
})

describe('coarse decoding', () => {
  it('beats the box on blobs, and colours beat no colours', async () => {
    const image = await codec.encodeImage(size)
    const words = await codec.encode(image, blobs)
    const decoded = await codec.decode(image, words)
    const plain = mean(decoded.map(({ mask }, k) => iou(mask, blobs[k]!)))
    const box = mean(blobs.map((mask) => iou(boxMask(mask), mask)))
    const coloured: number[] = []
    for (let k = 0; k < blobs.length; k++) {
      const seen = await codec.encodeImage(paint(blobs[k]!))
      coloured.push(iou((await codec.decode(seen, [words[k]!]))[0]!.mask, blobs[k]!))
    }
    expect(plain).toBeGreaterThan(box + 0.08)
    expect(plain).toBeGreaterThan(0.75)
    expect(mean(coloured)).toBeGreaterThan(plain + 0.05)
  })

  it('gives a mask of the picture for any prompt that names anything', async () => {
    const cell = fc.integer({ min: 0, max: 1023 })
    const side = fc.integer({ min: 1, max: 90 })
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.array(cell, { minLength: 1, maxLength: 8 }),
        async (widthPx, heightPx, codes) => {
          const image = await codec.encodeImage({ widthPx, heightPx })
          const [decoded] = await codec.decode(image, [codes])
          expect([decoded!.mask.widthPx, decoded!.mask.heightPx]).toEqual([widthPx, heightPx])
          expect(decoded!.mask.edges.length).toBeGreaterThan(0)
          const { edges } = decoded!.mask
          for (let k = 1; k < edges.length; k++) expect(edges[k]!).toBeGreaterThan(edges[k - 1]!)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('has logits on request, positive where the mask is', async () => {
    const image = await codec.encodeImage(size)
    const words = await codec.encode(image, [blobs[2]!])
    const [decoded] = await codec.decode(image, words, { logits: true })
    const { widthPx, heightPx, data } = decoded!.logits!
    expect([widthPx, heightPx, data.length]).toEqual([256, 256, 65_536])
    const positive = data.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0) / data.length
    expect(positive).toBeCloseTo(area(decoded!.mask) / (210 * 210), 1)
    expect((await codec.decode(image, words))[0]!.logits).toBeUndefined()
  })

  it('fills what a polygon encloses and unites the lines of a text', async () => {
    const image = await codec.encodeImage({ widthPx: 840, heightPx: 840 })
    const square = '<pg><grid_3_3><grid_11_3><grid_11_11><grid_3_11></pg>'
    const [one] = await codec.decode(image, [square])
    expect(tightBox(one!.mask)).toEqual({ x: 92, y: 92, width: 210, height: 210 })
    const [two] = await codec.decode(image, [
      `${square}\n<pg><grid_20_20><grid_28_20><grid_28_28><grid_20_28></pg>`,
    ])
    expect(area(two!.mask)).toBe(2 * area(one!.mask))
  })

  it('drops what offsets delete: all points and corners leave an empty mask', async () => {
    const image = await codec.encodeImage(size)
    const region = { boxCells: [0, 330] as const, pointCells: [100, 101] }
    const gone = regionToWords(region, codec.vocabulary, { box: [DELETE, DELETE], points: [DELETE, DELETE] })
    const kept = regionToWords(region, codec.vocabulary, { box: [DELETE, DELETE], points: [STAY, STAY] })
    const [a, b] = await codec.decode(image, [gone, kept])
    expect(a!.mask.edges.length).toBe(0)
    expect(b!.mask.edges.length).toBeGreaterThan(0)
  })

  it('brings whole pictures, thin lines and single pixels back without failing', async () => {
    const pixel = maskFromRings({ ...size, rings: [[50, 60, 51, 60, 51, 61, 50, 61]] })
    const masks = [fullMask(210, 210), thinLine(4), pixel]
    for (const refine of [false, true]) {
      const image = await codec.encodeImage(size)
      const decoded = await codec.decode(image, await codec.encode(image, masks, { refine }))
      expect(iou(decoded[0]!.mask, masks[0]!)).toBeGreaterThan(0.8)
      expect(decoded.every(({ mask }) => mask.edges.length > 0)).toBe(true)
    }
  })
})

describe('choosing points through a segmenter', () => {
  it('asks once for all masks of a picture, and again after a failure', async () => {
    let calls = 0
    let broken = true
    const halves: Segmenter<null> = {
      name: 'halves',
      async encodeImage() {
        return null
      },
      async segment() {
        return []
      },
      async segmentEach(_, prompts) {
        calls++
        if (broken) throw new Error('out of memory')
        const ring = [0, 0, 105, 0, 105, 210, 0, 210]
        return prompts.map((_prompt, k) =>
          k === 37 ? [{ mask: maskFromRings({ ...size, rings: [ring] }) }] : [],
        )
      },
    }
    const seeing = getokCodec({ segmenter: halves })
    const image = await seeing.encodeImage(paint(blobs[0]!))
    const left = maskFromRings({ ...size, rings: [[0, 0, 105, 0, 105, 200, 0, 200]] })
    await expect(seeing.encode(image, [left], { points: 'scan' })).rejects.toThrow('out of memory')
    broken = false
    const words = await seeing.encode(image, [left, left], { points: 'maxgain' })
    expect(words.map((one) => one.codes.slice(2))).toEqual([[37], [37]])
    await seeing.encode(image, [left], { points: 'scan' })
    expect(calls).toBe(2)
  })
})

describe('decoding through a segmenter', () => {
  const prompts: SegmentPrompt[] = []
  const recorder: Segmenter<string> = {
    name: 'recorder',
    async encodeImage(pixels) {
      return `${pixels.widthPx} wide`
    },
    async segment(image, prompt, options = {}) {
      expect(image).toBe('210 wide')
      prompts.push(prompt)
      const small = { mask: blobs[0]!, score: 0.3 }
      return options.multimask === true ? [small, { mask: blobs[1]!, score: 0.8 }, small] : [small]
    },
  }

  it('prompts with the box and all points as positive, and takes the best of three only for a lone point', async () => {
    const seeing = getokCodec({ segmenter: recorder })
    const image = await seeing.encodeImage(paint(blobs[0]!))
    const [whole, point] = await seeing.decode(image, [
      '<box><grid_0_0><grid_9_9></box><seg><grid_3_3><grid_4_4></seg>',
      '<grid_3_3>',
    ])
    expect(whole).toEqual({ mask: blobs[0], score: 0.3 })
    expect(point).toEqual({ mask: blobs[1], score: 0.8 })
    expect(prompts[0]!.boxXyxyPx).toEqual([3.28125, 3.28125, 62.34375, 62.34375])
    expect([...(prompts[0]!.labels as Uint8Array)]).toEqual([1, 1])
    expect([...(prompts[1]!.pointsXyPx as Float64Array)]).toEqual([22.96875, 22.96875])
  })

  it('needs the picture', async () => {
    const seeing = getokCodec({ segmenter: recorder })
    expect(seeing.needsImage).toBe(true)
    await expect(seeing.encodeImage(size)).rejects.toMatchObject({ code: 'missing-input' })
    const blind = await codec.encodeImage(size)
    await expect(seeing.decode(blind, ['<grid_1_1>'])).rejects.toMatchObject({ code: 'missing-input' })
    await expect(codec.encode(blind, [blobs[0]!], { points: 'scan' })).rejects.toMatchObject({
      code: 'missing-input',
    })
  })
})

describe('input that says no mask', () => {
  const refusals: [string, string | number[], string][] = [
    ['text without words', 'there is no such object', 'malformed-words'],
    ['a box of one corner', '<box><grid_1_1></box>', 'malformed-words'],
    ['a cell outside the grid', '<seg><grid_40_1></seg>', 'malformed-words'],
    ['an open line', '<pl><grid_1_1><grid_2_2></pl>', 'malformed-words'],
    [
      'offsets that do not mirror',
      '<seg><grid_1_1></seg><offset><seg><DELETE><DELETE></seg></offset>',
      'malformed-words',
    ],
    ['a code outside the vocabulary', [1034], 'malformed-words'],
    ['a code that is no number', [Number.NaN], 'malformed-words'],
    ['offset codes too few', [1, 2, 3, 1028], 'malformed-words'],
    ['grid codes after offsets', [1, 1028, 2], 'malformed-words'],
    ['words without end', new Array(5000).fill(1), 'too-large'],
    ['objects without end', '<grid_1_1>\n'.repeat(65), 'too-large'],
  ]
  it.each(refusals)('%s', async (_, words, code) => {
    const image = await codec.encodeImage(size)
    await expect(codec.decode(image, [words])).rejects.toMatchObject({ name: 'CodecError', code })
  })

  it('a mask or picture of the wrong size, a foreign picture, a closed codec, an aborted call', async () => {
    const image = await codec.encodeImage(size)
    await expect(codec.encode(image, [emptyMask(10, 10)])).rejects.toMatchObject({
      code: 'size-mismatch',
      at: 0,
    })
    await expect(codec.encodeImage({ widthPx: 0, heightPx: 3 })).rejects.toBeInstanceOf(CodecError)
    await expect(codec.encodeImage({ widthPx: 2 ** 20, heightPx: 2 ** 20 })).rejects.toMatchObject({
      code: 'too-large',
    })
    await expect(codec.encodeImage({ ...size, rgb: new Uint8Array(5) })).rejects.toMatchObject({
      code: 'size-mismatch',
    })
    const foreign = { ...image, codec: 'samtok' } as unknown as typeof image
    await expect(codec.decode(foreign, [])).rejects.toMatchObject({ code: 'wrong-owner' })
    const shut = getokCodec()
    await shut.close()
    await shut.close()
    await expect(shut.encodeImage(size)).rejects.toMatchObject({ code: 'wrong-owner' })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(codec.encode(image, [blobs[0]!], { signal })).rejects.toThrow('enough')
    await expect(codec.decode(image, ['<grid_1_1>'], { signal })).rejects.toThrow('enough')
  })

  it('notices an abort between masks', async () => {
    const image = await codec.encodeImage(size)
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('enough')), 60)
    const many = new Array(2000).fill('<grid_1_1>')
    await expect(codec.decode(image, many, { signal: abort.signal })).rejects.toThrow('enough')
  })

  it('reads the most words that it takes in well under a second', async () => {
    const image = await codec.encodeImage(size)
    const start = process.cpuUsage()
    const [decoded] = await codec.decode(image, [[0, 1023, ...Array.from({ length: 1022 }, (_, k) => k + 1)]])
    expect(area(decoded!.mask)).toBeGreaterThan(30_000)
    // Processor time, so that a busy machine does not count.
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000)
  })

  it('never fails otherwise than by CodecError, on 100,000 mutated texts', () => {
    const random = randomFrom(9)
    const seeds = [
      '<box><grid_0_0><grid_9_9></box><seg><grid_3_3><grid_4_4></seg>\n<offset><box>[OFF_0_0][OFF_1_1]</box>\n<seg><DELETE>[OFF_0_-1]</seg></offset>',
      'cat: <box><grid_1_2><grid_5_6></box><seg><grid_2_3></seg>\n<pg><grid_1_1><grid_4_1><grid_4_4></pg>',
      '<think>x</think><answer><grid 1,2>, <gird_3_4></answer>',
    ]
    const pieces = [
      '<',
      '>',
      '_',
      '9',
      '-',
      '<grid_1_1>',
      '<box>',
      '</box>',
      '<offset>',
      '<DELETE>',
      '\n',
      '<pg>',
      ':',
      '[OFF_1_0]',
      '\u0000',
    ]
    let read = 0
    for (let round = 0; round < 100_000; round++) {
      let text = seeds[round % seeds.length]!
      for (let edits = randomInt(random, 1, 4); edits > 0; edits--) {
        const at = randomInt(random, 0, text.length)
        const cut = random() < 0.5 ? randomInt(random, 0, 12) : 0
        text =
          text.slice(0, at) +
          (random() < 0.6 ? pieces[randomInt(random, 0, pieces.length - 1)]! : '') +
          text.slice(at + cut)
      }
      try {
        readRegions(text, codec.vocabulary)
        read++
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
      }
    }
    expect(read).toBeGreaterThan(10_000)
    expect(read).toBeLessThan(100_000)
  })
})
