// Image entries of a COCO file that share an id (cocodataset.org/#format-data gives each its own; merged files do not).
import { isRecord } from './json-text.ts'

/** Whether two entries of one id can be meant as one picture: of one name, and of one size where both say theirs. */
export function isSamePicture(a: unknown, b: unknown): boolean {
  if (!isRecord(a) || !isRecord(b)) return false
  const agree = (key: string) => a[key] === undefined || b[key] === undefined || a[key] === b[key]
  return a['file_name'] === b['file_name'] && agree('width') && agree('height')
}
