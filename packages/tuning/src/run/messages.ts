// What a person is told while a run goes on.
import { reportOf } from '@maskwords/files'

/** An error in one line: what, and where. */
export function formatFault(error: unknown): string {
  const { message, file } = reportOf(error)
  return file === undefined || message.includes(file) ? message : `${file}: ${message}`
}

/** Lets the first few messages of a kind through, then says how many more there were. */
export function limitedMessages(say: (text: string) => void, most = 10): (text: string) => void {
  let told = 0
  return (text) => {
    told++
    if (told <= most) say(text)
    if (told === most) say('further ones are not named')
  }
}
