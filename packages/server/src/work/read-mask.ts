// One mask of a request, in whichever form it is written, at the size of its picture.

import { isRecord } from '@maskwords/base'
import { maskForms } from '@maskwords/client/schema'
import type { Size } from '@maskwords/files'
import {
  checkShape,
  findMasks,
  kindInWords,
  MaskwordsError,
  type MaskwordsErrorCode,
  maskOfStated,
  masksOfBytes,
  sniff,
} from '@maskwords/files'
import {
  chooseGround,
  type Ground,
  type Mask,
  maskFromCocoBox,
  maskFromCocoPolygons,
  maskFromCocoRle,
  maskFromCvatRle,
  maskFromLabelStudioRle,
  resizeMaskNearest,
  shownMask,
  storedMask,
  transpose,
} from '@maskwords/mask'
import type { z } from 'zod'
import type { HandleTurn } from './job.ts'

export type ReadMaskOptions = {
  /** Size of the picture. */
  readonly size: Size
  readonly maxPixels: number
  readonly resize: boolean
  /** How the picture's file turns it, where it does. */
  readonly turn?: HandleTurn | undefined
  /** Which pixels the masks lie on, where their sizes cannot tell. Default: those of the picture. */
  readonly drawnOn?: Ground | undefined
  /** What errors call the mask, as in `masks[3]`. */
  readonly at: string
}

type Form = keyof typeof maskForms
const FORMS = Object.keys(maskForms) as readonly Form[]

/**
 * Reads one mask as it lies on the handle's pixels. One that was drawn on the other pixels of a picture that EXIF turns, by its
 * size or as `drawnOn` says, is turned onto them. Throws MaskwordsError or MaskError.
 */
export async function readMask(
  value: unknown,
  options: ReadMaskOptions,
): Promise<{ readonly mask: Mask; readonly isTurned: boolean }> {
  const { size, at, resize, turn, drawnOn } = options
  if (turn === undefined) {
    const mask = await readAnySize(value, options)
    return { mask: fitting(mask, size, { at, resize }), isTurned: false }
  }
  const { orientation, ground } = turn
  const isLaid = orientation >= 5
  const other = isLaid ? { widthPx: size.heightPx, heightPx: size.widthPx } : size
  const convention = drawnOn ?? ground
  const read = await readAnySize(value, { ...options, size: convention === ground ? size : other })
  const stored = ground === 'stored' ? size : other
  const choice = chooseGround({ stored, orientation, stated: [read], convention })
  const isTurned = choice !== undefined && choice.ground !== ground
  const mask = !isTurned
    ? read
    : ground === 'shown'
      ? shownMask(read, orientation)
      : storedMask(read, orientation)
  return { mask: fitting(mask, size, { at, resize }), isTurned }
}

function fitting(mask: Mask, size: Size, { at, resize }: Pick<ReadMaskOptions, 'at' | 'resize'>): Mask {
  if (mask.widthPx === size.widthPx && mask.heightPx === size.heightPx) return mask
  if (resize) return resizeMaskNearest(mask, size)
  const exchanged = mask.widthPx === size.heightPx && mask.heightPx === size.widthPx
  throw new MaskwordsError(
    'size-mismatch',
    `the mask is ${mask.widthPx} x ${mask.heightPx}, the picture is ${size.widthPx} x ${size.heightPx} (width x height)`,
    {
      at,
      hint: exchanged
        ? 'width and height look exchanged: COCO writes [height, width]'
        : 'resizeMasks: true brings masks to the size of the picture',
    },
  )
}

async function readAnySize(value: unknown, options: ReadMaskOptions): Promise<Mask> {
  const { size, at, maxPixels } = options
  if (!isRecord(value)) {
    throw new MaskwordsError(
      'malformed',
      `a mask is an object, got ${value === null ? 'null' : typeof value}`,
      {
        at,
      },
    )
  }
  const forms = FORMS.filter((form) => Object.hasOwn(value, form))
  const [form] = forms
  if (form === undefined || forms.length > 1) {
    const keys = Object.keys(value).slice(0, 8).join(', ').slice(0, 200)
    throw new MaskwordsError(
      'malformed',
      form === undefined
        ? `no mask in an object with the keys ${keys || '(none)'}`
        : `a mask written as ${forms.join(' and as ')}`,
      { at, hint: `give exactly one of ${FORMS.join(', ')}` },
    )
  }
  switch (form) {
    case 'counts': {
      const { size: stated, counts } = shaped('counts', value, at)
      checkPixels(stated, maxPixels, at)
      return maskFromCocoRle({ size: stated, counts } as Parameters<typeof maskFromCocoRle>[0])
    }
    case 'rowMajorCounts': {
      const { size: stated = [size.heightPx, size.widthPx], rowMajorCounts } = shaped(
        'rowMajorCounts',
        value,
        at,
      )
      checkPixels(stated, maxPixels, at)
      return transpose(maskFromCocoRle({ size: [stated[1], stated[0]], counts: rowMajorCounts }))
    }
    case 'polygons':
      return maskFromCocoPolygons({ ...plain(size), polygons: shaped('polygons', value, at).polygons })
    case 'boxXyxyPx': {
      const [x, y, right, bottom] = shaped('boxXyxyPx', value, at).boxXyxyPx
      if (!(right > x && bottom > y)) {
        throw new MaskwordsError('malformed', `the box ${x}, ${y}, ${right}, ${bottom} has no area`, {
          at,
          hint: 'left, top, right, bottom; right and bottom exclusive',
        })
      }
      return maskFromCocoBox({ ...plain(size), box: { x, y, width: right - x, height: bottom - y } })
    }
    case 'png':
      return await maskOfPng(shaped('png', value, at).png, options)
    case 'cvatRle':
      return maskFromCvatRle({ ...plain(size), points: shaped('cvatRle', value, at).cvatRle })
    case 'labelStudioRle':
      return maskFromLabelStudioRle({
        ...plain(size),
        rle: shaped('labelStudioRle', value, at).labelStudioRle,
      })
    case 'annotation': {
      const { stated, failures } = findMasks(shaped('annotation', value, at).annotation, { name: at, size })
      const [one] = stated
      const [failure] = failures
      if (failure !== undefined) {
        const { code, message, hint, at: place } = failure
        throw new MaskwordsError(code as MaskwordsErrorCode, message, {
          hint,
          at: place === undefined ? at : `${at}, ${place}`,
        })
      }
      if (stated.length !== 1) {
        throw new MaskwordsError('ambiguous', `the annotation says ${stated.length} masks`, {
          at,
          hint: 'give one annotation object a mask',
        })
      }
      return maskOfStated(one!, { name: at, size, maxPixels })
    }
  }
}

/** Checks the form of a mask. Names and ids are read by the caller. */
function shaped<F extends Form>(form: F, value: unknown, at: string): z.output<(typeof maskForms)[F]> {
  return checkShape(maskForms[form] as z.ZodType, value, at, '', 'a mask') as z.output<(typeof maskForms)[F]>
}

const plain = ({ widthPx, heightPx }: Size): Size => ({ widthPx, heightPx })

function checkPixels([heightPx, widthPx]: readonly [number, number], maxPixels: number, at: string): void {
  if (widthPx * heightPx <= maxPixels) return
  throw new MaskwordsError(
    'too-large',
    `a mask of ${widthPx} x ${heightPx} (width x height), more than the limit of ${maxPixels.toLocaleString('en-US')} pixels`,
    { at, hint: 'start the server with a larger --max-pixels, or make picture and masks smaller' },
  )
}

const DATA_URL = /^data:image\/png;base64,/

async function maskOfPng(text: string, { at, maxPixels }: ReadMaskOptions): Promise<Mask> {
  const base64 = text.replace(DATA_URL, '')
  if (!/^[A-Za-z0-9+/_-]*={0,2}\s*$/.test(base64)) {
    throw new MaskwordsError('malformed', 'png is not base64', { at })
  }
  const bytes = Buffer.from(base64, 'base64')
  const kind = sniff(bytes)
  if (kind !== 'png') throw new MaskwordsError('unsupported', `png holds ${kindInWords(kind)}`, { at })
  const { masks } = await masksOfBytes(bytes, at, { dialect: 'png', maxPixels })
  return masks[0]!.mask
}
