// Label Studio's tasks (Label Studio 1: "Import pre-annotated data", "Export annotations"): a task a picture, a brush a region, so that
// every pixel is kept; and the labelling configuration that they need.
import { labelStudioRleFromMask } from '@maskwords/mask'
import { inXml } from './cvat.ts'
import { type AnnotatedPicture, categoriesOf, hasPhrase, type Written, withPixels } from './picture.ts'

/**
 * The pictures as tasks, each with one annotation. A task's picture is its file's name: where Label Studio serves it from is set
 * in the project. Phrases are texts of their region. Regions without a pixel are left out and counted.
 */
export function writeLabelStudio(pictures: readonly AnnotatedPicture[]): Written<object[]> {
  const { value: sound, left } = withPixels(pictures)
  const value = sound.map(({ file, widthPx, heightPx, regions }, i) => ({
    id: i + 1,
    // An address, of which readers take the path.
    data: { image: file.split('/').map(encodeURIComponent).join('/') },
    annotations: [
      {
        id: i + 1,
        result: regions.flatMap((region, k) => {
          const own = {
            id: `r${k + 1}`,
            to_name: 'image',
            original_width: widthPx,
            original_height: heightPx,
            image_rotation: 0,
          }
          const brush = {
            format: 'rle',
            rle: Array.from(labelStudioRleFromMask(region.mask)),
            brushlabels: [region.category],
          }
          const text = hasPhrase(region)
            ? [{ ...own, from_name: 'phrase', type: 'textarea', value: { text: [region.phrase] } }]
            : []
          return [{ ...own, from_name: 'tag', type: 'brushlabels', value: brush }, ...text]
        }),
      },
    ],
  }))
  return { value, left }
}

/** The labelling configuration of a project that the tasks can be imported into. */
export function labelStudioConfig(pictures: readonly AnnotatedPicture[]): string {
  const labels = categoriesOf(withPixels(pictures).value).map((name) => `    <Label value="${inXml(name)}"/>`)
  const lines = [
    '<View>',
    '  <Image name="image" value="$image"/>',
    '  <BrushLabels name="tag" toName="image">',
    ...labels,
    '  </BrushLabels>',
    '  <TextArea name="phrase" toName="image" perRegion="true"/>',
    '</View>',
  ]
  return `${lines.join('\n')}\n`
}
