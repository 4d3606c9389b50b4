// First frames of GIFs against Pillow 13.0 `Image.open(file).convert('RGB')`: name, file, pixels, in base64.
import { describe, expect, it } from 'vitest'
import { firstGifFrame } from './gif.ts'
import { readPicture } from './read.ts'

const RECORDED: readonly (readonly [name: string, file: string, rgb: string])[] = [
  [
    'whole, a transparent index',
    'R0lGODlhBAADAIEDAMgKFB7SKDI83PDmBSH5BAEAAAIALAAAAAAEAAMAAAIIRKhxYkCJQQEAOw==',
    'yAoUHtIoMjzc8OYF8OYFMjzcHtIoyAoUMjzcMjzcHtIoyAoU',
  ],
  [
    'a frame within, a transparent index',
    'R0lGODlhBgAFAIEDAMgKFB7SKDI83PDmBSH5BAEAAAEALAEAAQAEAAMAAAIIRKhxYkCJQQEAOw==',
    'HtIoHtIoHtIoHtIoHtIoHtIoHtIoyAoUHtIoMjzc8OYFHtIoHtIo8OYFMjzcHtIoyAoUHtIoHtIoMjzcMjzcHtIoyAoUHtIoHtIoHtIoHtIoHtIoHtIoHtIo',
  ],
  [
    'a frame within, nothing transparent',
    'R0lGODlhBgAFAIEDAMgKFB7SKDI83PDmBSwBAAEABAADAAACCESocWJAiUEBADs=',
    'yAoUyAoUyAoUyAoUyAoUyAoUyAoUyAoUHtIoMjzc8OYFyAoUyAoU8OYFMjzcHtIoyAoUyAoUyAoUMjzcMjzcHtIoyAoUyAoUyAoUyAoUyAoUyAoUyAoUyAoU',
  ],
  [
    'own palette, two frames, a comment',
    'R0lGODlhBgAFAIEDAMgKFB7SKDI83PDmBSH+BWhlbGxvACH5BAEAAAMALAIAAQAEAAMAgQECAwQFBgcICQsMDQIIRKhxYkCJQQEAIfkEAQAAAwAsAgABAAQAAwCBAQIDBAUGBwgJCwwNAghEKBGhxolBAQA7',
    'CwwNCwwNCwwNCwwNCwwNCwwNCwwNCwwNAQIDBAUGBwgJCwwNCwwNCwwNCwwNBwgJBAUGAQIDCwwNCwwNBwgJBwgJBAUGAQIDCwwNCwwNCwwNCwwNCwwNCwwN',
  ],
  [
    'nothing transparent',
    'R0lGODlhBAADAIEDAMgKFB7SKDI83PDmBSwAAAAABAADAAACCESocWJAiUEBADs=',
    'yAoUHtIoMjzc8OYF8OYFMjzcHtIoyAoUMjzcMjzcHtIoyAoU',
  ],
]

describe('the first frame of a GIF', () => {
  it.each(RECORDED)('%s: pixels are those of Pillow', async (_name, file, rgb) => {
    const { rgb: read } = await readPicture(Buffer.from(file, 'base64'))
    expect(Buffer.from(read).toString('base64')).toBe(rgb)
  })

  it('cut off anywhere, it is no frame or a frame, never an error', () => {
    for (const [, file] of RECORDED) {
      const bytes = new Uint8Array(Buffer.from(file, 'base64'))
      for (let end = 0; end <= bytes.length; end++) {
        const frame = firstGifFrame(bytes.subarray(0, end))
        expect(frame === undefined || frame.outside.every((value) => value >= 0 && value <= 255)).toBe(true)
      }
    }
  })
})
