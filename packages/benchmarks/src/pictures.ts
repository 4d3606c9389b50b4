// The pictures of samples: found under the folders that they may be named from, or taken out of the dataset's own files; on the pixels
// that the masks lie on.
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Context, ReadPicture } from '@maskwords/files'
import {
  decodePicture,
  describePicture,
  MAX_PICTURE_FILE_BYTES,
  MaskwordsError,
  readInput,
} from '@maskwords/files'
import type { Truth, TruthSample } from './truth.ts'
import { sizeOfSample } from './truth-samples.ts'

export type SamplePictures = {
  /**
   * The picture of a sample.
   * @throws MaskwordsError `not-found`, `size-mismatch` where it is of another size than the truth, and as `readPicture` does.
   */
  read(sample: TruthSample): Promise<ReadPicture>
  /** Whether there is one to read. */
  isThere(sample: TruthSample): boolean
}

/** Pictures of a truth. The last one stays decoded: a picture's samples follow each other. */
export function samplePictures(
  context: Context,
  truth: Pick<Truth, 'root' | 'pictureBytes'>,
  folders: readonly string[],
): SamplePictures {
  let last: { readonly key: string; readonly picture: Promise<ReadPicture> } | undefined
  const bytesOf = async (sample: TruthSample): Promise<{ name: string; bytes: Uint8Array }> => {
    const { picture } = sample
    if (picture !== undefined && truth.pictureBytes !== undefined) {
      return { name: picture, bytes: await truth.pictureBytes(picture) }
    }
    const path = findPicture(sample, folders)
    if (path === undefined) {
      throw new MaskwordsError('not-found', `the picture ${picture ?? '(not named)'} was not found`, {
        at: sample.id,
        hint: 'this codec decodes with the picture: name its folder with --pictures',
      })
    }
    return await readInput(context.io, path, MAX_PICTURE_FILE_BYTES)
  }
  const read = async (sample: TruthSample): Promise<ReadPicture> => {
    const { name, bytes } = await bytesOf(sample)
    const info = await describePicture(bytes, { name })
    const size = sample.size ?? sample.masks?.[0]
    const fits = (widthPx: number, heightPx: number) =>
      size === undefined || (widthPx === size.widthPx && heightPx === size.heightPx)
    const isStored = !fits(info.widthPx, info.heightPx) && fits(info.storedWidthPx, info.storedHeightPx)
    const exif = sample.exif ?? (isStored ? 'ignore' : 'apply')
    const picture = await decodePicture(bytes, info, { name, exif, signal: context.io.signal })
    if (fits(picture.widthPx, picture.heightPx)) return picture
    const truly = sizeOfSample(sample)
    throw new MaskwordsError(
      'size-mismatch',
      `the picture is ${picture.widthPx} x ${picture.heightPx}, the truth ${truly.widthPx} x ${truly.heightPx} (width x height)`,
      { file: name },
    )
  }
  return {
    isThere: (sample) =>
      sample.picture !== undefined &&
      (truth.pictureBytes !== undefined || findPicture(sample, folders) !== undefined),
    read(sample) {
      const size = sample.size ?? sample.masks?.[0]
      const key = JSON.stringify([sample.picture, size?.widthPx, size?.heightPx, sample.exif])
      if (last?.key !== key) {
        last = { key, picture: read(sample) }
        // A failure is told to whoever asks, each time anew.
        last.picture.catch(() => {
          if (last?.key === key) last = undefined
        })
      }
      return last.picture
    },
  }
}

/** The picture of a sample, looked for under each folder by its path, then by its name. */
function findPicture(sample: TruthSample, folders: readonly string[]): string | undefined {
  const { picture } = sample
  if (picture === undefined || picture.includes('\0')) return undefined
  for (const folder of folders) {
    // A path from a data file must not lead out of the folder.
    const names = picture.split(/[\\/]/).includes('..') ? [basename(picture)] : [picture, basename(picture)]
    for (const name of names) {
      const path = join(folder, name)
      if (existsSync(path)) return path
    }
  }
  return undefined
}
