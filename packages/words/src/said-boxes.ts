// Boxes as models write them in numbers, in whatever unit: one reader for rewards and benchmarks. Forms: `[x1, y1, x2, y2]`
// alone, in lists and under `bbox_2d` (Qwen2.5-VL, Qwen3-VL, InternVL, DeepSeek-VL2, GLM-V); `(x1,y1),(x2,y2)` with or without
// `<|box_start|>` or `<box>` (Qwen-VL, Qwen2-VL); `[[x1, y1], [x2, y2]]`; four bare numbers between box tags; objects with
// the four sides by name (x1, xmin, left, ... or x, y, width, height); `box_2d` with y first (Gemini, Gemma); `<loc0000>` with y
// first (PaliGemma, of 1024) and `<loc_0>` (Florence-2); `<patch_index_0000>` twice (Kosmos-2). Numbers may stand in quotes, and have
// blanks or semicolons between them; full-width digits and brackets count as the narrow ones.

import { MAX_ANSWER_PARTS, type TextRange } from './answer-part.ts'

/** Left, top, right, bottom, in the unit of the text, as written: corners are not sorted. */
export type BoxNumbers = readonly [left: number, top: number, right: number, bottom: number]

export type SaidBox = TextRange & {
  readonly box: BoxNumbers
  /** What one stands for, where the form says it. */
  readonly edge?: number
}

export type SaidBoxes = {
  readonly boxes: readonly SaidBox[]
  /** Places that begin like a box and are none: three numbers, an open tag, a word in place of a number. */
  readonly unread: readonly TextRange[]
}

const VALUE = String.raw`[+-]?(?:\d{1,9}(?:\.\d{0,20})?|\.\d{1,20})(?:e[+-]?\d{1,2})?`
const N = String.raw`\s{0,16}["']?(${VALUE})["']?\s{0,16}`
const BARE = `["']?(${VALUE})["']?`
const PAIR = (open: string, close: string) => `${open}${N},${N}${close}`
const FOUR = [N, N, N, N].join('[,;]')
const FOUR_APART = [BARE, BARE, BARE, BARE].join('\\s{1,16}')

/** Four sides by name outside of braces: `x1=10, y1=20, x2=30, y2=40`, in this order. */
const NAMED = [
  '(?:x_?1|x_?min|left)',
  '(?:y_?1|y_?min|top)',
  '(?:x_?2|x_?max|right)',
  '(?:y_?2|y_?max|bottom)',
]
  .map((name) => `\\b${name}\\s{0,4}[:=]\\s{0,4}${BARE}`)
  .join('[\\s,;]{1,8}')

/** An answer of four numbers and nothing else. */
const ALONE = new RegExp(`^\\s*${[BARE, BARE, BARE, BARE].join('(?:\\s{0,8}[,;]\\s{0,8}|\\s{1,8})')}\\s*$`)

/** A number on its own, and what may stand between four of them in a tag. */
const NUMBER = new RegExp(VALUE, 'g')

const SIDES: readonly (readonly [string, string, string, string])[] = [
  ['x1', 'y1', 'x2', 'y2'],
  ['xmin', 'ymin', 'xmax', 'ymax'],
  ['x_min', 'y_min', 'x_max', 'y_max'],
  ['left', 'top', 'right', 'bottom'],
  ['x0', 'y0', 'x1', 'y1'],
]
const SIZED: readonly (readonly [string, string, string, string])[] = [
  ['x', 'y', 'width', 'height'],
  ['x', 'y', 'w', 'h'],
  ['left', 'top', 'width', 'height'],
]

const FORMS = new RegExp(
  [
    // 1-4: brackets or parentheses around four numbers.
    `\\[${FOUR},?\\s{0,4}\\\\?\\]`,
    // 5-8
    `\\(${FOUR}\\)`,
    // 9-12: two points in parentheses.
    `${PAIR('\\(', '\\)')}\\s{0,8},?\\s{0,8}${PAIR('\\(', '\\)')}`,
    // 13-16: two points in brackets.
    `${PAIR('\\[', '\\]')}\\s{0,8},\\s{0,8}${PAIR('\\[', '\\]')}`,
    // 17-20: PaliGemma.
    '<loc(\\d{4})>\\s?<loc(\\d{4})>\\s?<loc(\\d{4})>\\s?<loc(\\d{4})>',
    // 21-24: Florence-2.
    '<loc_(\\d{1,4})>\\s?<loc_(\\d{1,4})>\\s?<loc_(\\d{1,4})>\\s?<loc_(\\d{1,4})>',
    // 25: an object without objects inside.
    '\\{([^{}]{1,400})\\}',
    // 26: what stands between box tags.
    '<(?:\\|box_start\\||box|bbox)>([^<>]{1,200})<(?:\\|box_end\\||/box|/bbox)>',
    // 27-30: brackets around four numbers with blanks between them, as NumPy prints them.
    `\\[\\s{0,16}${FOUR_APART}\\s{0,16}\\]`,
    // 31-34: four sides by name.
    NAMED,
    // 35-36: Kosmos-2.
    '<patch_index_(\\d{4})>\\s?<patch_index_(\\d{4})>',
  ].join('|'),
  'gi',
)

/** What begins like a box: a bracket with a number behind it, four numbers in a row, a box tag, the key of a box, a point. */
const BEGINNING =
  /[[(]\s{0,16}["']?[+-]?(?:\d{1,9}(?:\.\d{0,20})?|\.\d{1,20})(?:e[+-]?\d{1,2})?["']?\s{0,16}[,;]|\[\s{0,16}["']?[+-]?(?:\d{1,9}(?:\.\d{0,20})?|\.\d{1,20})(?:%|\/\d|\s{1,16}["']?[+-]?\.?\d)|<(?:\|box_start\||bbox|box)>(?!\s{0,8}<(?:grid|gird))|(?<![\d.,])\d{1,9}(?:\.\d{0,20})?(?:,\s{0,4}\d{1,9}(?:\.\d{0,20})?){3}|(?<![\d.,])\d{1,9},\s{0,4}\d{1,9}\s{1,4}(?:to|and|until|through|[-\u2013\u2014])\s{1,4}\d{1,9},\s{0,4}\d|<loc_?\d|<patch_index_|<points?\s|<bbox\s|\[\s{0,4}(?:nan|none|null)\s{0,4},|\b[xy]_?(?:[12]|min|max)["']?\s{0,4}[:=]\s{0,4}["']?[+-]?\.?\d|["']?\b(?:bbox(?:_2d)?|box_2d|cx|x_center|top_left)["']?\s{0,8}[:=]/gi

/** Finds boxes in a text. Never throws; linear time. Boxes beyond MAX_ANSWER_PARTS are left out. */
export function saidBoxes(written: string): SaidBoxes {
  const text = narrow(written)
  const boxes: SaidBox[] = []
  const covered: TextRange[] = []
  FORMS.lastIndex = 0
  for (let match = FORMS.exec(text); match !== null; match = FORMS.exec(text)) {
    const start = match.index
    const end = start + match[0].length
    const found = boxesOf(text, match, start, end)
    if (found === undefined) {
      // An object or tag that is no box by itself may hold boxes.
      FORMS.lastIndex = start + 1
      continue
    }
    covered.push({ start, end })
    for (const box of found) if (boxes.length < MAX_ANSWER_PARTS) boxes.push({ start, end, ...box })
  }
  const alone = boxes.length === 0 ? ALONE.exec(text) : null
  if (alone !== null) {
    const whole = { start: 0, end: text.length }
    return { boxes: [{ ...whole, box: fourOf(alone, 1) }], unread: [] }
  }
  return { boxes, unread: unreadOf(text, covered) }
}

/** Full-width digits and signs as the narrow ones; all places stay. */
function narrow(text: string): string {
  return text.replace(/[\uff08\uff09\uff0b-\uff0e\uff10-\uff1b\uff3b\uff3d\uff5b\uff5d]/g, (wide) =>
    String.fromCharCode(wide.charCodeAt(0) - 0xfee0),
  )
}

const fourOf = (match: RegExpExecArray, group: number): BoxNumbers =>
  [0, 1, 2, 3].map((k) => Number(match[group + k])) as unknown as BoxNumbers

/** Patches of a side in Kosmos-2. */
const PATCHES = 32

/**
 * A box of two patches as shares of the picture, as Kosmos-2's processor has it: from middle to middle, and whole patches where
 * both are in one row or column.
 */
function patchBox(first: number, last: number): BoxNumbers {
  const [left, top] = [first % PATCHES, Math.floor(first / PATCHES)]
  const [right, bottom] = [last % PATCHES, Math.floor(last / PATCHES)]
  const isLine = left === right || top === bottom
  const [from, to] = isLine ? [0, 1] : [0.5, 0.5]
  return [(left + from) / PATCHES, (top + from) / PATCHES, (right + to) / PATCHES, (bottom + to) / PATCHES]
}

type Found = Pick<SaidBox, 'box' | 'edge'>

/** A point of the same list, before and behind two others. */
const POINT_BEFORE = new RegExp(`${PAIR('\\[', '\\]')}\\s{0,8},\\s{0,8}$`)
const POINT_BEHIND = new RegExp(`\\s{0,8},\\s{0,8}${PAIR('\\[', '\\]')}`, 'y')

function pointAt(text: string, at: number): boolean {
  POINT_BEHIND.lastIndex = at
  return POINT_BEHIND.test(text)
}

function boxesOf(
  text: string,
  match: RegExpExecArray,
  start: number,
  end: number,
): readonly Found[] | undefined {
  if (match[35] !== undefined) return [{ box: patchBox(Number(match[35]), Number(match[36])), edge: 1 }]
  // Molmo numbers its points: `<points x1="10" y1="20" x2="30" y2="40">` are two points.
  if (match[31] !== undefined && /<points?\s[^<>]*$/i.test(text.slice(Math.max(0, start - 16), start)))
    return undefined
  // More than two points in a list are an outline, not boxes.
  if (
    match[13] !== undefined &&
    (POINT_BEFORE.test(text.slice(Math.max(0, start - 64), start)) || pointAt(text, end))
  )
    return undefined
  if (
    match[9] !== undefined &&
    /<(?:quad|poly|polygon)>[^<>]*$/i.test(text.slice(Math.max(0, start - 400), start))
  )
    return undefined
  for (const group of [1, 5, 9, 13, 17, 21, 27, 31]) {
    if (match[group] === undefined) continue
    const [a, b, c, d] = fourOf(match, group)
    // `[1, 2, 3, 4]` inside of a longer list `1, [..]` is one; a key before it may say that y comes first.
    if (group === 17) return [{ box: [b, a, d, c], edge: 1024 }]
    if (group === 21) return [{ box: [a, b, c, d], edge: 1000 }]
    const box: BoxNumbers = hasKey(text, start, 'box_2d')
      ? [b, a, d, c]
      : saysSized(text, start, end)
        ? [a, b, a + c, b + d]
        : [a, b, c, d]
    const edge = edgeOf(text, start, end)
    return [edge === undefined ? { box } : { box, edge }]
  }
  if (match[25] !== undefined) return namedSides(match[25])
  const numbers = [...match[26]!.matchAll(NUMBER)].map(Number)
  const rest = match[26]!.replace(NUMBER, '').replace(/[\s,;]/g, '')
  if (rest !== '' || numbers.length === 0 || numbers.length % 4 !== 0) return undefined
  const edge = match[0].startsWith('<|box_start|>') ? { edge: 1000 } : {}
  return Array.from({ length: numbers.length / 4 }, (_, k) => ({
    box: numbers.slice(4 * k, 4 * k + 4) as unknown as BoxNumbers,
    ...edge,
  }))
}

/** Qwen counts to 1000 where it writes `bbox_2d` or `<|box_start|>`, Gemini where it writes `box_2d`. */
function edgeOf(text: string, start: number, end: number): number | undefined {
  if (hasKey(text, start, 'bbox_2d') || hasKey(text, start, 'box_2d')) return 1000
  return text.startsWith('<|box_end|>', end) || text.endsWith('<|box_start|>', start) ? 1000 : undefined
}

/** Whether a word beside the box says that its last two numbers are a width and a height. */
function saysSized(text: string, start: number, end: number): boolean {
  return /\bxywh\b/i.test(text.slice(Math.max(0, start - 16), start) + text.slice(end, end + 32))
}

/** Whether the box at `start` is the value of this key, in a list or not. */
function hasKey(text: string, start: number, key: string): boolean {
  const before = text.slice(Math.max(0, start - 24), start)
  return new RegExp(`(?:^|[^a-z_])${key}["']?\\s{0,4}:\\s{0,4}["']?\\[?\\s{0,4}$`).test(before)
}

const SIDE =
  /["'\u201c]?\b([a-z][a-z0-9_]{0,6})["'\u201d]?\s{0,8}[:=]\s{0,8}["']?([+-]?\d{1,9}(?:\.\d{1,20})?)\b/gi

function namedSides(inside: string): Found[] | undefined {
  const values = new Map(
    [...inside.matchAll(SIDE)].map((match) => [match[1]!.toLowerCase(), Number(match[2])]),
  )
  if (values.size < 4) return undefined
  const pick = (names: readonly string[]) =>
    names.every((name) => values.has(name)) ? names.map((name) => values.get(name)!) : undefined
  for (const names of SIDES) {
    const box = pick(names)
    if (box !== undefined) return [{ box: box as unknown as BoxNumbers }]
  }
  for (const names of SIZED) {
    const sized = pick(names)
    if (sized === undefined) continue
    const [x, y, width, height] = sized as [number, number, number, number]
    return [{ box: [x, y, x + width, y + height] }]
  }
  return undefined
}

function unreadOf(text: string, covered: readonly TextRange[]): TextRange[] {
  const unread: TextRange[] = []
  let next = 0
  for (const match of text.matchAll(BEGINNING)) {
    const { index: start } = match
    const end = start + match[0].length
    while (next < covered.length && covered[next]!.end <= start) next++
    const box = covered[next]
    // A key or a tag belongs to the box behind it.
    if (box !== undefined && (box.start < end || isFilling(text, end, box.start))) continue
    // A point beside the box says its own name.
    if (covered.length > 0 && POINT_KEY.test(text.slice(Math.max(0, start - 32), start))) continue
    if (unread.length < MAX_ANSWER_PARTS) unread.push({ start, end })
  }
  return unread
}

const POINT_KEY = /\bpoints?[a-z0-9_]{0,12}["']?\s{0,4}[:=]\s{0,4}\[?\s{0,4}$/i

function isFilling(text: string, start: number, end: number): boolean {
  return end - start <= 16 && /^[\s"'[({:]*$/.test(text.slice(start, end))
}
