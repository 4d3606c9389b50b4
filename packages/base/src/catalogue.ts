// Things of one kind by their names: those of this house, then those that plugins bring. Definition: ours.

export type Catalogue<Thing extends { readonly name: string }> = {
  /** In the order in which they were given and added. Grows with `add`. */
  readonly all: readonly Thing[]
  /** The same by name; it inherits nothing. Grows with `add`. */
  readonly byName: Readonly<Record<string, Thing>>
  /** The thing of a name, or undefined. */
  readonly named: (name: string) => Thing | undefined
  /** Makes a thing known, from now on and in this thread. Throws what `refused` makes of a name that is taken. */
  readonly add: (thing: Thing) => void
}

/** A catalogue that starts with `things`. `refused` makes the error for a name (in quotes) that is taken. */
export function catalogueOf<Thing extends { readonly name: string }>(
  things: readonly Thing[],
  refused: (quotedName: string) => Error,
): Catalogue<Thing> {
  const all: Thing[] = []
  const byName: Record<string, Thing> = Object.create(null)
  const add = (thing: Thing): void => {
    if (byName[thing.name] !== undefined) throw refused(JSON.stringify(thing.name))
    byName[thing.name] = thing
    all.push(thing)
  }
  things.forEach(add)
  return { all, byName, named: (name) => byName[name], add }
}
