// Codecs with networks through the command: weights in a folder, words of several masks, a damaged answer, wrong codecs.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatCodecConfig } from '@maskwords/codec-loading'
import { maskFromRowMajor, maskToPng, pictureToPng } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TOY_HIMTOK, TOY_SAMTOK, wantedWeights, writeWeights } from '../../codecs/test/toy-codecs.ts'
import { makeFolder, runCommand } from '../../commands/test/command.ts'

const { folder, file, remove } = makeFolder()
afterAll(remove)

beforeAll(async () => {
  for (const [name, config, text] of [
    [
      'samtok',
      { samtok: TOY_SAMTOK },
      formatCodecConfig({ codec: 'samtok', name: 'toy', config: TOY_SAMTOK }),
    ],
    [
      'himtok',
      { himtok: TOY_HIMTOK },
      formatCodecConfig({ codec: 'himtok', name: 'toy', config: TOY_HIMTOK }),
    ],
  ] as const) {
    file(`${name}/config.json`, text)
    await writeWeights(join(folder, name, 'weights.safetensors'), await wantedWeights(config))
  }
  const [widthPx, heightPx] = [60, 40]
  const bytes = Uint8Array.from({ length: widthPx * heightPx * 3 }, (_, i) => (i * 7) & 255)
  writeFileSync(join(folder, 'photo.png'), pictureToPng({ widthPx, heightPx, channels: 3, bytes }))
  const disc = Uint8Array.from({ length: widthPx * heightPx }, (_, i) =>
    ((i % widthPx) - 30) ** 2 + (Math.floor(i / widthPx) - 20) ** 2 < 150 ? 1 : 0,
  )
  writeFileSync(join(folder, 'mask.png'), maskToPng(maskFromRowMajor({ widthPx, heightPx, bytes: disc })))
})

describe('codecs with networks', () => {
  it('words of a SAMTok folder go through a pipe and come back as a mask of the picture’s size', async () => {
    const encoded = await runCommand(['encode', 'photo.png', 'mask.png', '--codec', 'samtok'], {
      cwd: folder,
    })
    expect(encoded.code).toBe(0)
    expect(encoded.out).toMatch(/^<\|mt_start\|>(<\|mt_00\d\d\|>){3}<\|mt_end\|>\n$/)
    const decoded = await runCommand(['decode', 'photo.png', '-', '--codec', 'samtok', '--json'], {
      cwd: folder,
      stdin: encoded.out,
    })
    expect(decoded.code).toBe(0)
    expect(JSON.parse(decoded.out)).toMatchObject({
      codec: 'toy',
      masks: [{ size: [40, 60], status: 'complete' }],
    })
  })

  it('an answer with a cut-off mask is read as far as it goes, and says what was repaired', async () => {
    const text = 'It is <|mt_start|><|mt_0003|><|mt_0020|><|mt_0040|><|mt_end|>, or <|mt_start|><|mt_0003|>'
    const { code, out } = await runCommand(['decode', 'photo.png', text, '--codec', 'samtok', '--json'], {
      cwd: folder,
    })
    expect(code).toBe(0)
    const { masks } = JSON.parse(out)
    expect(masks.map((mask: { status: string }) => mask.status)).toEqual(['complete', 'repaired'])
    expect(masks[1].repairs.length).toBeGreaterThan(0)
  })

  it('HiMTok needs no picture to decode, and roundtrip counts its 6 tokens of log2(20) bits', async () => {
    const round = await runCommand(['roundtrip', 'photo.png', 'mask.png', '--codec', 'himtok', '--json'], {
      cwd: folder,
    })
    expect(round.code).toBe(0)
    const [mask] = JSON.parse(round.out).masks
    expect(mask).toMatchObject({ tokens: 8, bits: 6 * Math.log2(20) })
    expect(mask.codes).toHaveLength(6)
    const decoded = await runCommand(
      ['decode', mask.words, '--size', '30x20', '--codec', 'himtok', '--json'],
      { cwd: folder },
    )
    expect(JSON.parse(decoded.out).masks[0].size).toEqual([20, 30])
  })

  it('GETok decodes through the SAM 2 that a SAMTok file holds', async () => {
    const args = ['roundtrip', 'photo.png', 'mask.png', '--segmenter', 'samtok', '--json']
    const { code, out } = await runCommand(args, { cwd: folder })
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ codec: 'getok', masks: [{ iou: expect.any(Number) }] })
  })

  it('words of another codec and codecs that are not there are named, with what to do', async () => {
    const words = '<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>'
    const other = await runCommand(['decode', 'photo.png', words, '--codec', 'getok'], { cwd: folder })
    expect(other.code).toBe(1)
    expect(other.err).toContain('these are samtok words, and getok speaks getok')
    expect(other.err).toContain('--codec samtok-nano')
    const missing = await runCommand(['encode', 'photo.png', 'mask.png', '--codec', 'somebody/something'], {
      cwd: folder,
    })
    expect(missing.code).toBe(1)
    expect(missing.err).toContain('maskwords pull somebody/something')
  })

  it('samtok-nano is what speaks where nothing is said: two words, whose spelling finds it again', async () => {
    const encoded = await runCommand(['encode', 'photo.png', 'mask.png'], { cwd: folder })
    expect(encoded.code).toBe(0)
    expect(encoded.err).toBe('note samtok-nano, words samtok-256x2 (--codec names another)\n')
    expect(encoded.out).toMatch(/^<\|mt_start\|>(<\|mt_\d{4}\|>){2}<\|mt_end\|>\n$/)
    const decoded = await runCommand(['decode', 'photo.png', encoded.out, '-o', 'out.png', '--json'], {
      cwd: folder,
    })
    expect(JSON.parse(decoded.out)).toMatchObject({
      codec: 'samtok-nano',
      masks: [{ size: [40, 60] }],
      files: ['out.png', 'out.overlay.png'],
    })
  })

  it('words of himtok-nano find it by their spelling, and bring a plain disc back', async () => {
    const args = ['roundtrip', 'photo.png', 'mask.png', '--codec', 'himtok-nano', '--json']
    const { masks } = JSON.parse((await runCommand(args, { cwd: folder })).out)
    expect(masks[0].tokens).toBe(34)
    expect(masks[0].iou).toBeGreaterThan(0.8)
    const decoded = await runCommand(['decode', masks[0].words, '--size', '60x40', '--json'], { cwd: folder })
    expect(JSON.parse(decoded.out)).toMatchObject({ codec: 'himtok-nano', masks: [{ size: [40, 60] }] })
  })
})
