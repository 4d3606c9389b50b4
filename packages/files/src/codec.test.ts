// Codecs by name and their options: what ships, what a near miss is told, and that no option is ignored.
import type { HimtokCodec, SamtokCodec } from '@maskwords/codecs'
import { area, maskFromRings } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { type LoadCodecOptions, languageOfOptions, loadCodec } from './codec.ts'
import { reportOf } from './error.ts'

const refusal = async (source: string, options: LoadCodecOptions = {}): Promise<string> => {
  const error = await loadCodec(source, options).then(
    (codec) => codec.close().then(() => 'opened'),
    (thrown: unknown) => thrown,
  )
  if (error === 'opened') return error
  const { code, message, hint } = reportOf(error)
  return `${code}: ${message} (${hint ?? ''})`
}

describe('the name of a codec', () => {
  it('nearly hit names what is meant, what ships, and what a folder would be', async () => {
    for (const [source, near] of [
      ['samtok', 'samtok-nano'],
      ['SAMTok-nano', 'samtok-nano'],
      ['samtok-256x2', 'samtok-nano'],
      ['himtok-1024', 'himtok-nano'],
      ['getok-n16', 'getok'],
    ]) {
      const said = await refusal(source!)
      expect(said).toContain(
        `not-found: there is no codec, file or folder "${source}" (did you mean ${near}?`,
      )
      expect(said).toContain('samtok-nano, himtok-nano, getok (getok:16 has another grid)')
      expect(said).toContain('a folder or file with weights')
    }
    expect(await refusal('weights/mine')).toContain('(maskwords pull weights/mine, if this is a hub id')
  })

  it('may say the grid of GETok, once', async () => {
    const codec = await loadCodec('getok:16')
    expect(codec.vocabulary).toMatchObject({ kind: 'getok', gridSize: 16 })
    await codec.close()
    expect(await refusal('getok:16', { n: 32 })).toMatch(/^usage: .*16 cells a side, and n is 32/)
    expect(await refusal('getok:1')).toMatch(/^usage: .*2 to 128/)
  })
})

describe('options of a language', () => {
  it('are refused by the others, and those that there are are named', async () => {
    expect(await refusal('samtok-nano', { n: 16 })).toBe(
      'usage: samtok-nano has no option --n (it has --search, --threshold, --pillow; --n is for getok)',
    )
    expect(await refusal('samtok-nano', { length: 4 })).toContain('--length is for himtok-nano')
    expect(await refusal('getok', { search: 4 })).toContain('--search is for samtok-nano and himtok-nano')
    expect(await refusal('getok', { pillow: '13' })).toContain('--pillow is for samtok-nano and himtok-nano')
    expect(await refusal('himtok-nano', { refine: true })).toContain('--refine is for getok')
    expect(await refusal('himtok-nano', { length: 33 })).toContain('at most 32 words')
    expect(await refusal('himtok-nano', { threshold: 1 })).toContain('a probability between 0 and 1')
  })

  it('say which language is meant where only one has them', () => {
    expect(
      [{ n: 16 }, { length: 8 }, { search: 2 }, { n: 16, length: 2 }, {}].map(languageOfOptions),
    ).toEqual(['getok', 'himtok', undefined, undefined, undefined])
  })

  it('hold for every call of the codec: length, search and threshold of HiMTok', async () => {
    const size = { widthPx: 64, heightPx: 48 }
    const mask = maskFromRings({ ...size, rings: [[10, 8, 40, 8, 40, 33, 10, 33]] })
    const plain = await loadCodec('himtok-nano')
    const short = await loadCodec('himtok-nano', { length: 8, search: 1 })
    const strict = await loadCodec('himtok-nano', { threshold: 0.9 })
    try {
      const [all] = await plain.encode(await plain.encodeImage(size), [mask])
      const [eight] = await short.encode(await short.encodeImage(size), [mask])
      expect([all!.codes.length, eight!.codes.length, eight!.tokens]).toEqual([32, 8, 10])
      const image = await plain.encodeImage(size)
      const [prefix] = await short.decode(image, [all!.text])
      const [level] = await (plain as unknown as HimtokCodec).levels(image as never, all!.codes, [8])
      expect(area(prefix!.mask)).toBe(area(level!.mask))
      const areaOf = async (codec: typeof plain) => area((await codec.decode(image, [all!]))[0]!.mask)
      expect(await areaOf(strict)).toBeLessThan(await areaOf(plain))
    } finally {
      await Promise.all([plain, short, strict].map((codec) => codec.close()))
    }
  })
})

it('of a picture that loses more rows than columns, SAMTok sees other pixels by Pillow 13, and keeps them apart', async () => {
  // 300 x 600 pixels become 256 x 256: 344 rows are lost and 44 columns.
  const [widthPx, heightPx] = [300, 600]
  const rgb = Uint8Array.from({ length: 3 * widthPx * heightPx }, (_, i) => (i * 7919) % 251)
  const wide = { widthPx: 600, heightPx: 300, rgb }
  const open = async (options: LoadCodecOptions) => {
    const codec = (await loadCodec('samtok-nano', options)) as unknown as SamtokCodec
    const seen = await codec.encodeImage({ widthPx, heightPx, rgb })
    const other = await codec.encodeImage(wide)
    const found = [seen.coarse, other.coarse, await codec.fingerprint()] as const
    await codec.close()
    return found
  }
  const [byDefault, old, now] = [await open({}), await open({ pillow: '12.1' }), await open({ pillow: '13' })]
  expect(old).toEqual(byDefault)
  expect(now[0]).not.toEqual(old[0])
  expect(now[1]).toEqual(old[1])
  expect(now[2]).not.toBe(old[2])
})
