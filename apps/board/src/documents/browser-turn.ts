// Whether the browser turns a picture as its file says: browsers differ by format, and do not say. Definition: Exif 2.32, tag 0x0112.
import { type PictureHeader, pictureHeader } from '@maskwords/mask'

/** Pictures of 2 x 1 pixels with EXIF orientation 6: where one comes out as 1 x 2, its format is turned. */
const PROBES: Partial<Record<PictureHeader['format'], string>> = {
  jpeg: '/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAIBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z',
  png: 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kAAAAPSURBVHicY2BgYGBgYAAAAAcAAVchYhkAAAAASUVORK5CYII=',
  webp: 'UklGRk4AAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TA4AAAAvAQAAAAcQEf0PRET/A0VYSUYaAAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=',
}

const turnsFormat = new Map<PictureHeader['format'], Promise<boolean>>()

/** Whether a decoded picture of `width` pixels is what viewers show, or what lies in the file, of which `head` are the bytes. */
export async function isTurnedByBrowser(
  head: Uint8Array,
  { format, orientation, widthPx, heightPx }: PictureHeader,
  width: number,
): Promise<boolean> {
  if (orientation >= 5 && widthPx !== heightPx) return width === heightPx
  // What only XMP says no browser reads; what a HEIF container says every one does.
  const said = pictureHeader(head, { tags: 'exif' })?.orientation
  if (said === undefined || said === 1) return false
  const probe = PROBES[format]
  if (probe === undefined) return true
  let turns = turnsFormat.get(format)
  if (turns === undefined) {
    turns = turnsProbe(probe)
    turnsFormat.set(format, turns)
  }
  return turns
}

async function turnsProbe(base64: string): Promise<boolean> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  const decoded = await createImageBitmap(new Blob([bytes]), { imageOrientation: 'from-image' })
  const { width } = decoded
  decoded.close()
  return width === 1
}

/** Makes the next drawing on a canvas of the shown size turn a picture of the stored pixels as viewers show it. */
export function turnCanvas(
  context: OffscreenCanvasRenderingContext2D,
  orientation: number,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): void {
  const [w, h] = [widthPx, heightPx]
  const turns: Record<number, [number, number, number, number, number, number]> = {
    2: [-1, 0, 0, 1, w, 0],
    3: [-1, 0, 0, -1, w, h],
    4: [1, 0, 0, -1, 0, h],
    5: [0, 1, 1, 0, 0, 0],
    6: [0, 1, -1, 0, h, 0],
    7: [0, -1, -1, 0, h, w],
    8: [0, -1, 1, 0, 0, w],
  }
  const turn = turns[orientation]
  if (turn !== undefined) context.setTransform(...turn)
}
