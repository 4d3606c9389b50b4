// Pictures as our own plain JSON lines, a record each: what `prepare jsonl` reads (docs/datasets.md, "Plain JSON lines").
import { cocoRleFromMask } from '@maskwords/mask'
import { type AnnotatedPicture, hasPhrase, type Written, withPixels } from './picture.ts'

/**
 * One line a picture, each with its end of line: regions as run lengths with their class, and phrases, of which equal ones are
 * one that means all its regions. Files of pictures are written as they are named. Regions without a pixel are left out and counted.
 */
export function writeRecords(pictures: readonly AnnotatedPicture[]): Written<string> {
  const { value: sound, left } = withPixels(pictures)
  const lines = sound.map(({ file, widthPx, heightPx, drawnOn, regions }) => {
    const phrases = new Map<string, string[]>()
    regions.forEach((region, i) => {
      if (!hasPhrase(region)) return
      const text = region.phrase.trim()
      phrases.set(text, [...(phrases.get(text) ?? []), idOf(i)])
    })
    return JSON.stringify({
      id: file,
      image: file,
      width: widthPx,
      height: heightPx,
      ...(drawnOn !== undefined && { drawn_on: drawnOn }),
      regions: regions.map(({ mask, category }, i) => ({
        id: idOf(i),
        category,
        segmentation: cocoRleFromMask(mask),
      })),
      phrases: [...phrases].map(([text, ids]) => ({ text, regions: ids })),
    })
  })
  return { value: lines.map((line) => `${line}\n`).join(''), left }
}

const idOf = (place: number): string => `r${place + 1}`
