// The shell's part of the address: which picture is open, its regions, what is selected, the view, the answer that is read.
import { ownRegions, readSample } from '../samples/samples.ts'
import { StudioError } from '../state/error.ts'
import { claimIds } from '../state/regions.ts'
import { openShelved, type Shelved } from '../state/shelf.ts'
import { notify, notifyError, select, setAnswer, setBusy, setView, useStudio } from '../state/store.ts'
import { type Picture, type Region, VIEWS, type View } from '../state/types.ts'
import { MAX_URL_PART_CHARACTERS, registerUrlPart, restoreUrl, urlChanged } from '../state/url.ts'
import { compactText, fullText } from './compact.ts'
import { keep, kept } from './kept.ts'
import { readPicture } from './picture.ts'
import { regionsFromJson, regionToJson } from './regions-json.ts'

/** Longer answers are not for an address. */
const MAX_ANSWER_CHARACTERS = 2000
/** Says that the regions are in this browser only: they are longer than an address may be. */
const KEPT = 'kept'

/** The last regions that were written, and their text: undo and selection do not write them anew. */
let written: { readonly regions: readonly Region[]; readonly text: string | undefined } | undefined

async function regionsText(): Promise<string | undefined> {
  const { picture, document } = useStudio.getState()
  const { regions } = document
  if (picture === undefined) return undefined
  const own = ownRegions(picture)
  if (own === undefined ? regions.length === 0 : own === regions) return undefined
  if (written?.regions === regions) return written.text
  const json = JSON.stringify(regions.map(regionToJson))
  // Also where they fit into the address: the start page opens the picture again with them.
  const isKept = await keep('regions', picture.id, json, picture.name)
  let text = await compactText(json, MAX_URL_PART_CHARACTERS)
  if (text === undefined) {
    text = isKept ? KEPT : undefined
    if (!saidKept) {
      saidKept = true
      notify({
        kind: 'info',
        message: 'The regions are too detailed for the address of this page.',
        hint:
          text === KEPT
            ? 'This browser keeps them; to give them to somebody else, export the session.'
            : 'Export the session to keep them.',
      })
    }
  }
  written = { regions, text }
  return written.text
}
let saidKept = false

/** The regions of an address, or undefined, with a notice, where they cannot be read. */
async function regionsOf(text: string, picture: Picture): Promise<Region[] | undefined> {
  try {
    const json = text === KEPT ? await (await kept('regions', picture.id))?.body.text() : await fullText(text)
    if (json === undefined) {
      throw new StudioError(
        'missing',
        'they were too large for the address, and this browser does not have them',
        {
          hint: 'Open the session that was exported, or the address in the browser where they were drawn.',
        },
      )
    }
    return regionsFromJson(JSON.parse(json), picture.pixels)
  } catch (error) {
    const { message, hint } = error as Error & { readonly hint?: string }
    const told = new StudioError('malformed', message, {
      hint: hint ?? 'The address was cut off or changed on its way: copy it again, whole.',
    })
    notifyError(told, 'Regions of the address')
    return undefined
  }
}

async function restore(texts: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const sample = texts.get('sample')
  const id = texts.get('picture')
  const used = ['sample', 'picture', 'regions', 'region']
  const view = texts.get('view')
  if (VIEWS.includes(view as View)) setView(view as View)
  if (sample === undefined && id === undefined) return used
  setBusy(sample === undefined ? 'Opening the picture' : `Opening the sample “${sample}”`)
  try {
    let picture: Picture
    let regions: readonly Region[] = []
    let from: Shelved['from']
    if (sample !== undefined) {
      from = { sample }
      const opened = await readSample(sample)
      picture = opened.picture
      regions = opened.regions
    } else {
      const found = await kept('picture', id!)
      if (found === undefined) {
        throw new StudioError('missing', 'the address names a picture that is not in this browser', {
          hint: 'An address names pictures, it does not hold them. Open the file again, or a session that has it inside.',
        })
      }
      from = found.body
      picture = await readPicture(found.body, { name: found.name })
    }
    const text = texts.get('regions')
    if (text !== undefined) regions = (await regionsOf(text, picture)) ?? regions
    claimIds(regions)
    const wanted = texts.get('region')
    const selectedId = regions.find((region) => region.id === wanted)?.id
    openShelved(picture, { regions, selectedId }, from)
  } catch (error) {
    notifyError(error, 'Opening what the address says')
  } finally {
    setBusy(undefined)
  }
  return used
}

/** Reads the address and keeps it up to date from then on. Call it once, when the page starts. */
export async function followAddress(): Promise<void> {
  registerUrlPart({
    key: 'sample',
    write: () => /^sample:(\w+)$/.exec(useStudio.getState().picture?.source ?? '')?.[1],
    read: () => {},
  })
  registerUrlPart({
    key: 'picture',
    write: () => {
      const { picture } = useStudio.getState()
      return picture?.source === undefined ? picture?.id : undefined
    },
    read: () => {},
  })
  registerUrlPart({ key: 'regions', write: regionsText, read: () => {} })
  registerUrlPart({
    key: 'region',
    write: () => useStudio.getState().document.selectedId,
    read: (id) => {
      if (useStudio.getState().document.regions.some((region) => region.id === id)) select(id)
    },
  })
  registerUrlPart({
    key: 'view',
    write: () => {
      const { view } = useStudio.getState()
      return view === 'draw' ? undefined : view
    },
    read: (view) => {
      if (VIEWS.includes(view as View)) setView(view as View)
    },
  })
  registerUrlPart({
    key: 'answer',
    write: () => {
      const { answer } = useStudio.getState()
      return answer === '' || answer.length > MAX_ANSWER_CHARACTERS ? undefined : answer
    },
    read: setAnswer,
  })
  useStudio.subscribe((state, before) => {
    if (
      state.picture !== before.picture ||
      state.document !== before.document ||
      state.view !== before.view ||
      state.answer !== before.answer
    ) {
      urlChanged()
    }
  })
  // Back, forward, and addresses that are typed over this one.
  window.addEventListener('hashchange', () => location.reload())
  await restoreUrl(restore)
}
