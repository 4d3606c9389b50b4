// Where the focus goes when what had it is taken away: a region that was deleted, a notice that was dismissed, a view that was left, a
// button that has nothing more to do. Browsers leave it on the page itself, and a keyboard begins again at its top (WCAG 2.2, 2.4.3).

/** Elements that keys can reach. */
const REACHED =
  'button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), a[href], summary, [tabindex="0"]'

/** An element around the one with the focus, and which of its children that was in. */
type Step = { readonly around: Element; readonly place: number }

/** Watches the focus within `root`, and puts it beside what is gone. Returns what ends it. */
export function keepFocus(root: HTMLElement): () => void {
  let last: Element | undefined
  let way: readonly Step[] = []
  let asked = false
  const remember = ({ target }: FocusEvent) => {
    if (!(target instanceof Element) || !root.contains(target)) return
    last = target
    way = wayTo(target, root)
  }
  const look = () => {
    asked = false
    const { activeElement } = document
    if (last === undefined || (activeElement !== null && activeElement !== document.body)) return
    // A click beside everything takes the focus away as well, and is meant.
    if (isReached(last)) return
    last = undefined
    nearTo(way)?.focus()
  }
  const ask = () => {
    if (asked) return
    asked = true
    // The browser takes the focus from what is disabled or hidden after it has drawn it so.
    requestAnimationFrame(() => setTimeout(look))
  }
  const watch = new MutationObserver(ask)
  root.addEventListener('focusin', remember)
  root.addEventListener('focusout', ask)
  watch.observe(root, { childList: true, subtree: true, attributeFilter: ['disabled', 'hidden', 'open'] })
  return () => {
    root.removeEventListener('focusin', remember)
    root.removeEventListener('focusout', ask)
    watch.disconnect()
  }
}

function wayTo(element: Element, root: Element): Step[] {
  const way: Step[] = []
  let inside = element
  while (inside !== root && inside.parentElement !== null) {
    const around = inside.parentElement
    way.push({ around, place: [...around.children].indexOf(inside) })
    inside = around
  }
  return way
}

/** What keys reach nearest to where the focus was: in what took its place, else in what is around it. */
function nearTo(way: readonly Step[]): HTMLElement | undefined {
  for (const { around, place } of way) {
    if (!around.isConnected) continue
    const instead = around.children[Math.min(place, around.children.length - 1)]
    const found =
      (instead !== undefined && isReached(instead) ? instead : undefined) ??
      firstIn(instead) ??
      firstIn(around)
    if (found !== undefined) return found as HTMLElement
  }
  return undefined
}

const firstIn = (around: Element | undefined): Element | undefined =>
  around === undefined ? undefined : [...around.querySelectorAll(REACHED)].find(isReached)

const isReached = (element: Element): boolean =>
  element.isConnected && element.matches(REACHED) && element.checkVisibility({ visibilityProperty: true })
