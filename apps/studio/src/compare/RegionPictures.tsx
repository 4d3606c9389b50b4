// Pictures of one region side by side: the mask as it is, what each codec's words draw, and where they differ.

import { type Frame, framed, frameOf } from '@maskwords/board/canvas/frame.ts'
import { layRgba, maskRgba, paintPicture } from '@maskwords/board/canvas/paint.ts'
import { CODECS, type CodecId, type Picture, type Region } from '@maskwords/board/state/types.ts'
import { useEffect, useMemo, useRef } from 'react'
import type { Comparison, Comparisons } from './comparisons.ts'
import { type Difference, differenceOf, FULL_SHARE, paintDifference } from './difference.ts'

export const TITLES: Readonly<Record<CodecId, string>> = {
  samtok: 'SAMTok',
  himtok: 'HiMTok',
  getok: 'GETok',
}

const LONG_PX = 480
const DIM = 0.35

export function RegionPictures({
  picture,
  region,
  comparisons,
  whole,
}: {
  readonly picture: Picture
  readonly region: Region
  readonly comparisons: Comparisons
  readonly whole: boolean
}) {
  const frame = useMemo(
    () => frameOf(picture.pixels, whole ? undefined : region.mask, LONG_PX),
    [picture, region.mask, whole],
  )
  return (
    <ul className="compare-pictures" aria-label="Pictures of the region">
      <li>
        <h3>Original</h3>
        <MaskPicture
          picture={picture}
          frame={frame}
          region={region}
          mask={region.mask}
          label="Original mask"
        />
        <Legend />
      </li>
      {CODECS.map((codec) => (
        <li key={codec}>
          <h3>{TITLES[codec]}</h3>
          <Reconstruction
            codec={codec}
            comparison={comparisons[codec]}
            picture={picture}
            region={region}
            frame={frame}
          />
        </li>
      ))}
    </ul>
  )
}

function Reconstruction({
  codec,
  comparison,
  picture,
  region,
  frame,
}: {
  readonly codec: CodecId
  readonly comparison: Comparison
  readonly picture: Picture
  readonly region: Region
  readonly frame: Frame
}) {
  if (comparison.state === 'failed') return <Failure comparison={comparison} />
  if (comparison.state === 'waiting') return <Waiting comparison={comparison} codec={codec} frame={frame} />
  const { mask } = comparison.spoken
  const name = TITLES[codec]
  return (
    <>
      <MaskPicture
        picture={picture}
        frame={frame}
        region={region}
        mask={mask}
        label={`What ${name}'s words draw: IoU ${comparison.score.iou.toFixed(3)}`}
      />
      <HeatMap picture={picture} frame={frame} truth={region} mask={mask} name={name} />
    </>
  )
}

function Waiting({
  comparison,
  codec,
  frame,
}: {
  readonly comparison: Extract<Comparison, { state: 'waiting' }>
  readonly codec: CodecId
  readonly frame: Frame
}) {
  return (
    <div className="compare-waiting" style={{ aspectRatio: `${frame.widthPx} / ${frame.heightPx}` }}>
      <progress aria-label={`${TITLES[codec]}: ${comparison.doing}`} value={comparison.share} />
      <span>{comparison.doing}</span>
    </div>
  )
}

function Failure({ comparison }: { readonly comparison: Extract<Comparison, { state: 'failed' }> }) {
  return (
    <div className="compare-failure" role="alert">
      <p>{comparison.message}</p>
      {comparison.hint !== undefined && <p>{comparison.hint}</p>}
    </div>
  )
}

function MaskPicture({
  picture,
  frame,
  region,
  mask,
  label,
}: {
  readonly picture: Picture
  readonly frame: Frame
  readonly region: Region
  readonly mask: Region['mask']
  readonly label: string
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    paintPicture(canvas.current!, picture, frame, DIM)
    layRgba(canvas.current!, maskRgba(framed(mask, frame), { colour: region.colour, opacity: 0.45 }))
  }, [picture, frame, mask, region.colour])
  return <canvas ref={canvas} role="img" aria-label={label} />
}

function HeatMap({
  picture,
  frame,
  truth,
  mask,
  name,
}: {
  readonly picture: Picture
  readonly frame: Frame
  readonly truth: Region
  readonly mask: Region['mask']
  readonly name: string
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const difference = useMemo(
    () => differenceOf(framed(truth.mask, frame), framed(mask, frame)),
    [truth.mask, mask, frame],
  )
  // Pixels of what is shown, in pixels of the picture.
  const scale = frame.box.width / frame.widthPx
  useEffect(() => {
    const { widthPx, heightPx } = picture.pixels
    const fullPx = (FULL_SHARE * Math.hypot(widthPx, heightPx)) / scale
    paintPicture(canvas.current!, picture, frame, 0.6)
    layRgba(canvas.current!, paintDifference(difference, fullPx))
  }, [picture, frame, difference, scale])
  const said = saidDifference(difference, scale)
  return (
    <figure className="compare-heat">
      <canvas ref={canvas} role="img" aria-label={`Difference of ${name}: ${said}`} />
      <figcaption>{said}</figcaption>
    </figure>
  )
}

/** A difference in one sentence; areas and distances in pixels of the picture. */
export function saidDifference(difference: Difference, scale: number): string {
  const { missedPx, inventedPx, farthestPx } = difference
  const pixels = (count: number) => Math.round(count * scale * scale).toLocaleString('en-US')
  if (missedPx + inventedPx === 0) return 'no difference'
  const far = Number.isFinite(farthestPx) ? `, up to ${Math.round(farthestPx * scale)} px off` : ''
  return `missed ${pixels(missedPx)} px, invented ${pixels(inventedPx)} px${far}`
}

function Legend() {
  return (
    <ul className="compare-legend" aria-label="Signs of the difference pictures">
      <li>
        <span className="compare-missed" aria-hidden="true" />
        striped: missed, in the mask but not drawn
      </li>
      <li>
        <span className="compare-invented" aria-hidden="true" />
        dotted: invented, drawn but not in the mask
      </li>
      <li>
        <span className="compare-kept" aria-hidden="true" />
        grey: both. The stronger, the farther off
      </li>
    </ul>
  )
}
