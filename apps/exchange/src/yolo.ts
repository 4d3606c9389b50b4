// A YOLO label file of the open picture, with the names of data.yaml or classes.txt where they were opened with it.
import { looksLikeYoloLabels, readYoloLabels } from '@maskwords/annotations'
import { isEmpty, MaskError, maskFromCocoBox, maskFromCocoPolygons } from '@maskwords/mask'
import { StudioError } from './error.ts'
import { chosenGround, type Grounds } from './ground.ts'
import { checkCount, type LoadedMasks, labelled, type NamedMask } from './loaded.ts'
import { inCounts } from './shapes.ts'

export { looksLikeYoloLabels }

/** The masks of a label file; boxes are filled. Throws StudioError where nothing can be read. */
export function masksFromYolo(
  text: string,
  picture: Grounds,
  names: ReadonlyMap<number, string> = new Map(),
): LoadedMasks {
  // The files say no size: as the command has it, they lie on the pixels of the picture's file.
  const ground = chosenGround(picture, { stated: [], convention: 'stored' })!
  const causes: string[] = []
  const lines = readYoloLabels(text, ground.size)
  checkCount(lines.length)
  let boxes = 0
  let unnamed = 0
  const masks = lines.flatMap((line): NamedMask[] => {
    if (line.lost !== undefined) {
      causes.push(`line ${line.line}: ${line.lost.message}`)
      return []
    }
    const { outlinePx, boxXywhPx, label } = line
    const { widthPx, heightPx } = ground.size
    try {
      const [x, y, width, height] = boxXywhPx ?? [0, 0, 0, 0]
      const mask = ground.shown(
        outlinePx === undefined
          ? maskFromCocoBox({ widthPx, heightPx, box: { x, y, width, height } })
          : maskFromCocoPolygons({ widthPx, heightPx, polygons: [outlinePx] }),
      )
      if (isEmpty(mask)) {
        causes.push('an outline holds no pixel')
        return []
      }
      if (outlinePx === undefined) boxes++
      const name = names.get(label!)
      if (name === undefined) unnamed++
      return [labelled(mask, name ?? `class ${label}`, `class ${label}`)]
    } catch (error) {
      if (!(error instanceof MaskError)) throw error
      causes.push(`line ${line.line}: ${error.message}`)
      return []
    }
  })
  if (masks.length === 0) {
    throw new StudioError(
      'malformed',
      causes.length === 0 ? 'the label file is empty: nothing is on the picture' : inCounts(causes),
    )
  }
  const said = [
    ...(boxes === 0 ? [] : [`${boxes} boxes, which are filled`]),
    ...(unnamed === 0 ? [] : [`${unnamed} without a name of their class: open data.yaml with it`]),
  ]
  return {
    masks,
    refused: causes.length,
    ...(causes.length > 0 && { cause: inCounts(causes) }),
    readAs: ['YOLO labels', ...said, ...ground.said].join('; '),
  }
}
