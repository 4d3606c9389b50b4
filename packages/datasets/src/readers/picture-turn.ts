// Pictures that EXIF turns: which pixels a record's masks lie on, and what of them lies outside. Definition: docs/prepare.md, "Turned pictures".
import type { DataProblem } from '@maskwords/inputs'
import {
  chooseGround,
  type GroundConvention,
  laidOutlines,
  type Mask,
  maskFromCocoBox,
  maskFromCocoPolygons,
  type PictureHeader,
  type SizePx,
  shownSize,
} from '@maskwords/mask'
import type { PictureFile, Region } from '../record.ts'

/**
 * Size and turn of a picture as its masks have them; `stated` by the annotations, where they do. Undefined where the
 * stated size is neither that of the stored nor that of the shown pixels.
 */
export function groundedPicture(
  header: PictureHeader,
  stated: SizePx | undefined,
  drawnOn: GroundConvention = 'stored',
): Pick<PictureFile, 'widthPx' | 'heightPx' | 'turn'> | undefined {
  const { orientation, format } = header
  const stored = { widthPx: header.widthPx, heightPx: header.heightPx }
  // Pillow turns TIFF by itself, so its convention is the shown picture there.
  const convention = format === 'tiff' ? 'shown' : drawnOn
  const choice = chooseGround({
    stored,
    orientation,
    stated: stated === undefined ? [] : [stated],
    convention,
  })
  if (choice === undefined) return undefined
  const size = stated ?? (choice.ground === 'shown' ? shownSize(stored, orientation) : stored)
  const { ground, by } = choice
  return by === 'same' ? size : { ...size, turn: { orientation, ground, by } }
}

/**
 * The picture with its sides exchanged where only that holds the outlines: the annotations state the size of one ground,
 * their outlines reach beyond it, and the other ground holds all of them. Outlines beyond both are said and stay; so are
 * those of a picture whose size turning does not change.
 */
export function turnedByOutlines(
  picture: PictureFile,
  regions: readonly Region[],
  said: { readonly onProblem: (problem: DataProblem) => void; readonly file: string; readonly at: string },
): PictureFile {
  const { turn, widthPx, heightPx } = picture
  if (turn === undefined) return picture
  const isLaid = turn.orientation >= 5 && widthPx !== heightPx
  const outlines = regions.map(outlineOf)
  const found = laidOutlines(
    picture,
    outlines.filter((outline) => outline !== undefined),
  )
  if (found === undefined) return picture
  const counted = `${found.lost} of ${found.all} pixels of its masks`
  const here = `outlines leave ${widthPx} x ${heightPx}, the size of its ${turn.ground} pixels and as which it is taken`
  const { file, at } = said
  // Run lengths and label maps have the size that they state.
  if (isLaid && found.isOther && !outlines.includes(undefined)) {
    const other = turn.ground === 'stored' ? 'shown' : 'stored'
    said.onProblem({
      kind: 'wrong-size',
      message: `${at}: ${picture.file} is turned by EXIF ${turn.orientation}; ${here}: ${counted} would be lost; all fit the ${other} pixels, ${heightPx} x ${widthPx}, and are taken to lie on these`,
      file,
      at,
      isKept: true,
    })
    return {
      ...picture,
      widthPx: heightPx,
      heightPx: widthPx,
      turn: { ...turn, ground: other, by: 'outlines' },
    }
  }
  said.onProblem({
    kind: 'bad-geometry',
    message: `${at}: ${picture.file} is turned by EXIF ${turn.orientation}; ${here}: ${counted} lie outside and are lost; ${isLaid ? 'turned, they do not fit either' : 'its size is the same turned'}`,
    file,
    at,
    isKept: true,
  })
  return picture
}

/** A region drawn on a picture of any size; undefined for what has a size of its own. */
function outlineOf({ shape, boxXywhPx }: Region): ((size: SizePx) => Mask) | undefined {
  if (shape.kind === 'coco' && Array.isArray(shape.segmentation)) {
    const polygons = shape.segmentation as readonly (readonly number[])[]
    return (size) => maskFromCocoPolygons({ ...size, polygons })
  }
  if (shape.kind !== 'box' || boxXywhPx === undefined) return undefined
  const [x, y, width, height] = boxXywhPx
  return (size) => maskFromCocoBox({ ...size, box: { x, y, width, height } })
}
