// A model's answer taken apart: which characters are thoughts, which are the answer, and where the turn ends. Every reader of
// answers (rewards, benchmarks, decode, parse, studio) asks here, in either mode: what is inside a thought is never the answer.
//
// Thoughts: `<think>` of Qwen, DeepSeek, SAMTok and GETok, and what other families write (Kimi, Mistral, Seed, Cohere, Sky-T1,
// Apertus, Gemma, gpt-oss); an answer may stand in tags (`<answer>`, LLaVA-CoT's `<CONCLUSION>`, ERNIE's `<response>`); the template may have written the
// opening tag, so that a text begins inside its thought. A tag in quotes or backticks is talked about, not used. Between two
// opening tags the last closing tag counts: thoughts quote the tags of their own form.
// Turn ends and padding: the chat templates and generation configs of Qwen, Llama 2 to 4, Mistral, Gemma, Phi, InternLM and
// InternVL, DeepSeek, GLM, Cohere, SmolVLM and gpt-oss.

import type { TextRange } from './answer-part.ts'
import { skipSpace, trimRange } from './characters.ts'

export type AnswerParts = {
  /** Contents of the thoughts, in order. Text before an `<answer>` that no thought holds is one. */
  readonly thoughts: readonly TextRange[]
  /** What counts as the answer, in order: outside of thoughts, inside `<answer>` where there is one; trimmed, none empty. */
  readonly answers: readonly TextRange[]
  /** From the first to the last character of the answer; empty where there is none. */
  readonly answer: TextRange
  /** Whether the answer stood in `<answer>`: `open` where the closing tag is missing. */
  readonly tagged: 'closed' | 'open' | 'none'
  /** Who opened the first thought; `none` where no tag says that there is one. */
  readonly thoughtBy: 'model' | 'template' | 'none'
  /** Whether the last thought was cut off: there is no answer then. */
  readonly cutOff: boolean
  /** Where the turn begins and ends: padding, headers and whatever follows the end of the turn are outside. */
  readonly turn: TextRange
}

export type AnswerOptions = {
  /**
   * Whether the template of the prompt ended with the opening tag of a thought, so that the text begins inside of it. A text with
   * the closing tag says so by itself; one that was cut off before has no sign of it, and counts as an answer without this.
   */
  readonly thoughtOpen?: boolean
}

/** Words that end a turn. Where decoding keeps special words they follow the answer, and padding follows them. */
export const TURN_ENDS: readonly string[] = [
  '<|im_end|>',
  '<|endoftext|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|eot|>',
  '<|end_of_text|>',
  '</s>',
  '<end_of_turn>',
  '<eos>',
  '<|end|>',
  '<|return|>',
  '<|eos|>',
  '<|EOT|>',
  '<|endofturn|>',
  '<end_of_utterance>',
  '<|end_of_sentence|>',
  '<\uff5cend\u2581of\u2581sentence\uff5c>',
  '<|END_OF_TURN_TOKEN|>',
  '<|end_of_role|>',
  '<|role_end|>',
  '<|endofassistant|>',
  '<|assistant_end|>',
  '<turn|>',
  '<end_of_sentence>',
  '<eod>',
  '[UNUSED_TOKEN_145]',
  '[EOS]',
]

/** Words that fill a batch, before or behind an answer. */
export const PADDING_WORDS: readonly string[] = [
  '<pad>',
  '<|pad|>',
  '[PAD]',
  '<unk>',
  '<|finetune_right_pad_id|>',
  '<|finetune_right_pad|>',
  '<|vision_pad|>',
  '<|PAD_TOKEN|>',
  '<|dummy_0|>',
  '<PAD>',
  '<\uff5c\u2581pad\u2581\uff5c>',
]

/** Words that begin a text or a turn. */
const BEGINNINGS: readonly string[] = [
  '<s>',
  '<bos>',
  '<|begin_of_text|>',
  '<|startoftext|>',
  '<\uff5cbegin\u2581of\u2581sentence\uff5c>',
  '<BOS_TOKEN>',
]

/** Words with which another turn begins: the answer ends before them. */
const TURN_STARTS: readonly string[] = [
  '<|im_start|>',
  '<|start_header_id|>',
  '<|header_start|>',
  '<start_of_turn>',
  '<|start|>',
  '<|user|>',
  '<|assistant|>',
  '<|system|>',
  '<|observation|>',
  '<|start_of_role|>',
  '<|START_OF_TURN_TOKEN|>',
  '<\uff5cUser\uff5c>',
  '<\uff5cAssistant\uff5c>',
  '[INST]',
]

/** The header of the answer's own turn, where the text has it. */
const OWN_HEADER =
  /^(?:<\|im_start\|>assistant\n?|<\|(?:start_header_id|header_start)\|>assistant<\|(?:end_header_id|header_end)\|>|<start_of_turn>model\n?|<\|assistant\|>|<\|start\|>assistant(?=<\|channel\|>)|<\uff5cAssistant\uff5c>|\[\/INST\])/

const escaped = (words: readonly string[]) => words.map((word) => word.replace(/[|[\]/]/g, '\\$&')).join('|')

/** The names of tags around thoughts, and the pairs that are spelled in another way. */
const NAMES = '(?:think|thinking|thoughts?|reasoning) ?'
const OPENS = [
  `<${NAMES}>`,
  '\u25c1think\u25b7',
  '\\[THINK\\]',
  '<seed:think>',
  '<\\|START_THINKING\\|>',
  '<\\|begin_of_thought\\|>',
  '<\\|inner_prefix\\|>',
  '<\\|channel>thought',
].join('|')
const CLOSES = [
  `</${NAMES}>`,
  '\u25c1/think\u25b7',
  '\\[/THINK\\]',
  '</seed:think>',
  '<\\|END_THINKING\\|>',
  '<\\|end_of_thought\\|>',
  '<\\|inner_suffix\\|>',
  '<channel\\|>',
].join('|')
/** gpt-oss names channels: the last one is the answer. */
const CHANNEL_OPENS = '<\\|channel\\|>(?:analysis|commentary)<\\|message\\|>'
const CHANNEL_CLOSES =
  '(?:<\\|end\\|>\\s{0,8})?(?:<\\|start\\|>assistant)?<\\|channel\\|>final<\\|message\\|>'

const SIGNS = new RegExp(
  `(?=[<[\u25c1])(?:${[
    `(?<close>${CLOSES}|${CHANNEL_CLOSES})`,
    `(?<open>${OPENS}|${CHANNEL_OPENS})`,
    '(?<answer><answer>|<conclusion>|<response>|<\\|START_RESPONSE\\|>|<\\|begin_of_solution\\|>)',
    '(?<answered></answer>|</conclusion>|</response>|<\\|END_RESPONSE\\|>|<\\|end_of_solution\\|>)',
    `(?<end>${escaped(TURN_ENDS)})`,
    `(?<start>${escaped(TURN_STARTS)})`,
  ].join('|')})`,
  'gi',
)

/** Longest sign, its blanks and what is looked at behind it included: the end of a channel of gpt-oss and the next one's name. */
export const MAX_SIGN_CHARS = 72

export type Sign = TextRange & { readonly kind: 'open' | 'close' | 'answer' | 'answered' | 'end' | 'start' }

/** Takes an answer apart. Never throws on any text; linear time. */
export function answerParts(text: string, options: AnswerOptions = {}): AnswerParts {
  const begin = beginningOf(text)
  const signs = signsOf(text, begin)
  const thoughts: { start: number; end: number }[] = []
  const outside: TextRange[] = []
  let thoughtBy: AnswerParts['thoughtBy'] = 'none'
  let limit = text.length
  let from = begin
  let inThought = false
  /** How much of `outside` stood before the last thought: the rest falls to it where it turns out to go on. */
  let before = 0
  const answerSigns: Sign[] = []
  if (options.thoughtOpen === true && !opensThought(text, begin, signs[0])) {
    thoughtBy = 'template'
    thoughts.push({ start: begin, end: -1 })
    outside.push({ start: begin, end: begin })
    before = outside.length
    inThought = true
  }
  for (const sign of signs) {
    if (sign.kind === 'open') {
      if (inThought) continue
      outside.push({ start: from, end: sign.start })
      before = outside.length
      if (thoughtBy === 'none') thoughtBy = 'model'
      thoughts.push({ start: sign.end, end: -1 })
      inThought = true
    } else if (sign.kind === 'close') {
      if (thoughts.length === 0) {
        thoughtBy = 'template'
        thoughts.push({ start: begin, end: sign.start })
        before = 0
      }
      outside.length = before
      thoughts.at(-1)!.end = sign.start
      inThought = false
      from = sign.end
    } else if (sign.kind === 'end' || sign.kind === 'start') {
      if (inThought && sign.kind === 'end' && !isTurnOver(text, sign.end)) continue
      limit = sign.start
      break
    } else answerSigns.push(sign)
  }
  let cutOff = false
  if (inThought) {
    const thought = thoughts.at(-1)!
    // A thought that nobody closed ends where an answer begins.
    const opened = answerSigns.findLast(({ kind, start }) => kind === 'answer' && start >= thought.start)
    thought.end = opened?.start ?? limit
    cutOff = opened === undefined
    from = thought.end
  }
  outside.push({ start: from, end: limit })
  return {
    ...answered(text, { thoughts, outside, answerSigns }),
    thoughtBy,
    cutOff,
    turn: { start: begin, end: limit },
  }
}

/** Thoughts and answers, once it is known what stands outside of tagged thoughts. */
function answered(
  text: string,
  found: { thoughts: readonly TextRange[]; outside: readonly TextRange[]; answerSigns: readonly Sign[] },
): Pick<AnswerParts, 'thoughts' | 'answers' | 'answer' | 'tagged'> {
  const { thoughts, outside, answerSigns } = found
  let range = 0
  const own = answerSigns.filter((sign) => {
    while (range < outside.length && outside[range]!.end < sign.end) range++
    return range < outside.length && sign.start >= outside[range]!.start
  })
  const opened = own.find(({ kind }) => kind === 'answer')
  const closed = own.find(({ kind, start }) => kind === 'answered' && start >= (opened?.end ?? 0))
  const last = outside.at(-1)!
  const kept = { start: opened?.end ?? 0, end: closed?.start ?? last.end }
  const answers: TextRange[] = []
  for (const range of outside) {
    const inside = trimmed(text, Math.max(range.start, kept.start), Math.min(range.end, kept.end))
    if (inside.end > inside.start) answers.push(inside)
  }
  const preamble =
    opened === undefined || thoughts.length > 0 ? undefined : trimRange(text, outside[0]!.start, opened.start)
  const at = Math.min(kept.end, Math.max(kept.start, last.start))
  return {
    thoughts: preamble !== undefined && preamble.end > preamble.start ? [preamble] : thoughts,
    answers,
    answer:
      answers.length === 0 ? { start: at, end: at } : { start: answers[0]!.start, end: answers.at(-1)!.end },
    tagged: opened === undefined ? 'none' : closed === undefined ? 'open' : 'closed',
  }
}

/** The text with blanks in place of everything that is not its answer: all places stay. */
export function answerOnly(text: string, parts: AnswerParts = answerParts(text)): string {
  const { answers } = parts
  if (answers.length === 1 && answers[0]!.start === 0 && answers[0]!.end === text.length) return text
  let only = ''
  for (const { start, end } of answers) only += ' '.repeat(start - only.length) + text.slice(start, end)
  return only + ' '.repeat(text.length - only.length)
}

/** The text with blanks in place of everything that is not a thought: all places stay. */
export function thoughtsOnly(text: string, parts: AnswerParts = answerParts(text)): string {
  let only = ''
  for (const { start, end } of parts.thoughts)
    only += ' '.repeat(start - only.length) + text.slice(start, end)
  return only + ' '.repeat(text.length - only.length)
}

/** The answer alone, without thoughts, tags, turn ends and padding; '' where there is none. */
export function saidAnswer(text: string, parts: AnswerParts = answerParts(text)): string {
  return parts.answers.map(({ start, end }) => text.slice(start, end)).join('\n')
}

/** Whether there is a thought and no answer: it was cut off, or nothing follows it. That is not an answer that nothing is there. */
export function saysOnlyThought({ thoughts, answers }: AnswerParts): boolean {
  return thoughts.length > 0 && answers.length === 0
}

/** Whether a place lies in one of the ranges. */
export function liesIn(ranges: readonly TextRange[], { start, end }: TextRange): boolean {
  return ranges.some((range) => start >= range.start && end <= range.end)
}

/** Whether the answer opens its thought by itself, as its first word. */
export function opensThought(text: string, begin: number, first: Sign | undefined): boolean {
  return first?.kind === 'open' && skipSpace(text, begin) === first.start
}

const OPEN_AT_END = new RegExp(`(?:${OPENS}|${CHANNEL_OPENS})\\s*$`, 'i')

/** Whether a prompt ends with the opening tag of a thought, so that its answer begins inside of one. */
export function promptOpensThought(prompt: string): boolean {
  return OPEN_AT_END.test(prompt.slice(-200))
}

const KINDS = ['open', 'close', 'answer', 'answered', 'end', 'start'] as const

function signsOf(text: string, begin: number): Sign[] {
  const signs: Sign[] = []
  for (let at = begin; ; ) {
    const sign = nextSign(text, at)
    if (sign === undefined) return signs
    at = sign.end
    if (!isQuoted(text, sign.start, sign.end)) signs.push(sign)
  }
}

/** The first sign at `from` or behind it, in quotes or not. */
export function nextSign(text: string, from: number): Sign | undefined {
  SIGNS.lastIndex = from
  const match = SIGNS.exec(text)
  if (match === null) return undefined
  const groups = match.groups!
  const kind = KINDS.find((name) => groups[name] !== undefined)!
  return { kind, start: match.index, end: match.index + match[0].length }
}

const QUOTES = new Map([
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['\u201c', '\u201d'],
  ['\u2018', '\u2019'],
  ['\u00ab', '\u00bb'],
])

/** Whether the quotes around a tag open before it and close behind it: `"cat"</think>"dog"` quotes no tag, nor do fences. */
export function isQuoted(text: string, start: number, end: number): boolean {
  const closing = QUOTES.get(text.charAt(start - 1))
  if (closing === undefined || text.charAt(end) !== closing) return false
  return (
    !/[\p{L}\p{N}.,!?)\]}>"'`]/u.test(text.charAt(start - 2)) &&
    !/[\p{L}\p{N}"'`]/u.test(text.charAt(end + 1))
  )
}

/** Whether nothing of this turn follows `at`: the end, padding, or another turn. */
function isTurnOver(text: string, at: number): boolean {
  const next = skipSpace(text, at)
  return (
    next === text.length ||
    [TURN_ENDS, PADDING_WORDS, TURN_STARTS].some((words) => words.some((word) => text.startsWith(word, next)))
  )
}

/** Where the answer's own text begins: behind padding, beginnings of texts and the header of the turn. */
export function beginningOf(text: string, from = 0): number {
  let begin = from
  for (let at = from; ; ) {
    at = skipSpace(text, at)
    const word = [...PADDING_WORDS, ...BEGINNINGS, ...TURN_ENDS].find((one) => text.startsWith(one, at))
    const length = word?.length ?? OWN_HEADER.exec(text.slice(at, at + 64))?.[0].length
    if (length === undefined) return begin
    begin = at += length
  }
}

/** Whether the text from `begin` on, where no blank stands, may with more text become a word that texts begin with. */
export function mayBeginLonger(text: string, begin: number): boolean {
  const rest = text.slice(begin, begin + MAX_SIGN_CHARS)
  if (rest === '' || rest.length === MAX_SIGN_CHARS) return rest === ''
  return [PADDING_WORDS, BEGINNINGS, TURN_ENDS, TURN_STARTS].some((words) =>
    words.some((word) => word.startsWith(rest) || (words === TURN_STARTS && rest.startsWith(word))),
  )
}

/** Without blanks and padding at the ends. */
function trimmed(text: string, start: number, end: number): TextRange {
  for (let range = trimRange(text, start, Math.max(start, end)); ; ) {
    const word = PADDING_WORDS.find(
      (one) => range.end - one.length >= range.start && text.startsWith(one, range.end - one.length),
    )
    if (word === undefined) return range
    range = trimRange(text, range.start, range.end - word.length)
  }
}
