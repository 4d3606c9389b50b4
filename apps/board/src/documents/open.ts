// Opening: pictures, samples, masks and sessions, from dialogs, drops, the clipboard and addresses. The newest wins.
import { isMaskText } from '@maskwords/exchange/kind.ts'
import type { NamedMask } from '@maskwords/exchange/loaded.ts'
import { currentStage } from '../canvas/stage.ts'
import { readSample } from '../samples/samples.ts'
import { StudioError } from '../state/error.ts'
import { addRegions, claimIds } from '../state/regions.ts'
import {
  neighbourOf,
  openShelved,
  pictureToReturnTo,
  type Shelved,
  shelve,
  useShelf,
} from '../state/shelf.ts'
import { dismiss, EMPTY, notify, notifyError, say, setBusy, setView, useStudio } from '../state/store.ts'
import type { Document, Picture } from '../state/types.ts'
import { readTexts, writeUrl } from '../state/url.ts'
import { keep, kept } from './kept.ts'
import { ownGrounds, workMask } from './own-size.ts'
import { readPicture } from './picture.ts'
import { regionsFromJson } from './regions-json.ts'
import type { Session } from './session.ts'

/** The formats come with the first file of masks. */
const formats = () => import('./formats.ts')

/** Among more PNGs than these nobody looks for masks. */
const FEW_FILES = 12

/** Bytes of a file of masks: COCO's file of validation masks has 20 MB, a session holds its picture. */
const MAX_MASK_BYTES = 2 ** 28
/** Enough to tell what a file is. */
const HEAD_BYTES = 256
/** What names classes by their numbers. */
const NAMES_FILE = /\.ya?ml$|(?:^|[/\\])classes\.txt$|\.names$/i

let running: AbortController | undefined
/** What the last opening complained of: the next one takes it away. */
let complaint: number | undefined

/** Runs one opening; a newer one ends it. Errors become notices. */
async function opening(doing: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  running?.abort()
  const controller = new AbortController()
  running = controller
  if (complaint !== undefined) dismiss(complaint)
  complaint = undefined
  setBusy(doing)
  try {
    // The browser shows what is being done before it does it.
    await new Promise((resolve) => setTimeout(resolve))
    await work(controller.signal)
  } catch (error) {
    if (!controller.signal.aborted) complaint = notifyError(error, doing)
  } finally {
    if (running === controller) {
      running = undefined
      setBusy(undefined)
    }
  }
}

/** Shows a picture; the one before stays in the browser's history, so that Back returns to it with all its regions. */
async function show(
  picture: Picture,
  document: Document,
  from: Shelved['from'],
  options: { readonly isStated?: boolean } = {},
): Promise<void> {
  if (useStudio.getState().picture !== undefined) {
    await writeUrl()
    history.pushState(null, '', location.href)
  }
  claimIds(document.regions)
  const { name: left } = useStudio.getState().picture ?? {}
  const isLeft = useStudio.getState().history.past.length > 0
  const back = openShelved(picture, document, from, options)
  if (back > 0) {
    notify({ kind: 'info', message: `${picture.name}: its ${back} regions of this visit are there again.` })
  } else if (isLeft && left !== undefined && left !== picture.name) {
    notify({
      kind: 'info',
      message: `${left} keeps its regions.`,
      hint: 'Undo or Page Up goes back to it, with all its steps.',
    })
  }
  await writeUrl()
  const { widthPx, heightPx } = picture.pixels
  say(`${picture.name} is open, ${widthPx} by ${heightPx} pixels, ${document.regions.length} regions`)
}

export const openSample = (id: string): Promise<void> =>
  opening(`Opening the sample “${id}”`, async (signal) => {
    const { picture, regions } = await readSample(id, signal)
    signal.throwIfAborted()
    await show(picture, { regions, selectedId: regions[0]?.id }, { sample: id })
  })

export const openPictureFile = (file: File): Promise<void> =>
  opening(`Reading ${file.name}`, async (signal) => {
    const picture = await readPicture(file, { name: file.name || 'picture', signal })
    await keep('picture', picture.id, file, picture.name)
    signal.throwIfAborted()
    await show(picture, EMPTY, file)
  })

/** Names of classes of the last data.yaml or classes.txt: label files say numbers. */
let classNames: ReadonlyMap<number, string> = new Map()

/** Loads masks for the open picture from a file of any tool; a session opens its own picture. */
export const openMaskFile = (file: File): Promise<void> =>
  opening(`Reading masks of ${file.name}`, async (signal) => {
    if (file.size > MAX_MASK_BYTES) {
      throw new StudioError(
        'too-large',
        `the file has ${(file.size / 1e6).toFixed(0)} MB, the limit is ${(MAX_MASK_BYTES / 1e6).toFixed(0)} MB`,
        { hint: 'Cut out the annotations of this picture first.' },
      )
    }
    const { classNamesOf, isSession, jsonOf, masksOfFile, sessionFromJson } = await formats()
    const bytes = new Uint8Array(await file.arrayBuffer())
    const read = { name: file.name, bytes }
    const names = classNamesOf(read)
    if (names !== undefined) {
      classNames = names
      notify({
        kind: 'info',
        message: `${file.name}: ${names.size} names of classes, for label files opened from now on`,
      })
      return
    }
    if (await isSessionText(file)) {
      const json = jsonOf(bytes)
      if (isSession(json)) {
        await showSession(sessionFromJson(json), signal)
        return
      }
    }
    const picture = pictureForMasks()
    const { masks, refused, cause, readAs } = await masksOfFile(read, ownGrounds(picture), classNames)
    signal.throwIfAborted()
    added(masks, `${file.name}: ${readAs}, for ${picture.name}`)
    if (refused > 0) {
      notify({
        kind: 'error',
        message: `${file.name}: ${refused} of ${refused + masks.length} annotations could not be read. ${cause ?? ''}`,
      })
    }
  })

/** Any file that was dropped or pasted: what it is decides. */
export async function openAnyFile(file: File): Promise<void> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
  if (isMaskText(file.name, head)) await openMaskFile(file)
  else if (isPng(head) && (await looksLikeMask(file))) await openMaskFile(file)
  else await openPictureFile(file)
}

/** Opens a picture that this browser keeps from an earlier visit, with its regions. */
export const openKept = ({ id, name }: { readonly id: string; readonly name: string }): Promise<void> =>
  opening(`Reading ${name}`, async (signal) => {
    const body = (await kept('picture', id))?.body
    if (body === undefined) {
      throw new StudioError('missing', 'this browser does not have the picture any more', {
        hint: 'Open its file again.',
      })
    }
    const file = new File([body], name)
    const picture = await readPicture(file, { name, signal })
    const text = await (await kept('regions', picture.id))?.body.text()
    const regions = text === undefined ? [] : regionsFromJson(JSON.parse(text), picture.pixels)
    signal.throwIfAborted()
    await show(picture, { regions, selectedId: undefined }, file)
  })

/** Opens a picture of the shelf, with what was made on it. */
export function openFromShelf({ name, from }: Shelved): Promise<void> {
  if ('sample' in from) return openSample(from.sample)
  return openPictureFile(from instanceof File ? from : new File([from], name))
}

/** The next or previous picture of this visit. */
export async function turnPage(step: 1 | -1): Promise<void> {
  const next = neighbourOf(step)
  if (next !== undefined) await openFromShelf(next)
}

/** Takes a step back, and from an untouched picture to the one before. */
export function undoOrReturn(): void {
  const before = pictureToReturnTo()
  if (before !== undefined) void openFromShelf(before)
}

/** Several files of masks: names of classes first. */
export async function openMaskFiles(files: readonly File[]): Promise<void> {
  for (const file of [...files].sort(
    (a, b) => Number(NAMES_FILE.test(b.name)) - Number(NAMES_FILE.test(a.name)),
  ))
    await openMaskFile(file)
}

/** One drop or paste of several files: the first picture is opened, the others wait; then come masks. */
export async function openFiles(files: readonly File[]): Promise<void> {
  const masks: File[] = []
  const pictures: File[] = []
  for (const file of files) {
    const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
    if (isMaskText(file.name, head)) masks.push(file)
    else pictures.push(file)
  }
  const [first, ...others] = pictures
  if (first !== undefined) await openAnyFile(first)
  // Of many, each is read when it is turned to; of a few, some may be masks of the first.
  for (const file of others) {
    const head = new Uint8Array(await file.slice(0, 8).arrayBuffer())
    const isMask = others.length <= FEW_FILES && isPng(head) && (await looksLikeMask(file))
    if (isMask) await openMaskFile(file)
    else shelve(file.name, file)
  }
  await openMaskFiles(masks)
  if (useShelf.getState().pictures.length > 1) say(`${useShelf.getState().pictures.length} pictures`)
}

async function showSession(session: Session, signal: AbortSignal): Promise<void> {
  const { name, widthPx, heightPx, sample, png } = session.picture
  let picture: Picture
  if (png === undefined) picture = (await readSample(sample!, signal)).picture
  else {
    const file = new Blob([png as Uint8Array<ArrayBuffer>], { type: 'image/png' })
    const source = sample === undefined ? undefined : `sample:${sample}`
    picture = await readPicture(file, { name, source, own: session.picture.own, signal })
    if (source === undefined) await keep('picture', picture.id, file, name)
  }
  if (picture.pixels.widthPx !== widthPx || picture.pixels.heightPx !== heightPx) {
    throw new StudioError(
      'size-mismatch',
      `the session’s picture has ${picture.pixels.widthPx} x ${picture.pixels.heightPx} pixels, its regions are of ${widthPx} x ${heightPx}`,
    )
  }
  setView('draw')
  const from = sample === undefined ? new Blob([png as Uint8Array<ArrayBuffer>]) : { sample }
  await show(picture, session.document, from, { isStated: true })
  if (session.place !== undefined) currentStage()?.show(session.place)
  await readTexts(session.address)
}

function pictureForMasks(): Picture {
  const { picture } = useStudio.getState()
  if (picture !== undefined) return picture
  throw new StudioError('missing', 'no picture is open that the masks could belong to', {
    hint: 'Open the picture first, then its masks.',
  })
}

function added(masks: readonly NamedMask[], message: string): void {
  const picture = pictureForMasks()
  addRegions(masks.map((one) => ({ ...one, mask: workMask(one.mask, picture) })))
  notify({ kind: 'info', message })
}

function isPng(head: Uint8Array): boolean {
  return head[0] === 0x89 && head[1] === 0x50 && head[2] === 0x4e && head[3] === 0x47
}

/** Whether a text is a session, as its first letters have it: larger files are not read twice. */
async function isSessionText(file: Blob): Promise<boolean> {
  return (await file.slice(0, 4096).text()).includes('maskwords-studio-session')
}

async function looksLikeMask(file: Blob): Promise<boolean> {
  const picture = useStudio.getState().picture
  if (picture === undefined) return false
  return (await formats()).looksLikeMask(new Uint8Array(await file.arrayBuffer()), ownGrounds(picture))
}
