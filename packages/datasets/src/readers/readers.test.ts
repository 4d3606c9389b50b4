// Every reader on a tiny dataset in its published layout, made here by code; hostile files; real data where it is shared. Long because
// the layouts stand side by side.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DataError, type DataProblem } from '@maskwords/inputs'
import { area, labelMapToPng, writePng } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { outlinesTable } from '../../test/hub-table.ts'
import type { DataRecord, ReaderOptions } from '../record.ts'
import { labelMapCache, regionMask } from '../region-mask.ts'
import { READERS, readerByName } from './index.ts'
import { codePointOffsets, groundedCaption, piecesAtMarkers } from './text-spans.ts'

type Files = Readonly<Record<string, unknown>>

/** A picture of 8 x 6 pixels; readers go by the bytes, not by the ending. */
const PICTURE = picture(8, 6)

function picture(widthPx: number, heightPx: number): Uint8Array {
  return writePng({
    widthPx,
    heightPx,
    colour: 'grey',
    bitDepth: 8,
    samples: new Uint8Array(widthPx * heightPx),
  })
}

/** A map of 8 x 6: the left half has the first value, the right half the second. */
function halves(left: number, right: number, as: 'panoptic' | 'grey' = 'panoptic'): Uint8Array {
  const values = Uint32Array.from({ length: 48 }, (_, i) => (i % 8 < 4 ? left : right))
  return labelMapToPng({ widthPx: 8, heightPx: 6, values }, { as })
}

/** A square of 2 x 2 pixels at x, y as a COCO outline, and the same as run lengths of the whole picture. */
const square = (x: number, y: number) => [[x, y, x + 2, y, x + 2, y + 2, x, y + 2]]
const runs = { size: [6, 8], counts: [0, 12, 36] }

/** Writes the files (objects as JSON, bytes and texts as they are) into a new folder. */
function folderOf(files: Files): { readonly root: string; readonly remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), 'readers-'))
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    const isRaw = content instanceof Uint8Array || typeof content === 'string'
    writeFileSync(path, isRaw ? content : JSON.stringify(content))
  }
  return { root, remove: () => rmSync(root, { recursive: true }) }
}

type Outcome = { readonly records: DataRecord[]; readonly problems: DataProblem[]; readonly root: string }

/** Reads a dataset made of these files; the folder is gone afterwards unless `inspect` needs it. */
async function readFiles(
  name: string,
  files: Files,
  options: Partial<ReaderOptions> = {},
  inspect: (outcome: Outcome) => void = () => {},
): Promise<Outcome> {
  const { root, remove } = folderOf(files)
  try {
    const outcome = await readFolder(name, root, options)
    inspect(outcome)
    return outcome
  } finally {
    remove()
  }
}

async function readFolder(
  name: string,
  root: string,
  options: Partial<ReaderOptions> = {},
): Promise<Outcome> {
  const records: DataRecord[] = []
  const problems: DataProblem[] = []
  const onProblem = (problem: DataProblem) => problems.push(problem)
  for await (const record of READERS[name]!.read({ root, onProblem, ...options })) records.push(record)
  return { records, problems, root }
}

/** A pickle (protocol 2) of plain values, as Python writes them. */
function pickle(value: unknown): Uint8Array {
  const parts: Buffer[] = [Buffer.from([0x80, 2])]
  const put = (item: unknown): void => {
    if (item === null) parts.push(Buffer.from('N'))
    else if (typeof item === 'boolean') parts.push(Buffer.from([item ? 0x88 : 0x89]))
    else if (typeof item === 'number') {
      const bytes = Buffer.alloc(5, 'J')
      bytes.writeInt32LE(item, 1)
      parts.push(bytes)
    } else if (typeof item === 'string') {
      const text = Buffer.from(item)
      const head = Buffer.alloc(5, 'X')
      head.writeUInt32LE(text.length, 1)
      parts.push(head, text)
    } else if (Array.isArray(item)) {
      parts.push(Buffer.from(']('))
      item.forEach(put)
      parts.push(Buffer.from('e'))
    } else {
      parts.push(Buffer.from('}('))
      for (const [key, member] of Object.entries(item as object)) {
        put(key)
        put(member)
      }
      parts.push(Buffer.from('u'))
    }
  }
  put(value)
  parts.push(Buffer.from('.'))
  return Buffer.concat(parts)
}

/** A pickle whose reading would call os.system in Python. */
const HOSTILE_PICKLE = Buffer.from("cos\nsystem\n(S'echo pwned'\ntR.")

const coco = (image: object = {}, annotation: object = {}) => ({
  images: [{ id: 1, file_name: 'a.jpg', width: 8, height: 6, ...image }],
  annotations: [
    {
      id: 10,
      image_id: 1,
      category_id: 3,
      segmentation: square(1, 1),
      bbox: [1, 1, 2, 2],
      iscrowd: 0,
      ...annotation,
    },
    { id: 11, image_id: 1, category_id: 3, segmentation: square(4, 2), bbox: [4, 2, 2, 2], iscrowd: 0 },
  ],
  categories: [{ id: 3, name: 'red_cup', isthing: 1 }],
})
const panoptic = {
  images: [{ id: 1, file_name: 'a.jpg', width: 8, height: 6 }],
  annotations: [
    {
      image_id: 1,
      file_name: 'a.png',
      segments_info: [
        { id: 70_000, category_id: 3, bbox: [0, 0, 4, 6], area: 24 },
        { id: 5, category_id: 4, iscrowd: 0, bbox: [4, 0, 4, 6], area: 24 },
      ],
    },
  ],
  categories: [
    { id: 3, name: 'cup', isthing: 1 },
    { id: 4, name: 'table', isthing: 0 },
  ],
}
const reference = (more: object = {}) => ({
  ref_id: 7,
  ann_id: 10,
  image_id: 1,
  split: 'train',
  sentences: [{ sent: 'red cup', raw: 'Red cup!' }, { sent: 'left one' }],
  ...more,
})
/** A rectangle at the left edge, of the picture's whole height and `width` percent of its width. */
const labelStudioRegion = (id: string, label: string, width: number) => ({
  id,
  type: 'rectanglelabels',
  to_name: 'image',
  original_width: 8,
  original_height: 6,
  value: { x: 0, y: 0, width, height: 100, rotation: 0, rectanglelabels: [label] },
})

const labelmeShape = (label: string, x: number, y: number, size = 2) => ({
  label,
  shape_type: 'polygon',
  points: [
    [x, y],
    [x + size, y],
    [x + size, y + size],
    [x, y + size],
  ],
})
const maskPng = writePng({
  widthPx: 8,
  heightPx: 6,
  colour: 'grey',
  bitDepth: 8,
  samples: Uint8Array.from({ length: 48 }, (_, i) => (i < 5 ? 255 : 0)),
})
const multiTarget = [
  {
    file_name: 'a.jpg',
    height: 6,
    width: 8,
    questions: ['What holds tea, and what holds it up?'],
    answers: [[{ id: 10, segmentation: square(1, 1), category_name: 'cup' }, { segmentation: runs }]],
    text_answers: ['The cup {seg} holds tea on the table {seg}.'],
    ann_list: [],
  },
]

/** What a fixture should give: masks as pixels of each region, texts with the regions they refer to. */
type Expectation = {
  readonly files: Files
  readonly split?: string
  readonly regions: Readonly<Record<string, number | 'box'>>
  readonly has?: object
}

const FIXTURES: Readonly<Record<string, Expectation>> = {
  hub: {
    files: {
      'data/val-00000-of-00001.parquet': outlinesTable([
        { image: PICTURE, answer: ['the cup', 'the cup '], segmentation: [1, 1, 5, 1, 5, 4, 1, 4] },
      ]),
    },
    regions: { 0: 12 },
    has: {
      id: 'q0',
      split: 'val',
      picture: { file: 'data/val-00000-of-00001.parquet/0000000', widthPx: 8, heightPx: 6 },
      phrases: [{ text: 'the cup', regions: ['0'], form: 'phrase' }],
    },
  },
  coco: {
    files: {
      'annotations/instances_val2017.json': coco(),
      'annotations/captions_val2017.json': {
        images: [{ id: 1 }],
        annotations: [{ id: 1, image_id: 1, caption: 'Two cups. ' }],
      },
      'val2017/a.jpg': PICTURE,
    },
    regions: { 10: 4, 11: 4 },
    has: {
      split: 'val2017',
      captions: [{ text: 'Two cups.', spans: [] }],
      picture: { file: 'val2017/a.jpg' },
    },
  },
  lvis: {
    files: {
      'lvis_v1_train.json': coco({
        file_name: undefined,
        coco_url: 'http://images.cocodataset.org/train2017/a.jpg',
      }),
      'train2017/a.jpg': PICTURE,
    },
    regions: { 10: 4, 11: 4 },
    has: { regions: [{ category: 'red cup' }, {}] },
  },
  paco: {
    files: {
      'annotations/paco_lvis_v1_train.json': { ...coco(), categories: [{ id: 3, name: 'mug_(cup):handle' }] },
      'train2017/a.jpg': PICTURE,
    },
    regions: { 10: 4, 11: 4 },
    has: { regions: [{ category: 'mug handle' }, {}] },
  },
  entityseg: {
    files: { 'entityseg_insseg_train.json': coco(), 'images/a.jpg': PICTURE },
    regions: { 10: 4, 11: 4 },
  },
  objects365: {
    files: {
      'zhiyuan_objv2_train.json': coco({ file_name: 'images/v1/a.jpg' }, { segmentation: undefined }),
      'images/v1/a.jpg': PICTURE,
    },
    regions: { 10: 'box', 11: 4 },
  },
  v3det: {
    files: {
      'annotations/v3det_2023_v1_train.json': coco({}, { segmentation: [] }),
      'images/a.jpg': PICTURE,
    },
    regions: { 10: 'box', 11: 4 },
  },
  'coco-panoptic': {
    files: {
      'annotations/panoptic_train2017.json': panoptic,
      'annotations/panoptic_train2017/a.png': halves(70_000, 5),
      'train2017/a.jpg': PICTURE,
    },
    regions: { 70000: 24, 5: 24 },
    has: {
      regions: [
        { category: 'cup', isThing: true },
        { category: 'table', isThing: false },
      ],
    },
  },
  coconut: {
    files: { 'coconut_b.json': panoptic, 'coconut_b/a.png': halves(70_000, 5), 'train2017/a.jpg': PICTURE },
    regions: { 70000: 24, 5: 24 },
    has: { split: 'b' },
  },
  png: {
    files: {
      'annotations/png_coco_train2017.json': [
        {
          image_id: '1',
          caption: 'Here a cup stands on a table.',
          segments: [
            { utterance: 'Here', segment_ids: [] },
            { utterance: 'a cup', segment_ids: ['70000'] },
            { utterance: 'a table', segment_ids: ['5'] },
          ],
        },
      ],
      'annotations/panoptic_train2017.json': panoptic,
      'annotations/panoptic_segmentation/train2017/a.png': halves(70_000, 5),
      'train2017/a.jpg': PICTURE,
    },
    regions: { 70000: 24, 5: 24 },
    has: {
      captions: [
        {
          spans: [
            { start: 5, end: 10, regions: ['70000'] },
            { start: 21, end: 28, regions: ['5'] },
          ],
        },
      ],
    },
  },
  psg: {
    files: {
      'psg.json': {
        data: [
          {
            image_id: '1',
            file_name: 'train2017/a.jpg',
            pan_seg_file_name: 'panoptic_train2017/a.png',
            width: 8,
            height: 6,
            segments_info: [
              { id: 70_000, category_id: 0, isthing: 1 },
              { id: 5, category_id: 1, isthing: 0 },
            ],
            annotations: [],
            relations: [[0, 1, 1]],
          },
        ],
        thing_classes: ['cup'],
        stuff_classes: ['table-merged'],
        predicate_classes: ['over', 'standing on'],
        test_image_ids: ['2'],
      },
      'coco/panoptic_train2017/a.png': halves(70_000, 5),
      'coco/train2017/a.jpg': PICTURE,
    },
    regions: { 70000: 24, 5: 24 },
    has: {
      relations: [{ subject: '70000', predicate: 'standing on', object: '5' }],
      regions: [{}, { category: 'table', isThing: false }],
    },
  },
  ...Object.fromEntries(
    ['refcoco', 'refcoco+', 'refcocog', 'refclef'].map((name): [string, Expectation] => [
      name,
      {
        files: {
          [`${name}/instances.json`]: coco(),
          [`${name}/refs(${name === 'refcocog' ? 'umd' : 'unc'}).p`]: pickle([
            reference(),
            reference({ ref_id: 8, split: 'val' }),
          ]),
          'train2014/a.jpg': PICTURE,
        },
        regions: { 10: 4 },
        has: {
          split: 'train',
          phrases: [{ text: 'red cup', regions: ['10'], id: '7/0' }, { text: 'left one' }],
        },
      },
    ]),
  ),
  grefcoco: {
    files: {
      'instances.json': coco(),
      'grefs(unc).json': [
        reference({ ann_id: [10, 11], split: 'testAB' }),
        reference({
          ref_id: 8,
          ann_id: [-1],
          no_target: true,
          split: 'testA',
          sentences: [{ sent: 'green cup' }],
        }),
        reference({ ref_id: 9, split: 'testB' }),
      ],
      'images/a.jpg': PICTURE,
    },
    split: 'testA',
    regions: { 10: 4, 11: 4 },
    has: {
      phrases: [{ regions: ['10', '11'] }, { regions: ['10', '11'] }, { text: 'green cup', regions: [] }],
    },
  },
  'ref-zom': {
    files: {
      'ref-zom/instances.json': coco(),
      'ref-zom/refs(final).p': pickle([
        reference({ ann_id: [10, 11], source: 'many' }),
        reference({ ref_id: 8, source: 'zero', ann_id: [], sentences: [{ sent: 'a dog' }] }),
      ]),
      'train2014/a.jpg': PICTURE,
    },
    regions: { 10: 4, 11: 4 },
    has: { phrases: [{ regions: ['10', '11'] }, {}, { text: 'a dog', regions: [] }] },
  },
  refgta: {
    files: {
      'instances.json': coco({}, { segmentation: undefined }),
      'refs(utokyo).p': pickle([reference()]),
      'used_images/a.jpg': PICTURE,
    },
    regions: { 10: 'box' },
  },
  cvat: {
    files: {
      'annotations.xml': `<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version>
        <image id="0" name="a.jpg" width="8" height="6">
          <box label="cup" xtl="1" ytl="1" xbr="3" ybr="3" occluded="0"><attribute name="k">v</attribute></box>
          <polygon label="table" points="0,4;8,4;8,6;0,6"/></image></annotations>`,
      'images/a.jpg': PICTURE,
    },
    regions: { '#0': 4, '#1': 16 },
    has: { id: 'a.jpg', regions: [{ category: 'cup' }, { category: 'table' }] },
  },
  'label-studio': {
    files: {
      'export.json': [
        {
          id: 7,
          data: { image: '/data/upload/1/0a1b2c3d-a.jpg' },
          annotations: [{ id: 1, result: [labelStudioRegion('r', 'cup', 12.5)] }],
        },
      ],
      'images/a.jpg': PICTURE,
    },
    regions: { r: 6 },
    has: { id: '7', regions: [{ category: 'cup' }] },
  },
  labelme: {
    files: {
      'data_annotated/a.json': {
        imagePath: 'a.jpg',
        imageWidth: 8,
        imageHeight: 6,
        shapes: [
          { ...labelmeShape('cup', 1, 1), group_id: 1 },
          { ...labelmeShape('cup', 4, 1), group_id: 1 },
          {
            label: 'table',
            shape_type: 'rectangle',
            points: [
              [0, 4],
              [8, 6],
            ],
          },
        ],
      },
      'data_annotated/a.jpg': PICTURE,
    },
    regions: { 0: 8, 2: 16 },
    has: { regions: [{ category: 'cup' }, { category: 'table' }] },
  },
  reasonseg: {
    files: {
      'train/a.json': {
        text: ['Where would one drink from?'],
        is_sentence: true,
        shapes: [labelmeShape('target', 0, 0, 4), labelmeShape('ignore', 1, 1), labelmeShape('flag', 4, 4)],
      },
      'train/a.jpg': PICTURE,
      'explanatory/train.json': [
        { image: 'a.jpg', query: 'Where would one drink from?', outputs: 'From the cup.' },
      ],
    },
    regions: { target: 12, ignore: 4 },
    has: {
      phrases: [{ form: 'sentence', answer: 'From the cup.', regions: ['target'] }],
      regions: [{}, { isIgnored: true }],
    },
  },
  'lisa-plus': {
    files: {
      'LISA_Plus_COT/data.json': [
        {
          image_path: 'a.jpg',
          'English Question': 'What holds tea?',
          'English Answer': 'The [《10|cup》] does.',
          info: { 10: {} },
        },
      ],
      'annotations/instances_train2017.json': coco(),
      'train2017/a.jpg': PICTURE,
    },
    regions: { 10: 4 },
    has: {
      id: 'LISA_Plus_COT/0',
      phrases: [{ text: 'What holds tea?', answer: 'The cup does.', form: 'sentence' }],
      dialogues: [[{ role: 'user' }, { role: 'assistant', pieces: ['The ', { region: '10' }, ' does.'] }]],
    },
  },
  muse: {
    files: { 'MUSE_train.json': multiTarget, 'train2014/a.jpg': PICTURE },
    regions: { 10: 4, 0.1: 12 },
    has: {
      phrases: [{ regions: ['10', '0.1'], answer: 'The cup holds tea on the table.' }],
      dialogues: [
        [{}, { pieces: ['The cup ', { region: '10' }, ' holds tea on the table ', { region: '0.1' }, '.'] }],
      ],
    },
  },
  mmr: {
    files: { 'MMR/MMR_train.json': multiTarget, 'train2017/a.jpg': PICTURE },
    regions: { 10: 4, 0.1: 12 },
  },
  grandf: {
    files: {
      'annotations/train/GranDf_HA_GCG_train.json': [
        {
          file_name: 'a.jpg',
          caption: '"😀 A cup on a table."',
          groundings: {
            'A cup': { token_positives: [2, 7], rle_masks: [runs] },
            'a table': { token_positives: [11, 18], rle_masks: [runs, runs] },
          },
        },
      ],
      'GranDf_HA_images/train/a.jpg': PICTURE,
    },
    regions: { 0: 12, 1: 12, 2: 12 },
    has: {
      captions: [
        {
          text: '😀 A cup on a table.',
          spans: [
            { start: 3, end: 8, regions: ['0'] },
            { start: 12, end: 19, regions: ['1', '2'] },
          ],
        },
      ],
    },
  },
  flickr30k: {
    files: {
      'final_flickr_separateGT_train.json': {
        ...coco({ caption: 'Two cups' }, { tokens_positive: [[4, 8]], segmentation: undefined }),
        annotations: [
          { id: 10, image_id: 1, category_id: 3, bbox: [1, 1, 2, 2], tokens_positive: [[4, 8]] },
          {
            id: 11,
            image_id: 1,
            category_id: 3,
            bbox: [1, 1, 2, 2],
            sam_mask: runs,
            tokens_positive: [[4, 8]],
          },
        ],
      },
      'flickr30k-images/a.jpg': PICTURE,
    },
    regions: { 10: 'box', 11: 12 },
    has: { captions: [{ spans: [{ start: 4, end: 8, regions: ['10', '11'] }] }] },
  },
  sa1b: {
    files: {
      'sa_000000/sa_1.json': {
        image: { image_id: 1, width: 8, height: 6, file_name: 'sa_1.jpg' },
        annotations: [{ id: 5, segmentation: runs, bbox: [2, 0, 2, 6], area: 12 }],
      },
      'sa_000000/sa_1.jpg': PICTURE,
    },
    regions: { 5: 12 },
  },
  ade20k: {
    files: {
      'images/ADE/training/urban/street/a.json': {
        annotation: {
          filename: 'a.jpg',
          imsize: [6, 8, 3],
          object: [
            { id: 0, name: 'cup, mug', instance_mask: 'a/instance_000_a.png' },
            { id: 1, name: 'table', polygon: { x: [1, 3, 3, 1], y: [1, 1, 3, 3] } },
          ],
        },
      },
      'images/ADE/training/urban/street/a/instance_000_a.png': maskPng,
      'images/ADE/training/urban/street/a.jpg': PICTURE,
    },
    regions: { 0: 5, 1: 4 },
    has: { regions: [{ category: 'cup' }, { category: 'table' }] },
  },
  'ade20k-scenes': {
    files: {
      'images/training/a.jpg': PICTURE,
      'annotations/training/a.png': halves(0, 2, 'grey'),
      'objectInfo150.csv': 'Idx,Ratio,Train,Val,Stuff,Name\n1,0.1,1,1,1,wall\n2,0.1,1,1,1,building;edifice\n',
    },
    split: 'training',
    regions: { 2: 24 },
    has: { regions: [{ category: 'building' }] },
  },
  masks: {
    files: { 'images/a.png': PICTURE, 'masks/a_mask.png': halves(0, 5) },
    regions: { 1: 24 },
    has: { id: 'a', picture: { file: 'images/a.png' } },
  },
  'label-map': {
    files: { 'images/a.jpg': PICTURE, 'labels/a_0.png': halves(1, 3, 'grey'), 'labels/b_0.png': maskPng },
    regions: { 1: 24, 3: 24 },
    has: { id: 'a_0' },
  },
  yolo: {
    files: {
      'images/val/a.jpg': PICTURE,
      'labels/val/a.txt': '0 0.125 0 0.375 0 0.375 0.5 0.125 0.5\n1 0.5 0.5 0.5 0.333333\n',
      'data.yaml': 'path: .\nnames:\n  0: cup\n  1: "red spoon"\nnc: 2\n',
    },
    split: 'val',
    regions: { 1: 6, 2: 'box' },
    has: { id: 'a', split: 'val' },
  },
  visual7w: {
    files: {
      'dataset_v7w_pointing.json': {
        images: [
          {
            image_id: 1,
            filename: 'a.jpg',
            split: 'train',
            qa_pairs: [{ qa_id: 4, question: 'Which cup is red?', answer: 10, multiple_choices: [11] }],
          },
        ],
        boxes: [
          { box_id: 10, name: 'cup', x: 1, y: 1, width: 2, height: 2 },
          { box_id: 11, name: 'cup', x: 4, y: 2, width: 2, height: 2 },
        ],
      },
      'images/a.jpg': PICTURE,
    },
    regions: { 10: 'box', 11: 'box' },
    has: { phrases: [{ text: 'Which cup is red?', regions: ['10'], form: 'sentence' }] },
  },
  invig: {
    files: {
      'invig21k_train_anns.jsonl': JSON.stringify({
        filename: 'a.jpg',
        ann: { ref_exp: 'the cup', questions: ['Red?'], answers: ['Yes.'], ref_bboxes: [[1, 1, 3, 3]] },
      }),
      'imgs/a.jpg': PICTURE,
    },
    regions: { 0: 'box' },
    has: {
      regions: [{ boxXywhPx: [1, 1, 2, 2] }],
      dialogues: [[{}, { pieces: ['Red?'] }, { pieces: ['Yes.'] }, { pieces: [{ region: '0' }] }]],
    },
  },
  'cops-ref': {
    files: {
      'data.json': { refs: [{ image_id: 'a', expression: 'the cup', box: [1, 1, 2, 3] }] },
      'images/a.jpg': PICTURE,
    },
    regions: { 0: 'box' },
    has: { regions: [{ boxXywhPx: [1, 1, 3, 2] }] },
  },
  dam: {
    files: {
      'LVIS/annotations.json': {
        k: [{ image: 'train2017/a.jpg', ann_id: 10, mask_rle: runs, caption: 'A red cup.' }],
      },
      'coco/train2017/a.jpg': PICTURE,
    },
    regions: { 10: 12 },
    has: { id: 'LVIS/k', regions: [{ captions: ['A red cup.'] }] },
  },
  gar: {
    files: {
      'train.jsonl': JSON.stringify({
        image: 'a.jpg',
        mask_rle: [runs, runs],
        conversations: [
          { from: 'human', value: '<image>\nIs <Prompt0> on <Prompt1>?' },
          { from: 'gpt', value: 'Yes.' },
        ],
      }),
      'images/a.jpg': PICTURE,
    },
    regions: { 0: 12, 1: 12 },
    has: {
      dialogues: [[{ pieces: ['Is ', { region: '0' }, ' on ', { region: '1' }, '?'] }, { pieces: ['Yes.'] }]],
    },
  },
  'mdvp-bench': {
    files: {
      'MDVP-bench/natural/natural_box.json': [
        { image_name: 'a.jpg', question: 'What is marked?', answer: 'A cup.', bbox: [[1, 1, 2, 2]] },
      ],
      'MDVP-bench/natural/a.jpg': PICTURE,
    },
    regions: { 0: 'box' },
    has: {
      id: 'natural_box/0',
      dialogues: [
        [
          { role: 'user', pieces: ['What is marked?', { region: '0' }] },
          { role: 'assistant', pieces: ['A cup.'] },
        ],
      ],
    },
  },
  'videorefer-d': {
    files: {
      'VideoRefer-Bench-D.json': [
        {
          video: 'abc.mp4',
          caption: 'A cup that moves.',
          frame_idx: 7,
          annotation: [{ 7: { segmentation: runs }, 9: { segmentation: runs } }],
        },
      ],
      'frames/abc/00007.jpg': PICTURE,
    },
    regions: { 0: 12 },
    has: { picture: { file: 'frames/abc/00007.jpg' }, regions: [{ captions: ['A cup that moves.'] }] },
  },
  'region-captions': {
    files: {
      'test_caption.json': coco({ caption: 'not of one region' }, { caption: 'a red cup' }),
      'images/a.jpg': PICTURE,
    },
    split: 'test',
    regions: { 10: 4, 11: 4 },
    has: { regions: [{ id: '10', captions: ['a red cup'] }, { id: '11' }] },
  },
  'dlc-bench': {
    files: {
      'annotations/annotations.json': coco(),
      'annotations/images/a.jpg': PICTURE,
      'annotations/qa.json': {
        10: [
          {
            type: 'recognition',
            question: 'What is it?',
            choices: [
              ['A dog', 'incorrect'],
              ['A cup', 'correct'],
            ],
          },
          {
            type: 'positive',
            question: 'Its colour?',
            choices: [
              ['Red', 1],
              ['Blue', -1],
            ],
          },
        ],
      },
      'annotations/class_names.json': { 10: 'cup' },
    },
    regions: { 10: 4, 11: 4 },
    has: {
      choices: [
        {
          options: ['A dog', 'A cup'],
          right: 1,
          scores: ['incorrect', 'correct'],
          kind: 'recognition',
        },
        { right: 0, question: [{ region: '10' }, ' Its colour?'], scores: [1, -1], kind: 'positive' },
      ],
    },
  },
  'grounding-suite': {
    files: {
      'gseval.jsonl': JSON.stringify({
        idx: 4,
        image_path: 'unlabeled2017/a.jpg',
        label: 'cup',
        caption: 'The cup stands.',
        box: [2, 0, 4, 6],
        segmentation: runs,
      }),
      'unlabeled2017/a.jpg': PICTURE,
    },
    regions: { 0: 12 },
    has: { id: '4', phrases: [{ text: 'The cup stands.', form: 'sentence' }, { text: 'cup' }] },
  },
  segllm: {
    files: {
      'conversation_folder/all_data_mix_train/mr_refcoco_train.json': [
        {
          conversations: [
            { from: 'human', value: '[IMAGE256:coco/train2014/a.jpg] Segment the cup.' },
            { from: 'gpt', value: '[MASK-DECODE:coco/train2014/a.jpg|refcoco|10]' },
            {
              from: 'human',
              value: 'And what is beside [MASK-ENCODE:a.jpg|refcoco|10] [BOX-ENCODE:a.jpg|refcoco|10]?',
            },
            { from: 'gpt', value: 'This: [MASK-DECODE:relation:10:11:a.jpg:refcoco]' },
          ],
        },
      ],
      'annotation_folder/refcoco/instances.json': coco(),
      'train2014/a.jpg': PICTURE,
    },
    regions: { 'refcoco/10': 4, 'refcoco/11': 4 },
    has: {
      dialogues: [
        [
          { pieces: [' Segment the cup.'] },
          { pieces: [{ region: 'refcoco/10' }] },
          { pieces: ['And what is beside ', { region: 'refcoco/10' }, ' ?'] },
          { pieces: ['This: ', { region: 'refcoco/11' }] },
        ],
      ],
    },
  },
  jsonl: {
    files: {
      'data.jsonl': JSON.stringify({
        id: 'first',
        image: 'a.jpg',
        regions: [
          { id: 'cup', segmentation: square(1, 1), category: 'cup', captions: ['A red cup.'] },
          { id: 'mask', mask: 'masks/a.png' },
          { id: 'half', label_map: { file: 'masks/map.png', value: 5, channel: 'rgb-id' } },
          { id: 'box', box: [1, 1, 2, 2] },
        ],
        phrases: [{ text: 'both', regions: ['cup', 'mask'] }],
        captions: ['plain', { text: 'a cup', spans: [{ start: 2, end: 5, regions: ['cup'] }] }],
        relations: [['cup', 'on', 'half']],
        dialogues: [
          [
            { role: 'user', pieces: ['What is ', { region: 'cup' }] },
            { role: 'assistant', pieces: ['A cup.'] },
          ],
        ],
        choices: [{ question: [{ region: 'cup' }], options: ['cup', 'dog'], right: 0 }],
      }),
      'a.jpg': PICTURE,
      'masks/a.png': maskPng,
      'masks/map.png': halves(5, 6),
    },
    regions: { cup: 4, mask: 5, half: 24, box: 'box' },
    has: {
      id: 'first',
      picture: { widthPx: 8, heightPx: 6 },
      relations: [{ subject: 'cup', predicate: 'on', object: 'half' }],
      choices: [{ right: 0 }],
    },
  },
}

describe('readers of published layouts', () => {
  it('all have a fixture here', () => {
    expect(Object.keys(FIXTURES).sort()).toEqual(Object.keys(READERS))
    expect(readerByName('toString')).toBeUndefined()
  })

  for (const [name, { files, split, regions, has }] of Object.entries(FIXTURES)) {
    it(`${name} reads its layout: regions with the right pixels, texts that refer to them`, async () => {
      const options = split === undefined ? {} : { split }
      const { problems } = await readFiles(name, files, options, ({ records, root }) => {
        expect(records).toHaveLength(1)
        const [record] = records as [DataRecord]
        const pixels = record.regions.map((region) => [
          region.id,
          region.shape.kind === 'box'
            ? 'box'
            : area(regionMask(record, region, { root, labelMapCache: labelMapCache() })),
        ])
        expect(Object.fromEntries(pixels)).toEqual(regions)
        expect(record.dataset).toBe(name)
        if (has !== undefined) expect(record).toMatchObject(has)
        const ids = new Set(record.regions.map((region) => region.id))
        const referred = [
          ...record.phrases.flatMap((phrase) => phrase.regions),
          ...record.captions.flatMap((caption) => caption.spans.flatMap((span) => span.regions)),
          ...record.relations.flatMap((relation) => [relation.subject, relation.object]),
          ...record.dialogues
            .flat()
            .flatMap((turn) => turn.pieces.flatMap((p) => (typeof p === 'string' ? [] : [p.region]))),
        ]
        expect(referred.filter((id) => !ids.has(id))).toEqual([])
      })
      expect(problems.map((problem) => problem.message)).toEqual(
        name === 'label-map' ? ['labels/b_0.png belongs to no picture in images/'] : [],
      )
    })

    it(`${name} says what it looked for where the layout is another`, async () => {
      await expect(readFiles(name, { 'unrelated.txt': 'x' })).rejects.toMatchObject({
        code: 'wrong-layout',
        message: expect.stringMatching(/looked for .+; the folder holds unrelated\.txt$/),
      })
    })
  }
})

/** One value of a JSON document put in the place of another, by a small seeded generator. */
function mutated(value: unknown, random: () => number): unknown {
  const hostile = [
    null,
    true,
    -1,
    0,
    1e308,
    2 ** 53,
    '',
    '..',
    '__proto__',
    'x',
    [],
    [[]],
    [null],
    {},
    { id: {} },
    [1, 'a', null],
  ]
  const visit = (item: unknown, depth: number): unknown => {
    if (random() < 0.04 * depth) return hostile[Math.floor(random() * hostile.length)]
    if (Array.isArray(item)) return item.map((inner) => visit(inner, depth + 1))
    if (typeof item !== 'object' || item === null) return item
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, visit(inner, depth + 1)]))
  }
  return visit(value, 0)
}

describe('any value in any place', () => {
  for (const [name, { files, split }] of Object.entries(FIXTURES)) {
    it(`${name} reports it or reads on, and throws nothing but DataError`, { timeout: 120_000 }, async () => {
      let state = 12345
      const random = () => {
        state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
        return state / 0x80000000
      }
      for (let round = 0; round < 12; round++) {
        const changed = Object.entries(files).map(([path, content]): [string, unknown] => {
          if (content instanceof Uint8Array) return [path, content]
          if (typeof content !== 'string') return [path, mutated(content, random)]
          if (!path.endsWith('.jsonl')) return [path, content]
          return [path, JSON.stringify(mutated(JSON.parse(content), random))]
        })
        try {
          await readFiles(
            name,
            Object.fromEntries(changed),
            split === undefined ? {} : { split },
            ({ records, root }) => {
              for (const record of records) {
                for (const region of record.regions) {
                  try {
                    regionMask(record, region, { root, boxes: 'fill' })
                  } catch (error) {
                    expect(error).toBeInstanceOf(DataError)
                  }
                }
              }
            },
          )
        } catch (error) {
          expect(error).toBeInstanceOf(DataError)
        }
      }
    })
  }
})

describe('hostile files', () => {
  it('cost COCO one sample each, with a line that says which', async () => {
    const annotation = (id: unknown, more: string) =>
      `{"id": ${id}, "image_id": 1, "category_id": 3, ${more}}`
    const good = '"bbox": [1, 1, 2, 2]'
    const text = `{"images": [
        {"id": 1, "file_name": "a.jpg", "width": 8, "height": 6}, {"id": 1, "file_name": "a.jpg"},
        {"id": 2, "file_name": "../../etc/passwd", "width": 8, "height": 6}, {"id": 3, "file_name": "b.jpg", "width": 8, "height": 6},
        {"id": 4, "file_name": "a.jpg", "width": 6, "height": 8}, {"id": 5, "file_name": "a.jpg", "width": -8, "height": 6}],
      "annotations": [
        ${annotation(0, good)}, ${annotation(10, '"bbox": [NaN, 1, 2, 2]')}, ${annotation(11, `"x": ${'['.repeat(200)}${']'.repeat(200)}`)},
        ${annotation(12, good)}, ${annotation(12, good)}, ${annotation(13, '"segmentation": {"size": [8, 6], "counts": [0, 48]}')},
        ${annotation(14, '"segmentation": {"size": [6, 8], "counts": [48]}')}, ${annotation(15, '"bbox": [1, 1, -2, 2]')},
        ${annotation(16, '"segmentation": [[1, 1, 2, "x", 3, 3]]')}, ${annotation(17, '"bbox": [90, 1, 2, 2]')},
        {"id": 18, "image_id": 99, "category_id": 3}, {"id": 19, "image_id": 1, "category_id": 77, ${good}}, {"id": 20},
        ${annotation('"__proto__"', `"__proto__": {"polluted": 1}, ${good}`)}, ${annotation(21, '"segmentation": [[1, 1, 1, 4, 1, 2]]')},
        ${annotation(22, '"segmentation": {"size": [6, 8], "counts": "~~~~"}')}],
      "categories": [{"id": 3, "name": "__proto__"}]}`
    const { records, problems } = await readFiles('coco', { 'instances.json': text, 'images/a.jpg': PICTURE })
    expect(records.map((record) => record.id)).toEqual(['1'])
    expect(records[0]!.regions.map((region) => region.id)).toEqual(['0', '12', '19', '__proto__'])
    // Two elements are lost that could be of any picture.
    expect(records[0]!.coverage).toEqual({ absent: 'others', incomplete: 'any' })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    const said = problems.map(({ kind, message }) => `${kind}: ${message}`)
    for (const line of [
      /^bad-field: element 1 of "annotations" holds NaN, .*read as null/,
      /^bad-geometry: annotation 10 .*should be four numbers/,
      /^bad-field: element 2 of "annotations" nests deeper than 64 levels/,
      /^duplicate-id: image 1 stands twice, alike/,
      /^duplicate-id: annotation 12 of image 1 stands twice, alike/,
      /^unsafe-path: image 2: the picture's name ".*passwd" is no path inside the dataset/,
      /^missing-picture: image 3: there is no picture images\/b\.jpg/,
      /^wrong-size: image 4: images\/a\.jpg is 8 x 6, the annotations say 6 x 8/,
      /^wrong-size: image 5: a picture of -8 x 6 pixels cannot be/,
      /^wrong-size: annotation 13 .*they look exchanged/,
      /^empty-mask: annotation 14/,
      /^bad-geometry: annotation 15 .*negative side/,
      /^bad-geometry: annotation 16 .*no even list of numbers/,
      /^bad-geometry: annotation 17 .*lies outside 8 x 6/,
      /^dangling-id: annotation 18 is of image 99/,
      /^dangling-id: annotation 19 .*there is no category 77/,
      /^bad-field: annotations\[12\] has no image_id/,
      /^empty-mask: annotation 21 .*enclose nothing/,
      /^bad-geometry: annotation 22/,
    ]) {
      expect(
        said.filter((message) => line.test(message)),
        String(line),
      ).toHaveLength(1)
    }
    // Beside these: three entries are of a.jpg, and nothing more is said of one that is kept.
    expect(said.filter((message) => message.includes('has the picture of another image id'))).toHaveLength(3)
    expect(said).toHaveLength(22)
  })

  it('cost JSON lines one part each', async () => {
    const line = {
      image: 'a.jpg',
      regions: [
        { id: 'a', segmentation: square(1, 1) },
        { id: 'a', box: [0, 0, 1, 1] },
        { id: 'b', mask: '../x.png' },
        { id: 'c', mask: 'none.png' },
        { id: 'd' },
      ],
      phrases: [{ text: 'good', regions: ['a'] }, { text: 'lost', regions: ['zz'] }, { regions: [] }],
      captions: [{ text: 'abc', spans: [{ start: 0, end: 9, regions: ['a'] }] }],
      relations: [['a', 'on', 'zz']],
      dialogues: [[{ role: 'system', pieces: [] }]],
      choices: [{ question: ['?'], options: ['x', 'y'], right: 2 }],
    }
    const { records, problems } = await readFiles('jsonl', {
      'data.jsonl': `${JSON.stringify(line)}\n{bad\n{"image": 5}\n`,
      'a.jpg': PICTURE,
    })
    expect(records).toHaveLength(1)
    expect(records[0]).toMatchObject({
      regions: [{ id: 'a' }],
      phrases: [{ text: 'good' }],
      captions: [{ spans: [] }],
    })
    expect(problems.map((problem) => problem.kind)).toEqual([
      'duplicate-id',
      'unsafe-path',
      'missing-picture',
      'empty-mask',
      'dangling-id',
      'bad-field',
      'bad-field',
      'dangling-id',
      'bad-field',
      'bad-field',
      'bad-field',
      'unsafe-path',
    ])
  })

  it('pickles that want code run are said and not used, and references without their parts are lost alone', async () => {
    const files = { 'instances.json': coco(), 'train2014/a.jpg': PICTURE }
    const hostile = await readFiles('refcoco', { ...files, 'refs(unc).p': HOSTILE_PICKLE })
    expect(hostile.records).toEqual([])
    expect(hostile.problems[0]!.message).toMatch(/wants code run; nothing was run.*system/)
    const broken = [
      reference(),
      reference(),
      reference({ ref_id: 8, ann_id: 99 }),
      reference({ ref_id: 9, image_id: 5 }),
      3,
      reference({ ref_id: 10, ann_id: null }),
    ]
    const { records, problems } = await readFiles('refcoco', { ...files, 'refs(unc).p': pickle(broken) })
    expect(records[0]!.phrases).toHaveLength(2)
    expect(problems.map((problem) => problem.kind).sort()).toEqual([
      'bad-field',
      'bad-field',
      'dangling-id',
      'dangling-id',
      'duplicate-id',
    ])
  })

  it('segments with id 0 or twice are lost from a panoptic picture; one of no category goes without a name', async () => {
    const segments = [0, 5, 5, 2 ** 30].map((id) => ({ id, category_id: 3, area: 1 }))
    const { records, problems } = await readFiles('coco-panoptic', {
      'panoptic.json': {
        ...panoptic,
        annotations: [
          { image_id: 1, file_name: 'a.png', segments_info: [...segments, { id: 6, category_id: 9 }] },
        ],
      },
      'panoptic/a.png': halves(5, 6),
      'images/a.jpg': PICTURE,
    })
    expect(records[0]!.regions.map((region) => [region.id, region.category])).toEqual([
      ['5', 'cup'],
      ['6', undefined],
    ])
    expect(records[0]!.coverage).toEqual({ absent: 'others', incomplete: 'any' })
    expect(problems.map((problem) => problem.kind)).toEqual([
      'bad-field',
      'duplicate-id',
      'bad-field',
      'dangling-id',
    ])
  })
})

describe('reading', () => {
  it('keeps records without their picture where that is asked for and the size is stated', async () => {
    const files = { 'instances.json': coco() }
    expect((await readFiles('coco', files)).records).toEqual([])
    const kept = await readFiles('coco', files, { missingPictures: 'keep' })
    expect(kept.records).toHaveLength(1)
    expect(kept.problems).toEqual([])
  })

  it('gives 100,000 annotations in file order of their pictures, whatever the order of the annotations, with flat memory', async () => {
    const images = Array.from({ length: 1000 }, (_, i) => ({
      id: 5000 - i,
      file_name: `${i}.jpg`,
      width: 8,
      height: 6,
    }))
    const annotation = (i: number) =>
      `{"id": ${i}, "image_id": ${4001 + ((i * 7919) % 1000)}, "category_id": 3, "segmentation": [[${Array.from({ length: 60 }, (_, k) => (k * 3) % 7)}]]}`
    const { root, remove } = folderOf({
      'instances.json': `{"annotations": [${Array.from({ length: 100_000 }, (_, i) => annotation(i)).join(',')}], "categories": [{"id": 3, "name": "c"}], "images": ${JSON.stringify(images)}}`,
    })
    try {
      const before = process.memoryUsage().rss
      const start = process.cpuUsage().user
      const ids: string[] = []
      let regions = 0
      for await (const record of READERS['coco']!.read({
        root,
        missingPictures: 'keep',
        onProblem: (p) => expect(p).toBeUndefined(),
      })) {
        ids.push(record.id)
        regions += record.regions.length
        expect(record.regions.length).toBe(100)
      }
      expect(ids).toEqual(images.map((image) => String(image.id)))
      expect(regions).toBe(100_000)
      expect(process.memoryUsage().rss - before).toBeLessThan(200e6)
      // Microseconds of work, not of waiting: 1.4 s where this was written.
      expect(process.cpuUsage().user - start).toBeLessThan(15e6)
    } finally {
      remove()
    }
  }, 240_000)

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(readFiles('coco', FIXTURES['coco']!.files, { signal })).rejects.toThrow('enough')
  })
})

describe('helpers', () => {
  it('order spans, cut overlaps short, and count as Python does', () => {
    const spans = [
      { start: 4, end: 8, regions: ['b'] },
      { start: 0, end: 5, regions: ['a'] },
      { start: 0, end: 5, regions: ['c'] },
    ]
    expect(groundedCaption('abcdefgh', spans)).toEqual({
      caption: {
        text: 'abcdefgh',
        spans: [
          { start: 0, end: 5, regions: ['a', 'c'] },
          { start: 5, end: 8, regions: ['b'] },
        ],
      },
      cut: 1,
    })
    expect([0, 1, 2, 9].map(codePointOffsets('😀b'))).toEqual([0, 2, 3, 3])
    expect(piecesAtMarkers('x<1>y<2>', /<(\d)>/g, (m) => (m[1] === '1' ? 'r' : undefined))).toEqual([
      'x',
      { region: 'r' },
      'y<2>',
    ])
  })
})

const SHARED = join(import.meta.dirname, '../../../../../shared/data')
describe.skipIf(!existsSync(SHARED))('shared data (skipped where ../shared/data is absent)', () => {
  for (const [name, folder, records, regions, options] of [
    ['coco', 'coco-pool', 352, 3067, {}],
    ['grounding-suite', 'grounding-suite', 2240, 2240, { missingPictures: 'keep' }],
    ['coco-panoptic', 'demos/panoptic', 2, 50, {}],
    ['labelme', 'demos/labelme', 3, 14, {}],
    ['ade20k-scenes', 'demos/sceneparsing', 3, 25, {}],
    ['ade20k', 'demos/ade20k', 3, 139, {}],
    ['label-map', 'bsds500', 546, 10698, { split: 'val' }],
  ] as const) {
    it(`${name} reads ${folder} without loss`, async () => {
      const got = await readFolder(name, join(SHARED, folder), options)
      expect(got.problems.filter(({ isKept }) => isKept !== true)).toEqual([])
      expect([
        got.records.length,
        got.records.reduce((sum, record) => sum + record.regions.length, 0),
      ]).toEqual([records, regions])
      const record = got.records[0]!
      expect(area(regionMask(record, record.regions[0]!, { root: got.root, boxes: 'fill' }))).toBeGreaterThan(
        0,
      )
    })
  }
})

describe('yolo', () => {
  it('takes names in each published spelling, says each line that is no outline and no box, and keeps the others', async () => {
    const labels =
      '1 0 0 0.5 0 0.5 0.5\n0 0.2 0.2 0.2\n0 0 0 1.5 0 0.5 0.5\nx 0.5 0.5 0.1 0.1\n\n0 0.5 0.5 0.25 0.5\n'
    for (const names of [
      'names: [cup, "red spoon"]\n',
      "names: # two\n- cup\n- 'red spoon'\n",
      'names:\r\n  1: red spoon # a remark\r\n  0: cup\r\n',
    ]) {
      const files = { 'images/a.png': PICTURE, 'labels/a.txt': labels, 'data.yaml': `nc: 2\n${names}` }
      const { records, problems } = await readFiles('yolo', { ...files, 'images/background.png': PICTURE })
      expect(records.map(({ regions }) => regions.map(({ id, category }) => [id, category]))).toEqual([
        [
          ['1', 'red spoon'],
          ['6', 'cup'],
        ],
      ])
      expect(records[0]!.regions[1]!.boxXywhPx).toEqual([3, 1.5, 2, 3])
      expect(problems.map(({ kind, at }) => [kind, at])).toEqual([
        ['bad-field', 'line 2'],
        ['bad-geometry', 'line 3'],
        ['bad-field', 'line 4'],
      ])
    }
  })

  it.each([
    [
      'Windows with a drive',
      'data/train/images',
      'data/train/labels',
      'train: C:\\set\\data\\train\\images\n',
    ],
    ['Roboflow, from a folder beside', 'pics/images', 'pics/labels', 'train: ../pics/images\n'],
    [
      'a path and a rest',
      'mine/images/one',
      'mine/labels/one',
      'path: ../mine\ntrain: mine/images/one # all\n',
    ],
    ['outlines beside pictures', 'train', 'train', ''],
    ['one folder of all', '', '', ''],
  ])('finds pictures and outlines as %s has them', async (_, pictures, labels, yaml) => {
    const at = (folder: string, name: string) => (folder === '' ? name : `${folder}/${name}`)
    const { records, problems } = await readFiles('yolo', {
      [at(pictures, 'a.png')]: PICTURE,
      [at(labels, 'a.txt')]: '1 0 0 0.5 0 0.5 0.5',
      [at(pictures, 'bare.png')]: PICTURE,
      'data.yaml': `${yaml}names: ['cup, large', 'it''s a lid']\n`,
    })
    expect(problems).toEqual([])
    expect(records.map(({ picture, regions }) => [picture.file, regions[0]!.category])).toEqual([
      [at(pictures, 'a.png'), "it's a lid"],
    ])
  })

  it('knows what a lost line was of where its class can be read, and nothing of the others where it cannot', async () => {
    const coverageOf = async (labels: string) => {
      const { records } = await readFiles('yolo', {
        'images/a.png': PICTURE,
        'labels/a.txt': `0 0 0 0.5 0 0.5 0.5\n${labels}`,
        'data.yaml': 'names: [cup, spoon]\n',
      })
      return records[0]!.coverage
    }
    expect(await coverageOf('')).toEqual({ absent: 'others', incomplete: [] })
    expect(await coverageOf('1 0 0 1.5 0 0.5 0.5\n')).toEqual({ absent: 'others', incomplete: ['spoon'] })
    expect(await coverageOf('1 0.2 0.2\n')).toEqual({ absent: 'others', incomplete: ['spoon'] })
    expect(await coverageOf('spoon 0 0 0.5 0 0.5 0.5\n')).toEqual({ absent: 'others', incomplete: 'any' })
  })
})
