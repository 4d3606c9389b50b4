// CVAT's files: "for images" and "for video" (XML), and the annotations of a job (JSON), by the code that the command reads them with.
import {
  type CvatPicture,
  cvatFrames,
  cvatJobShapes,
  isCvatJob,
  type JsonObject,
  readCvatXml,
} from '@maskwords/annotations'
import { chosenEntry } from './choose.ts'
import { StudioError } from './error.ts'
import type { Grounds } from './ground.ts'
import type { LoadedMasks } from './loaded.ts'
import { loadedShapes } from './shapes.ts'

/** The masks of the picture in CVAT's XML. Throws AnnotationError and StudioError with what is wrong. */
export const masksFromCvatXml = (text: string, picture: Grounds): LoadedMasks =>
  ofPictures(readCvatXml(text), picture)

/** Whether a parsed JSON value is a job of CVAT, or a list of them. */
export const isCvatJson = (json: unknown): boolean =>
  Array.isArray(json) ? json.length > 0 && json.every(isCvatJob) : isCvatJob(json)

/** The same of a job's JSON, whose frames have no names. */
export function masksFromCvatJson(json: unknown, picture: Grounds): LoadedMasks {
  const jobs = (Array.isArray(json) ? json : [json]) as readonly JsonObject[]
  return ofPictures(cvatFrames(cvatJobShapes(jobs.map((item, i) => ({ item, at: `[${i}]` })))), picture)
}

function ofPictures(pictures: readonly CvatPicture[], picture: Grounds): LoadedMasks {
  const chosen = pictureOf(pictures, picture)
  const list = chosen.shapes()
  const name = chosen.name ?? `frame ${chosen.id ?? ''}`.trim()
  const said = list.outside === 0 ? [] : [`${list.outside} outside the picture in this frame`]
  return loadedShapes(list, picture, { size: chosen.size, readAs: `CVAT annotations of ${name}`, said })
}

function pictureOf(pictures: readonly CvatPicture[], picture: Grounds): CvatPicture {
  const [only, ...others] = pictures
  if (only === undefined) throw new StudioError('missing', 'the file has no picture')
  if (only.kind === 'image') {
    return chosenEntry(picture, {
      entries: pictures,
      namesOf: ({ name }) => (name === undefined ? [] : [name]),
      sizeOf: ({ size }) => size,
      convention: 'shown',
      namedBy: '“name” of the <image>',
    })
  }
  if (others.length === 0) return only
  // CVAT names the frames that it exports by their numbers.
  const frame = /(\d+)\.\w+$/.exec(picture.name)?.[1]
  const found = pictures.find(({ id }) => frame !== undefined && Number(id) === Number(frame))
  if (found !== undefined) return found
  throw new StudioError(
    'missing',
    `the file has ${pictures.length} frames, and which of them ${picture.name} is is not said`,
    {
      hint: `Name the picture by its frame, as CVAT does: frame_${(only.id ?? '0').padStart(6, '0')}.png.`,
    },
  )
}
