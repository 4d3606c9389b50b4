// What CVAT's files say of one picture: an image of a task, or a frame of a video (CVAT 2 documentation, "CVAT for images" and "for video").
import type { SizePx } from '@maskwords/mask'
import type { ShapeList } from '../placed.ts'

export type CvatPicture = {
  /** `image` of a task, or `frame` of a video or job, which has no name. */
  readonly kind: 'image' | 'frame'
  /** The image's id, which is its frame's number, or the frame's; undefined where shapes name none. */
  readonly id: string | undefined
  readonly name: string | undefined
  /** The folder of a project's subset. */
  readonly subset: string | undefined
  /** As the file states it, where both are whole numbers above 0; the picture's own counts where it does not. */
  readonly size: SizePx | undefined
  readonly at: string
  /** Reads the shapes; those outside the picture are counted. */
  readonly shapes: () => ShapeList & { readonly outside: number }
}
