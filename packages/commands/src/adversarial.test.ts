// Texts and bytes of 100 kB that are made to be slow, through every parser of what comes from outside: each takes a short time, or
// one that grows with the length and not with its square, and ends in a result or in an error that has a name.

import { sseReader } from '@maskwords/base'
import { openCheckpoint } from '@maskwords/checkpoint'
import { jsonItemsOf, jsonLines } from '@maskwords/datasets'
import { answerBoxes, captionTokens, readChoice } from '@maskwords/eval'
import { isTypedError, readWords } from '@maskwords/files'
import { REWARDS, type RewardName, scoreBatch } from '@maskwords/learn'
import {
  maskFromCocoRle,
  maskFromCvatRle,
  maskFromLabelStudioRle,
  maskFromPng,
  maskFromRowMajor,
  maskToPng,
} from '@maskwords/mask'
import {
  answerOnly,
  codesFromText,
  decodeText,
  getokStream,
  getokVocabulary,
  himtokVocabulary,
  maskStream,
  parseColdStart,
  parseExactJson,
  parseGetok,
  parseGroundedCaption,
  parseMaskWords,
  parseOfficial,
  parsePythonJson,
  parseReferences,
  readAnswer,
  readTokenizer,
  saidBoxes,
  samtokVocabulary,
  sanitiseText,
  soundName,
  trigramReward,
} from '@maskwords/words'
import { afterAll, describe, expect, it } from 'vitest'
import { findCvatXml } from '../../files/src/input/cvat-xml.ts'
import { parseJson } from '../../files/src/input/json-text.ts'
import { findMasks } from '../../files/src/input/mask-json.ts'
import { readGgufHead } from '../../learn/src/gguf/gguf.ts'
import { parseJsonBody } from '../../server/src/json-body.ts'
import { makeFolder, runCommand } from '../test/command.ts'
import { growsLinearly } from '../test/growth.ts'

const CHARS = 100_000
const samtok = samtokVocabulary()
const himtok = himtokVocabulary()
const getok = getokVocabulary()
const { folder, file, remove } = makeFolder()
afterAll(remove)

/** Errors with a name are an answer; anything else is a fault of this program. */
async function typed(run: () => unknown): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return
    if (!isTypedError(error) && (error as Error).name !== 'HttpFault') throw error
  }
}

const inPieces = (text: string, length: number, push: (piece: string) => unknown) => {
  for (let at = 0; at < text.length; at += length) push(text.slice(at, at + length))
}

const TEXT_PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  'words of SAMTok': (text) => parseMaskWords(text, samtok),
  'words of HiMTok': (text) => parseMaskWords(text, himtok),
  'words of GETok': (text) => parseGetok(text, getok),
  'words of any language': (text) => readWords(text),
  'words as the published scripts read them': (text) => [
    parseOfficial(text, samtok),
    parseOfficial(text, samtok, { variant: 'no-repair' }),
    parseColdStart(text, samtok),
  ],
  'words as they come': (text) => {
    const stream = maskStream(samtok)
    inPieces(text, 5, (piece) => stream.push(piece))
    return stream.end()
  },
  'GETok as it comes': (text) => {
    const stream = getokStream(getok)
    inPieces(text, 5, (piece) => stream.push(piece))
    return stream.end()
  },
  'words that a person types': (text) => codesFromText(text, samtok),
  'parts of an answer': (text) => answerOnly(text),
  'a whole answer': (text) => readAnswer(text, samtok),
  'a caption': (text) => parseGroundedCaption(text, samtok),
  references: (text) => parseReferences(text),
  boxes: (text) => saidBoxes(text),
  'boxes in pixels': (text) => answerBoxes(text, { widthPx: 640, heightPx: 480 }),
  'a letter of a choice': (text) => readChoice(text, ['a cat', 'a dog']),
  'tokens of a caption': (text) => captionTokens(text),
  'three words in a row': (text) => trigramReward(text),
  sanitising: (text) => sanitiseText(text),
  'a name': (text) => soundName(text),
  'bytes as text': (text) => decodeText(new TextEncoder().encode(text), { name: 'a' } as never),
  'exact JSON': (text) => parseExactJson(text),
  "Python's JSON": (text) => parsePythonJson(text),
  'JSON of masks': (text) =>
    findMasks(parseJson(new TextEncoder().encode(text), 'a.json'), { name: 'a.json' }),
  'a list in JSON, streamed': (text) => [
    ...jsonItemsOf(new TextEncoder().encode(text), {
      lists: ['', 'annotations'],
      file: 'a',
      onProblem: () => {},
    }),
  ],
  'a body over HTTP': (text) => parseJsonBody(new TextEncoder().encode(text)),
  'events of a server': (text) => {
    const reader = sseReader(2 ** 24)
    const bytes = new TextEncoder().encode(text)
    for (let at = 0; at < bytes.length; at += 7) reader.push(bytes.subarray(at, at + 7))
    return reader.end()
  },
  'XML of CVAT': (text) => findCvatXml(text, { name: 'a.xml' }),
  'a string of COCO': (text) => maskFromCocoRle({ size: [1000, 1000], counts: text }),
}

/** Each is repeated to the length; what stands before it is written once. */
const UNITS: readonly (readonly [before: string, unit: string])[] = [
  ...[
    '<',
    '[',
    '{',
    '(',
    '"',
    "'",
    '`',
    '\\',
    ' ',
    '\n',
    ':',
    ',',
    '-',
    '.',
    '0',
    '9',
    'a',
    '\u200b',
    '\ud83d',
    '|',
    '&',
  ].map((unit) => ['', unit] as const),
  ...[
    '<|mt_',
    '<|mt_start|>',
    '<|mt_end|>',
    '<|mt_0001|>',
    '<|mt_start|><|mt_0001|>',
    '<|mt_start|> ',
    'mt_0011 ',
    '<grid_',
    '<grid_1_1>',
    '<grid_1_',
  ].map((unit) => ['', unit] as const),
  ...[
    '<seg>',
    '<box>',
    '[OFF_',
    '<offset>',
    'cup: <box>',
    'grid_1',
    '<gridd',
    '<think>',
    '</think>',
    '<answer>',
    '</answer>',
    '<think></think>',
    '"<think>"',
  ].map((unit) => ['', unit] as const),
  ...[
    '<|end|>',
    '<|end|> ',
    '<|im_end|>',
    '<|channel|>',
    '<pad>',
    '<|object_ref_start|>',
    '<|object_ref_start|>a<|object_ref_end|>',
    '<p>',
    '<ref>a</ref>',
  ].map((unit) => ['', unit] as const),
  ...[
    '[1, ',
    '[1,2,3',
    '[1, 2, 3, 4]',
    '(1,2),',
    '1 2 3 ',
    '1,',
    '1e',
    '0.0',
    '"bbox_2d": [',
    '{"x1": 1, ',
    '<loc0001>',
    'x1=1, ',
    '[1 ',
  ].map((unit) => ['', unit] as const),
  ...[
    '{"a":',
    '[{',
    '[[',
    '{"mask_2d": "',
    '```',
    '```json\n[',
    '\\u003c',
    '"\\"',
    ', ',
    'null,',
    '{}',
    '{}\n',
    '{"id": 1}\n',
  ].map((unit) => ['', unit] as const),
  ...['data: a', 'data:\n', '\r', '\r\n', 'data: {}\n\n', 'event: '].map((unit) => ['', unit] as const),
  ...['<a>', '<a ', '<a b="', '</a>', '<!--', '<![CDATA[', '&amp;', '&#1', '<?', '<image id="1">'].map(
    (unit) => ['<annotations>', unit] as const,
  ),
  ...['...', "'s ", '!!!', 'a-', 'a/', '@a', '$1,', 'a.b.', 'U.S. ', '((', "n't"].map(
    (unit) => ['', unit] as const,
  ),
  ['[', '1,'],
  ['[', '[1],'],
  ['{"annotations": [', '{"id":1},'],
  ['[{"mask_2d": ', '{"a":'],
  ['{"added_tokens": [', '{"id":1,"content":"<|mt_0001|>"},'],
  ['<think>', '</think><think>'],
  ['', 'a a a b '],
]

const repeated = ([before, unit]: readonly [string, string], chars: number) =>
  (before + unit.repeat(Math.ceil(chars / unit.length))).slice(0, chars)

describe('texts of 100 kB', () => {
  for (const [name, parse] of Object.entries(TEXT_PARSERS)) {
    it(`${name}: time grows with the length`, async () => {
      for (const unit of UNITS) {
        const grown = await growsLinearly((chars) => typed(() => parse(repeated(unit, chars))), CHARS)
        expect([unit.join(''), grown]).toEqual([unit.join(''), true])
      }
    }, 240_000)
  }

  it('every reward: time grows with the length', async () => {
    const texts = REWARDS.filter(({ needs }) => needs.length === 0)
    for (const { name } of texts) {
      for (const unit of UNITS.filter((_, k) => k % 3 === 0)) {
        const run = (chars: number) => {
          const text = repeated(unit, chars)
          scoreBatch({ rewards: [name as RewardName], samples: [{ response: text, truth: text }] })
        }
        expect([name, unit.join(''), await growsLinearly(run, CHARS)]).toEqual([name, unit.join(''), true])
      }
    }
  }, 240_000)
})

/** Texts that are whole: what stands in the middle is repeated, with a comma between or not. */
const whole =
  (before: string, unit: string, after: string, between = '') =>
  (chars: number) => {
    const count = Math.max(
      1,
      Math.floor((chars - before.length - after.length) / (unit.length + between.length)),
    )
    return before + Array.from({ length: count }, () => unit).join(between) + after
  }
const nested = (open: string, close: string) => (chars: number) => {
  const count = Math.floor(chars / (open.length + close.length))
  return open.repeat(count) + close.repeat(count)
}
const MASK = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
const masksOf = (text: string) =>
  findMasks(parseJson(new TextEncoder().encode(text), 'a.json'), { name: 'a.json' })
const shape = '{"label":"a","points":[[1,1],[9,1],[9,9]],"shape_type":"polygon"}'
const region =
  '{"id":"a","type":"polygonlabels","original_width":10,"original_height":10,"value":{"points":[[1,1],[9,1],[9,9]],"polygonlabels":["a"]}}'

const WHOLE: Readonly<
  Record<string, readonly [make: (chars: number) => string, parse: (text: string) => unknown]>
> = {
  'a tokenizer of many words': [
    whole('{"added_tokens":[', '{"id":1,"content":"<|mt_0001|>","special":false}', ']}', ','),
    (text) => readTokenizer(JSON.parse(text)),
  ],
  'a tokenizer of nested lists': [nested('[', ']'), (text) => readTokenizer(JSON.parse(text))],
  'an outline of many points': [
    whole(
      '{"version":"5","imageWidth":10,"imageHeight":10,"shapes":[{"label":"a","shape_type":"polygon","points":[',
      '[1,1]',
      ']}]}',
      ',',
    ),
    masksOf,
  ],
  'many outlines': [
    whole('{"version":"5","imageWidth":10,"imageHeight":10,"shapes":[', shape, ']}', ','),
    masksOf,
  ],
  'many regions of Label Studio': [
    whole('[{"id":1,"data":{"image":"a.png"},"annotations":[{"id":1,"result":[', region, ']}]}]', ','),
    masksOf,
  ],
  'many tasks of Label Studio': [
    whole('[', '{"id":1,"data":{"image":"a.png"},"annotations":[]}', ']', ','),
    masksOf,
  ],
  'many lists of run lengths': [whole('[', '{"size":[2,2],"counts":[1,3]}', ']', ','), masksOf],
  'a list of many run lengths': [whole('{"size":[1000,1000],"counts":[', '1', ']}', ','), masksOf],
  'many annotations of COCO': [
    whole(
      '{"images":[{"id":1,"width":9,"height":9,"file_name":"a.png"}],"categories":[],"annotations":[',
      '{"id":1,"image_id":1,"category_id":1,"bbox":[1,1,2,2],"segmentation":[[1,1,2,1,2,2]]}',
      ']}',
      ',',
    ),
    masksOf,
  ],
  'nested lists': [nested('[', ']'), masksOf],
  'nested objects': [nested('{"a":', '}'), masksOf],
  'many pictures in XML': [
    whole('<annotations>', '<image id="1" name="a.png" width="9" height="9"/>', '</annotations>'),
    (text) => findCvatXml(text, { name: 'a.xml' }),
  ],
  'an outline of many points in XML': [
    whole(
      '<annotations><image id="1" name="a.png" width="9" height="9"><polygon label="a" points="',
      '1,1;',
      '2,2"/></image></annotations>',
    ),
    (text) => findCvatXml(text, { name: 'a.xml' }),
  ],
  'many attributes in XML': [
    whole('<annotations ', 'a="1" ', '/>'),
    (text) => findCvatXml(text, { name: 'a.xml' }),
  ],
  'nested elements': [nested('<a>', '</a>'), (text) => findCvatXml(text, { name: 'a.xml' })],
  'a list of many masks': [
    whole('```json\n[', `{"mask_2d": "${MASK}", "label": "cup"}`, ']\n```', ',\n'),
    (text) => readAnswer(text, samtok),
  ],
  'a scene graph of many triples': [
    whole(
      '[',
      `{"subject": {"mask_2d": "${MASK}", "label": "a"}, "predicate": "on", "object": {"mask_2d": "${MASK}", "label": "b"}}`,
      ']',
      ',',
    ),
    (text) => readAnswer(text, samtok),
  ],
  'a caption of many phrases': [
    whole('', `<|object_ref_start|> a <|object_ref_end|> ${MASK} `, '.'),
    (text) => readAnswer(text, samtok),
  ],
  'an answer of many objects and as many offsets': [
    (chars) => {
      const half = whole('', 'cup: <box><grid_1_1><grid_5_5></box><seg><grid_2_2></seg>\n', '')(chars / 2)
      return `${half}<offset>${whole('', '<box>[OFF_0_0][OFF_0_0]</box><seg>[OFF_0_0]</seg>\n', '')(chars / 2)}</offset>`
    },
    (text) => readWords(text),
  ],
  'a mask of many runs': [
    whole('', '11', ''),
    (text) => maskFromCocoRle({ size: [1000, text.length / 1000], counts: text }),
  ],
}

describe('whole texts of 100 kB', () => {
  for (const [name, [make, parse]] of Object.entries(WHOLE)) {
    it(`${name}: time grows with the length`, async () => {
      const made = new Map([CHARS, CHARS / 2].map((chars) => [chars, make(chars)]))
      expect(await growsLinearly((chars) => typed(() => parse(made.get(chars)!)), CHARS)).toBe(true)
    }, 60_000)
  }
})

const source = (bytes: Uint8Array) => ({
  name: 'a',
  byteLength: bytes.length,
  read: async (offset: number, length: number) => bytes.subarray(offset, offset + length),
  close: async () => {},
})
const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const u64 = (value: number) => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return String.fromCharCode(...bytes)
}
const u32 = (value: number) => u64(value).slice(0, 4)

/** Files of about this many bytes whose format has something that repeats. */
const BINARIES: Readonly<
  Record<string, { make: (chars: number) => string; parse: (bytes: Uint8Array) => unknown }>
> = {
  ...Object.fromEntries(
    ['{"a":', '{"a":{},', '{"__metadata__":{"a":"b"},', ' ', '"', '[', '{"a":{"dtype":"F32","shape":[1,'].map(
      (unit) => [
        `a safetensors header of ${unit}`,
        {
          make: (chars: number) => {
            const text = repeated(['{', unit], chars)
            return u64(text.length) + text
          },
          parse: (bytes: Uint8Array) => openCheckpoint(source(bytes), { name: 'a.safetensors' }),
        },
      ],
    ),
  ),
  ...Object.fromEntries(
    // Marks, lists, memos, texts, tuples, stack operations, numbers of any length.
    [
      '(',
      ']',
      '(]',
      '}',
      ')',
      '\x94',
      'h\x00',
      '(l',
      '(t',
      '0',
      '2',
      '\x8c\x01a',
      'I1\n',
      'K\x00',
      '\x8a\xff',
      'cbuiltins\nlist\n',
      '\x85',
      'N\x85',
      ']a',
      'X\x01\x00\x00\x00a',
      'L1L\n',
      'p1\n',
    ].map((unit) => [
      `a pickle of ${JSON.stringify(unit)}`,
      {
        make: (chars: number) => `\x80\x02${repeated(['', unit], chars)}.`,
        parse: (bytes: Uint8Array) => openCheckpoint(source(bytes), { name: 'a.pth' }),
      },
    ]),
  ),
  ...Object.fromEntries(
    ['PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x05\x06\x00\x00'].map((unit) => [
      `a ZIP of ${unit.slice(0, 2)} ${unit.charCodeAt(2)}`,
      {
        make: (chars: number) => `PK\x03\x04${repeated(['', unit], chars)}`,
        parse: (bytes: Uint8Array) => openCheckpoint(source(bytes), { name: 'a.pt' }),
      },
    ]),
  ),
  ...Object.fromEntries(
    [
      ['entries', (k: number) => `${u64(1)}${String.fromCharCode(97 + (k % 26))}${u32(0)}\x01`],
      ['texts', (k: number) => `${u64(2)}a${String.fromCharCode(97 + (k % 26))}${u32(8)}${u64(1)}b`],
      [
        'lists of lists',
        (k: number) =>
          `${u64(1)}${String.fromCharCode(97 + (k % 26))}${u32(9)}${u32(9)}${u64(1)}${u32(9)}${u64(0)}`,
      ],
    ].map(([what, entry]) => [
      `a GGUF head of ${what as string}`,
      {
        make: (chars: number) => {
          const one = (entry as (k: number) => string)(0).length
          const count = Math.floor(chars / one)
          return `GGUF${u32(3)}${u64(0)}${u64(count)}${Array.from({ length: count }, (_, k) => (entry as (k: number) => string)(k)).join('')}`
        },
        parse: (bytes: Uint8Array) => readGgufHead(source(bytes), 'a.gguf'),
      },
    ]),
  ),
  ...Object.fromEntries(
    [
      '\x00\x00\x00\x00tEXt\x00\x00\x00\x00',
      '\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e',
      '\x00\x00\x00\x01zTXta\x00\x00\x00\x00',
    ].map((unit, k) => [
      `a PNG of chunks ${k}`,
      {
        make: (chars: number) => {
          const png = maskToPng(maskFromRowMajor({ widthPx: 2, heightPx: 2, bytes: new Uint8Array(4) }))
          const head = String.fromCharCode(...png.subarray(0, 33))
          return head + repeated(['', unit], chars)
        },
        parse: (bytes: Uint8Array) => maskFromPng(bytes),
      },
    ]),
  ),
}

describe('files of 100 kB', () => {
  for (const [name, { make, parse }] of Object.entries(BINARIES)) {
    it(`${name}: time grows with the length`, async () => {
      const made = new Map<number, Uint8Array>()
      for (const chars of [CHARS, CHARS / 2]) made.set(chars, bytesOf(make(chars)))
      expect(await growsLinearly((chars) => typed(() => parse(made.get(chars)!)), CHARS)).toBe(true)
    }, 60_000)
  }

  it('run lengths of CVAT and Label Studio: time grows with the length', async () => {
    const cvat = (chars: number) =>
      typed(() =>
        maskFromCvatRle({
          widthPx: 1000,
          heightPx: 1000,
          points: [...Array.from({ length: chars }, () => 1), 0, 0, 999, 999],
        }),
      )
    const bytes = (value: number) => (chars: number) =>
      typed(() =>
        maskFromLabelStudioRle({
          widthPx: 500,
          heightPx: 500,
          rle: new Uint8Array(chars).fill(value),
        } as never),
      )
    for (const run of [cvat, bytes(0), bytes(255), bytes(0x55)])
      expect(await growsLinearly(run, CHARS)).toBe(true)
  })

  it('lines of JSON: time grows with the length', async () => {
    for (const unit of UNITS.filter((_, k) => k % 2 === 0)) {
      for (const chars of [CHARS, CHARS / 2]) file(`${chars}.jsonl`, repeated(unit, chars))
      const run = (chars: number) =>
        typed(async () => {
          const lines = jsonLines(`${folder}/${chars}.jsonl`, { file: 'a.jsonl', onProblem: () => {} })
          for await (const { line } of lines) expect(line).toBeGreaterThan(0)
        })
      expect([unit.join(''), await growsLinearly(run, CHARS)]).toEqual([unit.join(''), true])
    }
  }, 120_000)

  it('inspect, which opens whatever it is given, names what it is or what is wrong', async () => {
    const heads: Readonly<Record<string, string>> = {
      'a.png': '\x89PNG\r\n\x1a\n',
      'a.jpg': '\xff\xd8\xff\xe0',
      'a.gif': 'GIF89a',
      'a.webp': 'RIFF\x00\x00\x01\x00WEBPVP8 ',
      'a.tif': 'II*\x00\x08\x00\x00\x00',
      'a.avif': '\x00\x00\x00\x1cftypavif',
      'a.parquet': 'PAR1',
      'a.zip': 'PK\x03\x04',
      'a.gguf': 'GGUF',
      'a.onnx': '\x08\x07\x12',
      'a.txt': '',
      'a.xml': '<?xml version="1.0"?><annotations>',
      'a.svg': '<svg xmlns="http://www.w3.org/2000/svg">',
    }
    for (const [name, head] of Object.entries(heads)) {
      for (const unit of [
        '\x00',
        '\xff',
        'a',
        '\x01\x02\x03',
        '\xff\xc0\x00\x11',
        ',',
        '\x21\xfe\x01a\x00',
      ]) {
        for (const chars of [CHARS, CHARS / 2])
          file(`${chars}-${name}`, bytesOf(head + repeated(['', unit], chars)))
        const run = async (chars: number) => {
          const { code, err } = await runCommand(['inspect', `${chars}-${name}`, '-q'], { cwd: folder })
          expect([name, unit, [0, 1].includes(code), err.includes('internal')]).toEqual([
            name,
            unit,
            true,
            false,
          ])
        }
        expect([name, unit, await growsLinearly(run, CHARS)]).toEqual([name, unit, true])
      }
    }
  }, 240_000)
})
