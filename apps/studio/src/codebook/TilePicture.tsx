// One tile on a canvas of its own, as large as the style sheet says.
import { useEffect, useRef } from 'react'
import { TILE_PX, type TileKind, tileRgba } from './tiles.ts'

export function TilePicture({
  tile,
  kind,
  label,
}: {
  readonly tile: Uint8Array | undefined
  readonly kind: TileKind
  /** Left out where the text beside it says the same. */
  readonly label?: string
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = canvas.current!.getContext('2d')!
    if (tile === undefined) context.clearRect(0, 0, TILE_PX, TILE_PX)
    else context.putImageData(new ImageData(tileRgba(tile, kind), TILE_PX), 0, 0)
  }, [tile, kind])
  return (
    <canvas
      ref={canvas}
      className="codebook-tile"
      width={TILE_PX}
      height={TILE_PX}
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    />
  )
}
