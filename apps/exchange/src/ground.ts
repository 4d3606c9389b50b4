// Which pixels loaded masks lie on where the open picture's file says that viewers turn it; the rule is that of the command.
import { chooseGround, type Ground, laidOutlines, type Mask, type SizePx, shownMask } from '@maskwords/mask'

/** A file's pixels lie otherwise than viewers show them: EXIF orientation 2 to 8, and their size as they lie. */
export type PictureTurn = {
  readonly orientation: number
  readonly widthPx: number
  readonly heightPx: number
}

/** The open picture as loaded masks may lie on it. */
export type Grounds = SizePx & { readonly name: string; readonly turn?: PictureTurn | undefined }

/** Those of a picture that is open. */
export function groundsOf({
  name,
  pixels,
  turn,
}: {
  readonly name: string
  readonly pixels: SizePx
  readonly turn?: PictureTurn | undefined
}): Grounds {
  const { widthPx, heightPx } = pixels
  return { name, widthPx, heightPx, turn }
}

export type ChosenGround = {
  /** The size that the masks are to be read on. */
  readonly size: SizePx
  /** A mask of that size as it lies on the open picture. */
  readonly shown: (mask: Mask) => Mask
  /** What the person should know: that masks were turned, or could lie otherwise. */
  readonly said: readonly string[]
}

/**
 * The pixels on which masks lie that state these sizes, and of which `outlines` draws those that have none of their own; where
 * sizes cannot tell, `convention` says. Undefined where a size is stated that is none of the picture's.
 */
export function chosenGround(
  picture: Grounds,
  masks: {
    readonly stated: readonly SizePx[]
    readonly convention: Ground
    readonly outlines?: readonly ((size: SizePx) => Mask)[]
  },
): ChosenGround | undefined {
  const { turn, widthPx, heightPx } = picture
  const shownSize = { widthPx, heightPx }
  const { stated, convention, outlines = [] } = masks
  const stored = turn ?? shownSize
  const orientation = turn?.orientation ?? 1
  const choice = chooseGround({ stored, orientation, stated, convention })
  if (choice === undefined) return undefined
  const asShown: ChosenGround = { size: shownSize, shown: (mask) => mask, said: [] }
  if (turn === undefined) return asShown
  const storedSize = { widthPx: turn.widthPx, heightPx: turn.heightPx }
  const onStored = (why: string): ChosenGround => ({
    size: storedSize,
    shown: (mask) => shownMask(mask, orientation),
    said: [`turned as the picture is (EXIF ${orientation}): ${why}`],
  })
  const isLaid = orientation >= 5 && widthPx !== heightPx
  const size = choice.ground === 'shown' ? shownSize : storedSize
  if (isLaid && laidOutlines(size, outlines)?.isOther === true) {
    return choice.ground === 'stored'
      ? { ...asShown, said: ['the outlines fit the picture as it is shown, not the size they state'] }
      : onStored('the outlines fit the pixels as they lie in the file')
  }
  if (choice.ground === 'shown') return asShown
  return onStored(
    choice.by === 'size'
      ? 'they have the size of the pixels as they lie in the file'
      : 'COCO’s masks lie on the pixels as they lie in the file',
  )
}
