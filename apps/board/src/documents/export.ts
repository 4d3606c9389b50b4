// Saving: masks, words, an overlay, the session; always as a file that the browser downloads.
import { StudioError } from '../state/error.ts'
import { notify, notifyError, say, setBusy } from '../state/store.ts'
import { writeUrl } from '../state/url.ts'
import { EXPORTS, type ExportId } from './export-list.ts'

/** Makes a file and hands it to the browser's downloads. Errors become notices. */
export async function exportAs(id: ExportId): Promise<void> {
  const doing = `Saving ${EXPORTS.find((one) => one.id === id)!.label.toLowerCase()}`
  setBusy(doing)
  try {
    await new Promise((resolve) => setTimeout(resolve))
    const { fileOf } = await import('./export-file.ts')
    const { name, body, said } = await fileOf(id)
    download(name, body)
    if (said !== undefined) notify({ kind: 'info', ...said })
    say(`${name} saved`)
  } catch (error) {
    notifyError(error, doing)
  } finally {
    setBusy(undefined)
  }
}

/** Copies the address of what is on the page; the clipboard needs HTTPS or localhost. */
export async function copyLink(): Promise<boolean> {
  try {
    await writeUrl()
    await navigator.clipboard.writeText(location.href)
    say('Link copied')
    return true
  } catch (error) {
    notifyError(
      new StudioError('unsupported', `the browser refused the clipboard (${(error as Error).message})`, {
        hint: 'The link is the address of this page: copy it from the address bar.',
      }),
      'Copying the link',
    )
    return false
  }
}

/** Browsers read a download's address a moment after the click. */
const DOWNLOAD_GRACE_MS = 30_000

function download(name: string, body: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(body)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_GRACE_MS)
}
