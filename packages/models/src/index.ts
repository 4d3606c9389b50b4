// The public index of @maskwords/models, written by hand.

export type { TiTokConfig, TransformerSize } from './titok/config.ts'
export { HIMTOK_CONFIG, titokProblems } from './titok/config.ts'
export { titokDecoder } from './titok/decoder.ts'
export type { LatentLayout } from './titok/encoder.ts'
export { attentionBlocked, titokEncoder } from './titok/encoder.ts'
