import { maskToPng, pictureToPng } from '@maskwords/mask'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, runCommand } from '../test/command.ts'
import { readLine } from './chat/commands.ts'
import { drawScene } from './demo/scene.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

const { widthPx, heightPx, rgb, things } = drawScene(1)
file('photo.png', pictureToPng({ widthPx, heightPx, channels: 3, bytes: rgb }))
file('mask.png', maskToPng(things[0]!.mask))

describe('a near miss of anything that is chosen from a list is refused with what is meant', () => {
  it.each([
    ['encdoe', 'did you mean maskwords encode?'],
    ['help encdoe', 'did you mean maskwords encode?'],
    ['encode photo.png mask.png --codek getok', 'did you mean --codec?'],
    ['encode photo.png mask.png --codec samtok', 'did you mean samtok-nano?'],
    ['encode photo.png mask.png --codec himtok-1024', 'did you mean himtok-nano?'],
    ['encode photo.png mask.png --exif aply', 'did you mean --exif apply?'],
    ['convert mask.png --to coco-rl', 'did you mean --to coco-rle?'],
    ['ask photo.png hello --model m --task segmnt', 'did you mean --task segment?'],
    ['prepare cocoo --to trl -o x', 'did you mean coco?'],
    ['prepare coco --to tlr -o x', 'did you mean trl?'],
    ['prepare coco --to trl --task refering -o x', 'did you mean referring?'],
    ['prepare coco --to trl --task referring:limt=3 -o x', 'did you mean limit?'],
    ['eval gress', 'did you mean maskwords eval gres?'],
    ['eval res --predictions p --truth . --dataset refcocogg', 'did you mean --dataset refcocog?'],
    ['reward --shim easyr --list', 'did you mean --shim easyr1?'],
    ['reward --shim easyr1 --rewards samtok-thinkin', 'did you mean samtok-thinking?'],
    ['reward --shim easyr1 --rewards mask-accuracyy:2', 'did you mean mask-accuracy?'],
    ['extend-vocab . --words samtok-256 --dry-run', 'did you mean samtok-256x2?'],
    ['learn stf --config c -o x', 'did you mean sft?'],
    ['train samtock --config c -o x', 'did you mean samtok?'],
    ['completion bsh', 'did you mean bash?'],
  ])('maskwords %s: %s', async (line, said) => {
    const { code, err } = await runCommand(line.split(' '), { cwd: folder })
    expect(err).toContain(said)
    expect([1, 2]).toContain(code)
  })

  it('a command inside a chat, too', () => {
    expect(() => readLine('/maskk')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('/mask') }),
    )
  })
})
