// The convolutional decoder of MaskGIT-VQGAN (Chang et al. 2022) without attention, fed with raw features as in HiMTok.
import type { Tensor } from '@maskwords/graph'
import { add, conv, groupNorm, parameter, silu, upsampleConv2d } from '@maskwords/graph'
import type { TiTokConfig } from './config.ts'
import { PIXEL_NORM_GROUPS } from './config.ts'

function normSilu(x: Tensor, key: string, channels: number, groups: number): Tensor {
  return silu(
    groupNorm(x, groups, {
      weight: parameter(`${key}.weight`, [channels]),
      bias: parameter(`${key}.bias`, [channels]),
      epsilon: 1e-6,
    }),
  )
}

function conv3(x: Tensor, key: string, from: number, to: number, bias: boolean): Tensor {
  return conv(x, parameter(`${key}.weight`, [to, from, 3, 3]), {
    bias: bias ? parameter(`${key}.bias`, [to]) : undefined,
    padding: 1,
  })
}

function residualBlock(x: Tensor, key: string, from: number, to: number, groups: number): Tensor {
  const first = conv3(normSilu(x, `${key}.norm1`, from, groups), `${key}.conv1`, from, to, false)
  const branch = conv3(normSilu(first, `${key}.norm2`, to, groups), `${key}.conv2`, to, to, false)
  if (from === to) return add(x, branch)
  // The published block projects its own branch instead of its input, and its weights were trained that way.
  return add(branch, conv(branch, parameter(`${key}.nin_shortcut.weight`, [to, to, 1, 1])))
}

/** features [masks, inputChannels, grid, grid] -> [masks, outputChannels, sizePx, sizePx]. Parameters `pixel_decoder.*`. */
export function pixelDecoder(features: Tensor, config: TiTokConfig): Tensor {
  const {
    inputChannels,
    channels,
    multipliers,
    blocks,
    outputChannels,
    normGroups = PIXEL_NORM_GROUPS,
  } = config.pixelDecoder
  let width = channels * multipliers.at(-1)!
  let x = conv3(features, 'pixel_decoder.conv_in', inputChannels, width, true)
  for (let block = 0; block < blocks; block++)
    x = residualBlock(x, `pixel_decoder.mid.${block}`, width, width, normGroups)
  for (let level = multipliers.length - 1; level >= 0; level--) {
    const to = channels * multipliers[level]!
    const key = `pixel_decoder.up.${level}`
    for (let block = 0; block < blocks; block++) {
      x = residualBlock(x, `${key}.block.${block}`, width, to, normGroups)
      width = to
    }
    if (level > 0) {
      x = upsampleConv2d(x, parameter(`${key}.upsample_conv.weight`, [width, width, 3, 3]), {
        factor: 2,
        bias: parameter(`${key}.upsample_conv.bias`, [width]),
        padding: 1,
      })
    }
  }
  return conv3(
    normSilu(x, 'pixel_decoder.norm_out', width, normGroups),
    'pixel_decoder.conv_out',
    width,
    outputChannels,
    true,
  )
}
