// Referring questions made by rules from what stands in a picture: by class, place, size, number, relation, pairs, all of a class, and
// classes that are not there. The kinds are those of gRefCOCO (arXiv 2306.00968, section 3: one target, several, none).
import type { Random } from '@maskwords/codecs'
import { pick, shuffled } from '@maskwords/data'
import type { Noun } from './nouns.ts'

/** A thing in a picture, as the rules see it. */
export type Thing = {
  /** What it may be called; a drawn shape is a red circle, a circle and a red shape. */
  readonly names: readonly string[]
  /** Share of the picture that its mask covers. */
  readonly share: number
  /** Middle of its box, as shares of width and height. */
  readonly x: number
  readonly y: number
}

export const QUESTION_KINDS = ['class', 'all', 'count', 'place', 'size', 'relation', 'two', 'none'] as const
export type QuestionKind = (typeof QUESTION_KINDS)[number]

export type Question = {
  readonly kind: QuestionKind
  readonly text: string
  /** Places in the list of things; empty where nothing is meant. */
  readonly targets: readonly number[]
}

export type QuestionOptions = {
  readonly random: Random
  readonly nounOf: (name: string) => Noun
  /** Names of which nothing is in the picture. */
  readonly absent: readonly string[]
  /** Names of which there may be more than the things: nothing is asked about them. */
  readonly unsure?: ReadonlySet<string>
  /** At most so many questions of each kind. */
  readonly most: Readonly<Record<QuestionKind, number>>
  /** Names with a thing that covers less than this share are asked about by nobody. Default 0.01. */
  readonly leastShare?: number
}

/** Two things stand apart where their middles are this share of the picture's side apart. */
const APART = 0.12
/** A thing is the larger one where its area is this many times the other's. */
const LARGER = 1.8
const NUMBERS = ['', '', 'both', 'three', 'four', 'five']

type Group = { readonly name: string; readonly noun: Noun; readonly members: readonly number[] }

/** Questions about one picture, of every kind that it allows, in random order. No text stands twice. */
export function questionsOf(things: readonly Thing[], options: QuestionOptions): Question[] {
  const { random, most } = options
  const groups = groupsOf(things, options)
  const made: Record<QuestionKind, Question[]> = {
    class: groups.flatMap((group) => ofClass(group, random)),
    all: groups.flatMap((group) => ofAll(group, random)),
    count: groups.flatMap((group) => ofCount(group, random)),
    place: groups.flatMap((group) => ofPlace(group, things, random)),
    size: groups.flatMap((group) => ofSize(group, things, random)),
    relation: groups.flatMap((group) => ofRelation(group, groups, things, random)),
    two: ofTwo(groups, random),
    none: ofNone(options),
  }
  const said = new Set<string>()
  return shuffled(
    random,
    QUESTION_KINDS.flatMap((kind) => shuffled(random, made[kind]).slice(0, most[kind])),
  ).filter(({ text }) => !said.has(text) && said.add(text))
}

function groupsOf(things: readonly Thing[], options: QuestionOptions): Group[] {
  const { unsure = new Set(), leastShare = 0.01, nounOf } = options
  const members = new Map<string, number[]>()
  things.forEach(({ names }, i) => {
    for (const name of names) members.set(name, [...(members.get(name) ?? []), i])
  })
  return [...members]
    .filter(([name, list]) => !unsure.has(name) && list.every((i) => things[i]!.share >= leastShare))
    .map(([name, list]) => ({ name, noun: nounOf(name), members: list }))
}

const one = ({ noun }: Pick<Group, 'noun'>, random: Random): string => pick(random, noun.one)
const many = ({ noun }: Pick<Group, 'noun'>, random: Random): string => pick(random, noun.many)

function ofClass(group: Group, random: Random): Question[] {
  if (group.members.length !== 1) return []
  const name = one(group, random)
  const text = pick(random, [
    `the ${name}`,
    `the ${name}`,
    name,
    `that ${name}`,
    `the ${name} in the picture`,
  ])
  return [{ kind: 'class', text, targets: group.members }]
}

function ofAll(group: Group, random: Random): Question[] {
  if (group.members.length < 2) return []
  const [name, names] = [one(group, random), many(group, random)]
  const text = pick(random, [
    `all ${names}`,
    `all the ${names} in the picture`,
    `the ${names}`,
    `every ${name}`,
  ])
  return [{ kind: 'all', text, targets: group.members }]
}

function ofCount(group: Group, random: Random): Question[] {
  const word = NUMBERS[group.members.length]
  if (!word) return []
  const names = many(group, random)
  return [
    {
      kind: 'count',
      text: word === 'both' ? `both ${names}` : `the ${word} ${names}`,
      targets: group.members,
    },
  ]
}

const SIDES = [
  { axis: 'x', sign: 1, words: ['left', 'leftmost'], behind: 'left' },
  { axis: 'x', sign: -1, words: ['right', 'rightmost'], behind: 'right' },
  { axis: 'y', sign: 1, words: ['top', 'upper'], behind: undefined },
  { axis: 'y', sign: -1, words: ['bottom', 'lower'], behind: undefined },
] as const

function ofPlace(group: Group, things: readonly Thing[], random: Random): Question[] {
  if (group.members.length < 2) return []
  return SIDES.flatMap(({ axis, sign, words, behind }) => {
    const order = [...group.members].sort((a, b) => sign * (things[a]![axis] - things[b]![axis]))
    const [first, second] = order as [number, number]
    if (sign * (things[second]![axis] - things[first]![axis]) < APART) return []
    const name = one(group, random)
    const texts = [
      ...words.map((word) => `the ${word} ${name}`),
      ...(behind === undefined ? [] : [`the ${name} on the ${behind}`, `${behind} ${name}`]),
    ]
    return [{ kind: 'place', text: pick(random, texts), targets: [first] } as const]
  })
}

const SIZES = [
  { sign: -1, words: ['largest', 'biggest'] },
  { sign: 1, words: ['smallest', 'small'] },
] as const

function ofSize(group: Group, things: readonly Thing[], random: Random): Question[] {
  if (group.members.length < 2) return []
  return SIZES.flatMap(({ sign, words }) => {
    const order = [...group.members].sort((a, b) => sign * (things[a]!.share - things[b]!.share))
    const [first, second] = order.map((i) => things[i]!.share) as [number, number]
    if (Math.max(first / second, second / first) < LARGER) return []
    const text = `the ${pick(random, words)} ${one(group, random)}`
    return [{ kind: 'size', text, targets: [order[0]!] } as const]
  })
}

/** The one of several on a side of something that there is once. */
function ofRelation(
  group: Group,
  groups: readonly Group[],
  things: readonly Thing[],
  random: Random,
): Question[] {
  if (group.members.length < 2) return []
  return groups.flatMap((other) => {
    const [at] = other.members
    if (other.members.length !== 1 || group.members.includes(at!)) return []
    return (['left', 'right'] as const).flatMap((side) => {
      const sign = side === 'left' ? 1 : -1
      const distance = (i: number) => sign * (things[at!]!.x - things[i]!.x)
      const there = group.members.filter((i) => distance(i) > 0)
      if (there.length !== 1 || group.members.some((i) => Math.abs(distance(i)) < APART)) return []
      const text = `the ${one(group, random)} to the ${side} of the ${one(other, random)}`
      return [{ kind: 'relation', text, targets: there } as const]
    })
  })
}

function ofTwo(groups: readonly Group[], random: Random): Question[] {
  const single = shuffled(
    random,
    groups.filter(({ members }) => members.length === 1),
  )
  const pairs: Question[] = []
  for (let i = 0; i + 1 < single.length; i += 2) {
    const [a, b] = [single[i]!, single[i + 1]!]
    if (a.members[0] === b.members[0]) continue
    const text = `the ${one(a, random)} and the ${one(b, random)}`
    pairs.push({ kind: 'two', text, targets: [...a.members, ...b.members].sort((x, y) => x - y) })
  }
  return pairs
}

function ofNone({ absent, nounOf, random, most }: QuestionOptions): Question[] {
  return shuffled(random, absent)
    .slice(0, most.none)
    .map((name) => {
      const noun = nounOf(name)
      const word = pick(random, noun.one)
      const text = pick(random, [
        `the ${word}`,
        `the ${word}`,
        word,
        `that ${word}`,
        `the ${word} in the picture`,
        `the ${word} on the ${pick(random, ['left', 'right'])}`,
        `all the ${pick(random, noun.many)}`,
      ])
      return { kind: 'none', text, targets: [] }
    })
}
