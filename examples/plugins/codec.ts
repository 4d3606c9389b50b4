// A codec of one's own: a mask as the box around it, on a 16 x 16 grid. Its two words are spelled like SAMTok's, so that
// everything that reads answers can read them: the first says the cell of the upper left corner, the second the lower right.
//   maskwords roundtrip photo.jpg mask.png --plugin examples/plugins/codec.ts --codec box-16
import { maskFromRowMajor, tightBox } from 'maskwords/mask'
import {
  defineCodec,
  definePlugin,
  type EncodedImage,
  type MaskCodec,
  type MaskWords,
} from 'maskwords/plugin'
import { formatMaskWords, parseMaskWords, samtokVocabulary } from 'maskwords/words'

const SIDE = 16

function open(): MaskCodec {
  const vocabulary = samtokVocabulary({ codesPerLevel: SIDE * SIDE, levels: 2 })
  const cellOf = (at: number, of: number) => Math.min(SIDE - 1, Math.floor((at / of) * SIDE))
  return {
    name: 'box-16',
    vocabulary,
    needsImage: false,
    async encodeImage({ widthPx, heightPx }): Promise<EncodedImage> {
      return { codec: 'box-16', widthPx, heightPx }
    },
    async encode({ widthPx, heightPx }, masks) {
      return masks.map((mask): MaskWords => {
        const { x, y, width, height } = tightBox(mask)
        if (width === 0) throw new Error('an empty mask has no box')
        const codes = [
          cellOf(y, heightPx) * SIDE + cellOf(x, widthPx),
          cellOf(y + height - 1, heightPx) * SIDE + cellOf(x + width - 1, widthPx),
        ]
        return { codes, text: formatMaskWords(codes, vocabulary), tokens: 4, bits: vocabulary.bitsPerMask }
      })
    },
    async decode({ widthPx, heightPx }, words) {
      return words.map((said) => {
        const codes =
          typeof said === 'string'
            ? parseMaskWords(said, vocabulary).spans[0]!.codes
            : 'codes' in said
              ? said.codes
              : said
        const [first = 0, last = 0] = codes
        const left = Math.floor(((first % SIDE) * widthPx) / SIDE)
        const right = Math.ceil((((last % SIDE) + 1) * widthPx) / SIDE)
        const top = Math.floor((Math.floor(first / SIDE) * heightPx) / SIDE)
        const bottom = Math.ceil(((Math.floor(last / SIDE) + 1) * heightPx) / SIDE)
        const bytes = new Uint8Array(widthPx * heightPx)
        for (let y = top; y < bottom; y++)
          bytes.fill(1, y * widthPx + left, y * widthPx + Math.max(left, right))
        return { mask: maskFromRowMajor({ widthPx, heightPx, bytes }) }
      })
    },
    async close() {},
  }
}

const box16 = defineCodec({ name: 'box-16', title: 'Boxes on a 16 x 16 grid', open: async () => open() })

export const plugin = definePlugin({ name: 'box-16', codecs: [box16] })
