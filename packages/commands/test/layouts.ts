// A picture with named masks, written in the layout of every tool and dataset that is read: what round trips begin with.
import {
  type AnnotatedPicture,
  writeCoco,
  writeCvatXml,
  writeLabelMap,
  writeLabelStudio,
  writeRecords,
  writeYolo,
} from '@maskwords/annotations'
import {
  area,
  cocoCountsFromMask,
  cocoPolygonsFromMask,
  cocoRleFromMask,
  crop,
  cvatRleFromMask,
  cvatXmlFromMask,
  labelMapFromMasks,
  labelMapToPng,
  labelStudioRleFromMask,
  type Mask,
  maskFromRowMajor,
  maskToPng,
  tightBox,
  writePng,
} from '@maskwords/mask'
import fc from 'fast-check'

export type Scene = {
  readonly widthPx: number
  readonly heightPx: number
  /** Masks that do not overlap, each with a name of its own. */
  readonly things: readonly { readonly name: string; readonly mask: Mask }[]
}

export type Files = Readonly<Record<string, Uint8Array | string>>

/** Names that files of some tool have trouble with; `plain` ones have none anywhere. */
const NAMES = ['cup', 'a dog', 'café', '猫', '7', 'a "b" & <c>', "it's", 'x; y, z', '__proto__']
const PLAIN = ['cup', 'dog', 'café', '猫']

/** Scenes of up to 20 x 20 pixels with up to three things. */
export const scenes = (names: 'plain' | 'any'): fc.Arbitrary<Scene> =>
  fc
    .record({ widthPx: fc.integer({ min: 2, max: 20 }), heightPx: fc.integer({ min: 2, max: 20 }) })
    .chain(({ widthPx, heightPx }) =>
      fc.record({
        widthPx: fc.constant(widthPx),
        heightPx: fc.constant(heightPx),
        labels: fc.array(fc.integer({ min: 0, max: 3 }), {
          minLength: widthPx * heightPx,
          maxLength: widthPx * heightPx,
        }),
        names: fc.uniqueArray(fc.constantFrom(...(names === 'plain' ? PLAIN : NAMES)), {
          minLength: 3,
          maxLength: 3,
        }),
      }),
    )
    .map(({ widthPx, heightPx, labels, names: chosen }) => ({
      widthPx,
      heightPx,
      things: chosen
        .map((name, i) => {
          const bytes = Uint8Array.from(labels, (label) => (label === i + 1 ? 1 : 0))
          return { name, mask: maskFromRowMajor({ widthPx, heightPx, bytes }) }
        })
        .filter(({ mask }) => area(mask) > 0),
    }))
    .filter(({ things }) => things.length > 0)

const json = (value: unknown) => JSON.stringify(value)
const xml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
const rings = (mask: Mask) => cocoPolygonsFromMask(mask)
const pairs = (ring: readonly number[]) =>
  Array.from({ length: ring.length / 2 }, (_, i) => [ring[2 * i]!, ring[2 * i + 1]!])
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
const boxOf = (mask: Mask) => {
  const { x, y, width, height } = tightBox(mask)
  return [x, y, width, height]
}

function pictureOf({ widthPx, heightPx }: Scene): Uint8Array {
  return writePng({
    widthPx,
    heightPx,
    colour: 'grey',
    bitDepth: 8,
    samples: new Uint8Array(widthPx * heightPx),
  })
}

type Layout = {
  /** The reader of `prepare`. */
  readonly reader: string
  /** The file that `encode` takes, where it reads this layout; `--mask-format` of it. */
  readonly encoded?: string
  readonly format?: 'label-map' | 'panoptic'
  /** Names that its text can hold. */
  readonly names: 'plain' | 'any'
  /** Labels of masks that `encode` reads: false where the file has none. */
  readonly isNamed?: boolean
  readonly files: (scene: Scene) => Files
}

function coco(segmentation: (mask: Mask) => unknown): (scene: Scene) => Files {
  return (scene) => ({
    'images/a.png': pictureOf(scene),
    'instances.json': json({
      images: [{ id: 1, file_name: 'a.png', width: scene.widthPx, height: scene.heightPx }],
      categories: scene.things.map(({ name }, i) => ({ id: i + 1, name })),
      annotations: scene.things.map(({ mask }, i) => ({
        id: i + 1,
        image_id: 1,
        category_id: i + 1,
        iscrowd: 0,
        area: area(mask),
        bbox: boxOf(mask),
        segmentation: segmentation(mask),
      })),
    }),
  })
}

function labelme(shapes: (mask: Mask, name: string, group: number) => unknown[]): (scene: Scene) => Files {
  return (scene) => ({
    'a.png': pictureOf(scene),
    'a.json': json({
      imagePath: 'a.png',
      imageWidth: scene.widthPx,
      imageHeight: scene.heightPx,
      shapes: scene.things.flatMap(({ mask, name }, i) => shapes(mask, name, i + 1)),
    }),
  })
}

function cvatImages(shapes: (mask: Mask, label: string) => string): (scene: Scene) => Files {
  return (scene) => ({
    'images/a.png': pictureOf(scene),
    'annotations.xml': `<annotations><image id="0" name="a.png" width="${scene.widthPx}" height="${scene.heightPx}">${scene.things
      .map(({ mask, name }) => shapes(mask, `label="${xml(name)}"`))
      .join('')}</image></annotations>`,
  })
}

function labelStudio(values: (mask: Mask, name: string) => object[]): (scene: Scene) => Files {
  return (scene) => ({
    'images/a.png': pictureOf(scene),
    'export.json': json([
      {
        id: 1,
        data: { image: 'a.png' },
        annotations: [
          {
            id: 1,
            result: scene.things.flatMap(({ mask, name }, i) =>
              values(mask, name).map((value, k) => ({
                id: `r${i}-${k}`,
                type: 'rle' in value ? 'brushlabels' : 'polygonlabels',
                to_name: 'image',
                original_width: mask.widthPx,
                original_height: mask.heightPx,
                value,
              })),
            ),
          },
        ],
      },
    ]),
  })
}

/** What one of our writers makes of the scene. */
function ours(write: (pictures: readonly AnnotatedPicture[]) => Files): (scene: Scene) => Files {
  return (scene) => {
    const { widthPx, heightPx, things } = scene
    const regions = things.map(({ name, mask }) => ({ mask, category: name }))
    return { 'images/a.png': pictureOf(scene), ...write([{ file: 'a.png', widthPx, heightPx, regions }]) }
  }
}

const cvatMask = (mask: Mask) => {
  const { rle, left, top, width, height } = cvatXmlFromMask(mask)
  return `rle="${rle}" left="${left}" top="${top}" width="${width}" height="${height}"`
}

const mapOf = ({ things, ...size }: Scene) =>
  labelMapFromMasks(
    things.map(({ mask }, i) => ({ label: i + 1, mask })),
    size,
  )

/** Every layout that goes round, by its name. */
export const LAYOUTS: Readonly<Record<string, Layout>> = {
  'COCO run lengths as text': {
    reader: 'coco',
    encoded: 'instances.json',
    names: 'any',
    files: coco(cocoRleFromMask),
  },
  'COCO run lengths as counts': {
    reader: 'coco',
    encoded: 'instances.json',
    names: 'any',
    files: coco(cocoCountsFromMask),
  },
  'COCO polygons': { reader: 'coco', encoded: 'instances.json', names: 'any', files: coco(rings) },
  ...Object.fromEntries(
    (['runs', 'counts', 'outlines'] as const).map((as): [string, Layout] => [
      `our COCO file, ${as}`,
      {
        reader: 'coco',
        encoded: 'instances.json',
        names: 'any',
        files: ours((pictures) => ({ 'instances.json': json(writeCoco(pictures, { as }).value) })),
      },
    ]),
  ),
  'our CVAT file': {
    reader: 'cvat',
    encoded: 'annotations.xml',
    names: 'any',
    files: ours((pictures) => ({ 'annotations.xml': writeCvatXml(pictures).value })),
  },
  'our Label Studio file': {
    reader: 'label-studio',
    encoded: 'tasks.json',
    names: 'any',
    files: ours((pictures) => ({ 'tasks.json': json(writeLabelStudio(pictures).value) })),
  },
  'our YOLO files': {
    reader: 'yolo',
    names: 'any',
    files: ours((pictures) => Object.fromEntries(writeYolo(pictures).value)),
  },
  'our plain JSON lines': {
    reader: 'jsonl',
    names: 'any',
    files: ours((pictures) => ({ 'data.jsonl': writeRecords(pictures).value })),
  },
  'our label map': {
    reader: 'label-map',
    encoded: 'labels/a.png',
    format: 'label-map',
    names: 'any',
    isNamed: false,
    files: ours(([picture]) => {
      const { png, names } = writeLabelMap(picture!).value
      return { 'labels/a.png': png, 'names.json': json(names) }
    }),
  },
  'SA-1B': {
    reader: 'sa1b',
    encoded: 'sa_1.json',
    names: 'any',
    isNamed: false,
    files: (scene) => ({
      'sa_1.jpg': pictureOf(scene),
      'sa_1.json': json({
        image: { image_id: 1, file_name: 'sa_1.jpg', width: scene.widthPx, height: scene.heightPx },
        annotations: scene.things.map(({ mask }, i) => ({
          id: i + 1,
          area: area(mask),
          bbox: boxOf(mask),
          segmentation: cocoRleFromMask(mask),
        })),
      }),
    }),
  },
  'COCO panoptic': {
    reader: 'coco-panoptic',
    encoded: 'annotations/panoptic_val2017/a.png',
    format: 'panoptic',
    names: 'any',
    isNamed: false,
    files: (scene) => ({
      'val2017/a.png': pictureOf(scene),
      'annotations/panoptic_val2017/a.png': labelMapToPng(mapOf(scene), { as: 'panoptic' }),
      'annotations/panoptic_val2017.json': json({
        images: [{ id: 1, file_name: 'a.png', width: scene.widthPx, height: scene.heightPx }],
        categories: scene.things.map(({ name }, i) => ({ id: i + 1, name, isthing: 1 })),
        annotations: [
          {
            image_id: 1,
            file_name: 'a.png',
            segments_info: scene.things.map(({ mask }, i) => ({
              id: i + 1,
              category_id: i + 1,
              iscrowd: 0,
              area: area(mask),
              bbox: boxOf(mask),
            })),
          },
        ],
      }),
    }),
  },
  'label maps': {
    reader: 'label-map',
    encoded: 'labels/a.png',
    format: 'label-map',
    names: 'any',
    isNamed: false,
    files: (scene) => ({
      'images/a.png': pictureOf(scene),
      'labels/a.png': labelMapToPng(mapOf(scene)),
      'names.json': json(Object.fromEntries(scene.things.map(({ name }, i) => [i + 1, name]))),
    }),
  },
  'VOC palettes': {
    reader: 'label-map',
    encoded: 'SegmentationClass/a.png',
    format: 'label-map',
    names: 'plain',
    isNamed: false,
    files: (scene) => ({
      'JPEGImages/a.png': pictureOf(scene),
      'SegmentationClass/a.png': labelMapToPng(mapOf(scene), { as: 'palette' }),
      'labels.txt': ['_background_', ...scene.things.map(({ name }) => name)].join('\n'),
    }),
  },
  'labelme masks': {
    reader: 'labelme',
    encoded: 'a.json',
    names: 'any',
    files: labelme((mask, label) => {
      const { x, y, width, height } = tightBox(mask)
      return [
        {
          label,
          shape_type: 'mask',
          points: [
            [x, y],
            [x + width - 1, y + height - 1],
          ],
          mask: base64(maskToPng(crop(mask, { x, y, width, height }))),
        },
      ]
    }),
  },
  'labelme polygons': {
    reader: 'labelme',
    encoded: 'a.json',
    names: 'any',
    files: labelme((mask, label, group_id) =>
      rings(mask).map((ring) => ({ label, group_id, shape_type: 'polygon', points: pairs(ring) })),
    ),
  },
  'CVAT for images, masks': {
    reader: 'cvat',
    encoded: 'annotations.xml',
    names: 'any',
    files: cvatImages((mask, label) => `<mask ${label} ${cvatMask(mask)}></mask>`),
  },
  'CVAT for images, polygons': {
    reader: 'cvat',
    encoded: 'annotations.xml',
    names: 'any',
    files: cvatImages((mask, label) =>
      rings(mask)
        .map((ring) => `<polygon ${label} points="${pairs(ring).join(';')}"/>`)
        .join(''),
    ),
  },
  'CVAT for video': {
    reader: 'cvat',
    encoded: 'annotations.xml',
    names: 'any',
    files: (scene) => ({
      'images/frame_000000.png': pictureOf(scene),
      'annotations.xml': `<annotations><meta><original_size><width>${scene.widthPx}</width><height>${scene.heightPx}</height></original_size></meta>${scene.things
        .map(
          ({ mask, name }, i) =>
            `<track id="${i}" label="${xml(name)}"><mask frame="0" outside="0" keyframe="1" ${cvatMask(mask)}/></track>`,
        )
        .join('')}</annotations>`,
    }),
  },
  'CVAT backups': {
    reader: 'cvat',
    encoded: 'annotations.json',
    names: 'any',
    files: (scene) => ({
      'data/a.png': pictureOf(scene),
      'data/manifest.jsonl': [
        '{"version":"1.1"}',
        '{"type":"images"}',
        json({ name: 'a', extension: '.png', width: scene.widthPx, height: scene.heightPx }),
      ].join('\n'),
      'annotations.json': json([
        {
          version: 0,
          tags: [],
          tracks: [],
          shapes: scene.things.map(({ mask, name }) => ({
            type: 'mask',
            label: name,
            frame: 0,
            rotation: 0,
            points: [...cvatRleFromMask(mask)],
          })),
        },
      ]),
    }),
  },
  'Label Studio brushes': {
    reader: 'label-studio',
    encoded: 'export.json',
    names: 'any',
    files: labelStudio((mask, name) => [
      { format: 'rle', rle: [...labelStudioRleFromMask(mask)], brushlabels: [name] },
    ]),
  },
  'Label Studio polygons': {
    reader: 'label-studio',
    encoded: 'export.json',
    names: 'any',
    files: labelStudio((mask, name) =>
      rings(mask).map((ring) => ({
        points: pairs(ring).map(([x, y]) => [(100 * x!) / mask.widthPx, (100 * y!) / mask.heightPx]),
        closed: true,
        polygonlabels: [name],
      })),
    ),
  },
  YOLO: {
    reader: 'yolo',
    names: 'plain',
    files: (scene) => ({
      'images/a.png': pictureOf(scene),
      'labels/a.txt': scene.things
        .flatMap(({ mask }, i) =>
          rings(mask).map((ring) =>
            [i, ...pairs(ring).flatMap(([x, y]) => [x! / scene.widthPx, y! / scene.heightPx])].join(' '),
          ),
        )
        .join('\n'),
      'classes.txt': scene.things.map(({ name }) => name).join('\n'),
    }),
  },
  'plain JSON lines': {
    reader: 'jsonl',
    names: 'any',
    files: (scene) => ({
      'images/a.png': pictureOf(scene),
      'data.jsonl': json({
        image: 'a.png',
        width: scene.widthPx,
        height: scene.heightPx,
        regions: scene.things.map(({ mask, name }, i) => ({
          id: `${i}`,
          category: name,
          segmentation: i % 2 === 0 ? cocoRleFromMask(mask) : rings(mask),
        })),
      }),
    }),
  },
}
