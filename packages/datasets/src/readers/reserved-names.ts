// Labels that say of pixels that they are no object: what labelme, VOC, Cityscapes, Mapillary Vistas, BDD100K, KITTI, VisDrone and
// mmsegmentation reserve for background, unlabelled pixels, and areas that nobody looked through.

/** Pixels known to be no object, or of no use. Written here without blanks, dashes, underscores and capitals. */
const NOTHING = new Set([
  'background',
  'void',
  'unlabeled',
  'unlabelled',
  'unannotated',
  'nolabel',
  'egovehicle',
  'rectificationborder',
  'outofroi',
  'ignore',
  'ignored',
])

/** Areas in which objects of any category may be that have no region. */
const HIDING = new Set(['ignoreregion', 'ignoreregions', 'ignoredregion', 'ignoredregions', 'dontcare'])

/**
 * What a category's name says of its pixels where it names no category: 'nothing' there, or 'hiding' what nobody labelled.
 * Undefined for a name.
 */
export function reservedName(category: string): 'nothing' | 'hiding' | undefined {
  const plain = category.toLowerCase().replace(/[\s_-]+/g, '')
  if (NOTHING.has(plain) || /^void-/i.test(category)) return 'nothing'
  return HIDING.has(plain) ? 'hiding' : undefined
}
