// From a conversation to what the network reads: text by the chat template, ids with the places of pictures, positions.
import { Template } from '@huggingface/jinja'
import type { Pixels } from '@maskwords/codecs'
import type { PatchGrid, QwenConfig } from '@maskwords/models'
import { detectorEyesShape } from '@maskwords/models'
import { MllmError } from './error.ts'
import type { Conversation, Part, VideoPart } from './model.ts'
import type { PictureSettings } from './patches.ts'
import { roundHalfEven, smartSize, smartVideoSize } from './patches.ts'
import type { PlacedGrid, Positions } from './positions.ts'
import { positionsOf, tokensOfGrid } from './positions.ts'
import type { ModelTokenizer } from './tokenizer.ts'

/** A picture or a video of a prompt, in the order of the prompt. */
export type SeenPart =
  | { readonly type: 'picture'; readonly picture: Pixels; readonly grid: PatchGrid }
  | { readonly type: 'video'; readonly video: VideoPart; readonly grid: PatchGrid }

export type Prompt = {
  /** By the template, each picture one word. */
  readonly text: string
  /** With a word for each token of a picture, as it is tokenised. */
  readonly expandedText: string
  readonly ids: readonly number[]
  /** For each of the options' `cuts`, the number of ids before it. */
  readonly cutIds: readonly number[]
  /** 0 text, 1 picture, 2 video. */
  readonly kinds: Uint8Array
  readonly seen: readonly SeenPart[]
  readonly positions: Positions
}

/** What of a model a prompt depends on. */
export type PromptModel = {
  readonly config: QwenConfig
  readonly tokenizer: Pick<ModelTokenizer, 'encode' | 'wordOf'>
  readonly template: string
  readonly pictures: { readonly image: PictureSettings; readonly video: PictureSettings } | undefined
}

export type PromptOptions = {
  /** Begins the model's turn at the end. Default true. */
  readonly answerFollows?: boolean
  /** More variables for the template, such as { add_vision_id: true }. */
  readonly variables?: Readonly<Record<string, unknown>>
  /**
   * Places in the rendered text, from the rendered text, that no token lies across, in rising order: what stands before each is
   * tokenised as if nothing followed, as it is when a model goes on from there.
   */
  readonly cuts?: (text: string) => readonly number[]
}

/** What transformers assumes of a video that says nothing. */
const DEFAULT_FPS = 24

const partsOf = (content: string | readonly Part[]): readonly Part[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content

/**
 * Builds the prompt of a conversation.
 * @throws MllmError `argument` for an empty conversation, pictures that a model without eyes cannot see, words in a text that stand for
 * pictures; `damaged` for a template that does not render.
 */
export function buildPrompt(
  conversation: Conversation,
  model: PromptModel,
  options: PromptOptions = {},
): Prompt {
  if (conversation.length === 0) throw new MllmError('argument', 'a conversation without a message')
  const seen = seenParts(conversation, model)
  const text = renderChat(conversation, model.template, options)
  const cuts = options.cuts?.(text) ?? []
  const pieces = expand(
    [0, ...cuts].map((from, i) => text.slice(from, cuts[i])),
    seen,
    model,
  )
  const encoded = pieces.map((piece) => model.tokenizer.encode(piece))
  const ids = encoded.flat()
  let before = 0
  const cutIds = encoded.slice(0, -1).map(({ length }) => (before += length))
  const { tokens } = model.config
  const kinds = Uint8Array.from(ids, (id) => (id === tokens?.image ? 1 : id === tokens?.video ? 2 : 0))
  const grids = placedGrids(kinds, seen, model.config)
  const positions = positionsOf(ids.length, grids, model.config)
  return { text, expandedText: pieces.join(''), ids, cutIds, kinds, seen, positions }
}

function seenParts(conversation: Conversation, { config, pictures }: PromptModel): SeenPart[] {
  const parts = conversation.flatMap(({ content }) => partsOf(content))
  const seen: SeenPart[] = []
  for (const part of parts) {
    if (part.type === 'text') continue
    if (pictures === undefined || config.vision === undefined) {
      throw new MllmError('argument', `a ${part.type} in a question to a model without eyes`, {
        hint: 'take a model of the family Qwen2.5-VL or Qwen3-VL',
      })
    }
    if (config.vision.kind === 'detector') {
      if (part.type === 'video') throw new MllmError('unsupported', 'this model sees pictures, no videos')
      const { rows, columns } = detectorEyesShape(config.vision)
      seen.push({ type: 'picture', picture: part.picture, grid: { frames: 1, rows, columns } })
      continue
    }
    if (part.type === 'picture') {
      const { patchPx, merge } = pictures.image
      const size = smartSize(part.picture, patchPx * merge, pictures.image)
      const grid = { frames: 1, rows: size.heightPx / patchPx, columns: size.widthPx / patchPx }
      seen.push({ type: 'picture', picture: part.picture, grid })
      continue
    }
    const [first] = part.frames
    if (first === undefined) throw new MllmError('argument', 'a video without frames')
    const { patchPx, merge, patchFrames } = pictures.video
    const size =
      config.vision.kind === 'qwen3-vl'
        ? smartVideoSize(first, part.frames.length, patchFrames, patchPx * merge, pictures.video)
        : smartSize(first, patchPx * merge, pictures.video)
    const frames = Math.ceil(part.frames.length / patchFrames)
    const grid = { frames, rows: size.heightPx / patchPx, columns: size.widthPx / patchPx }
    seen.push({ type: 'video', video: part, grid })
  }
  return seen
}

/** The conversation as the model's template writes it. */
export function renderChat(
  conversation: Conversation,
  template: string,
  options: PromptOptions = {},
): string {
  const messages = conversation.map(({ role, content }) => ({
    role,
    content:
      typeof content === 'string'
        ? content
        : content.map((part) =>
            part.type === 'text'
              ? { type: 'text', text: part.text }
              : { type: part.type === 'picture' ? 'image' : 'video' },
          ),
  }))
  try {
    return new Template(template).render({
      messages,
      add_generation_prompt: options.answerFollows ?? true,
      ...options.variables,
    })
  } catch (cause) {
    throw new MllmError('damaged', `the chat template does not render: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Python's "%.1f": the nearest tenth of the exact value, halves to the even one. */
export function tenths(value: number): string {
  // Only multiples of a quarter lie exactly between two tenths in binary.
  const tie = (value * 4) % 2 !== 0 && Number.isInteger(value * 4)
  return tie ? (roundHalfEven(value * 10) / 10).toFixed(1) : value.toFixed(1)
}

/** Seconds in the video at which each pair of frames stands: the mean of its first and last. */
function timesOf(video: VideoPart, patchFrames: number): number[] {
  const fps = video.fps ?? DEFAULT_FPS
  const indices = [...(video.frameIndices ?? video.frames.map((_, i) => i))]
  while (indices.length % patchFrames !== 0) indices.push(indices.at(-1)!)
  const times: number[] = []
  for (let i = 0; i < indices.length; i += patchFrames) {
    times.push((indices[i]! / fps + indices[i + patchFrames - 1]! / fps) / 2)
  }
  return times
}

/** Seconds of video between two frames of the grid. */
function secondsPerFrame({ video }: { video: VideoPart }, patchFrames: number): number {
  const fps = video.fps ?? DEFAULT_FPS
  const total = video.totalFrames ?? video.frames.length
  return patchFrames / ((video.frames.length / total) * fps)
}

/** Pieces of one text with a word for each token of a picture. */
function expand(
  texts: readonly string[],
  seen: readonly SeenPart[],
  { config, tokenizer }: PromptModel,
): readonly string[] {
  const { tokens, vision } = config
  if (tokens === undefined || vision === undefined) return texts
  const word = (id: number, what: string): string => {
    const found = tokenizer.wordOf(id)
    if (found === undefined) {
      throw new MllmError('damaged', `the tokenizer has no word with the id ${id}, ${what} of config.json`, {
        hint: 'the files belong to different models',
      })
    }
    return found
  }
  const [image, video] = [word(tokens.image, 'image_token_id'), word(tokens.video, 'video_token_id')]
  const [start, end] = [
    word(tokens.visionStart, 'vision_start_token_id'),
    word(tokens.visionEnd, 'vision_end_token_id'),
  ]
  const place = new RegExp(`(${escaped(image)}|${escaped(video)})`)
  const split = texts.map((text) => text.split(place))
  const kinds = split.flatMap((pieces) => pieces.filter((_, i) => i % 2 === 1))
  const wanted = seen.map(({ type }) => (type === 'picture' ? image : video))
  if (kinds.length !== wanted.length || kinds.some((kind, i) => kind !== wanted[i])) {
    throw new MllmError(
      'argument',
      `the prompt has ${kinds.length} words that stand for pictures and videos, and there are ${seen.length} of them`,
      {
        hint: `take ${image} and ${video} out of the texts, and check that the chat template shows pictures`,
      },
    )
  }
  let next = 0
  const whole = (pieces: readonly string[]) => {
    const words = pieces.map((piece, i) => {
      if (i % 2 === 0) return piece
      const part = seen[next++]!
      const count = tokensOfGrid(part.grid, vision.merge)
      if (part.type === 'picture') return image.repeat(count)
      if (vision.kind !== 'qwen3-vl') return video.repeat(count)
      // Qwen3-VL says the time of every frame and puts each between words of its own, inside the outer ones.
      return timesOf(part.video, vision.patchFrames)
        .map((time) => `<${tenths(time)} seconds>${start}${video.repeat(count / part.grid.frames)}${end}`)
        .join('')
    })
    return words.join('')
  }
  return split.map(whole)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function placedGrids(kinds: Uint8Array, seen: readonly SeenPart[], config: QwenConfig): PlacedGrid[] {
  const { vision } = config
  if (vision === undefined) return []
  const wanted = seen.flatMap((part): { kind: number; grid: PatchGrid; secondsPerFrame?: number }[] => {
    if (part.type === 'picture') return [{ kind: 1, grid: part.grid }]
    if (vision.kind === 'qwen2.5-vl') {
      return [{ kind: 2, grid: part.grid, secondsPerFrame: secondsPerFrame(part, vision.patchFrames) }]
    }
    return Array.from({ length: part.grid.frames }, () => ({ kind: 2, grid: { ...part.grid, frames: 1 } }))
  })
  const placed: PlacedGrid[] = []
  let at = 0
  for (const { kind, ...rest } of wanted) {
    while (at < kinds.length && kinds[at] === 0) at++
    const count = tokensOfGrid(rest.grid, vision.merge)
    if (kinds[at] !== kind || kinds[at + count - 1] !== kind) {
      throw new MllmError('damaged', 'the tokenizer does not keep the words that stand for a picture', {
        hint: 'the files belong to different models',
      })
    }
    placed.push({ start: at, ...rest })
    at += count
  }
  return placed
}
