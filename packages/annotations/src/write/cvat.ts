// "CVAT for images 1.1" (CVAT 2 documentation, "Formats"): an <image> a picture, a <mask> a region, so that every pixel is kept.
import { cvatXmlFromMask } from '@maskwords/mask'
import { type AnnotatedPicture, categoriesOf, hasPhrase, type Written, withPixels } from './picture.ts'

/** The name of the attribute that holds a region's phrase. */
export const CVAT_PHRASE = 'phrase'

/**
 * The pictures as one XML text. Phrases stand in an attribute `phrase` of their shape, which the label of a CVAT task must have to
 * keep it. Regions without a pixel are left out and counted.
 */
export function writeCvatXml(pictures: readonly AnnotatedPicture[]): Written<string> {
  const { value: sound, left } = withPixels(pictures)
  const labels = categoriesOf(sound).map((name) => [
    '      <label>',
    `        <name>${inXml(name)}</name>`,
    '        <attributes>',
    `          <attribute><name>${CVAT_PHRASE}</name><mutable>False</mutable><input_type>text</input_type><default_value></default_value><values></values></attribute>`,
    '        </attributes>',
    '      </label>',
  ])
  const images = sound.map(({ file, widthPx, heightPx, regions }, i) => [
    `  <image id="${i}" name="${inXml(file)}" width="${widthPx}" height="${heightPx}">`,
    ...regions.flatMap((region, order) => {
      const { rle, left: x, top, width, height } = cvatXmlFromMask(region.mask)
      const open = `    <mask label="${inXml(region.category)}" source="manual" occluded="0" rle="${rle.join(', ')}" left="${x}" top="${top}" width="${width}" height="${height}" z_order="${order}">`
      const phrase = hasPhrase(region)
        ? [`      <attribute name="${CVAT_PHRASE}">${inXml(region.phrase)}</attribute>`]
        : []
      return [open, ...phrase, '    </mask>']
    }),
    '  </image>',
  ])
  const lines = [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<annotations>',
    '  <version>1.1</version>',
    '  <meta>',
    '    <task>',
    `      <size>${sound.length}</size>`,
    '      <labels>',
    ...labels.flat(),
    '      </labels>',
    '    </task>',
    '  </meta>',
    ...images.flat(),
    '</annotations>',
  ]
  return { value: `${lines.join('\n')}\n`, left }
}

/** Text as it may stand in XML, in attributes too; characters that XML 1.0 has no form for are left out. */
export function inXml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  }
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is not allowed
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/[&<>"']/g, (sign) => names[sign]!)
      .replace(/[\t\n\r]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  )
}
