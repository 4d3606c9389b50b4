// Where the picture stands on the screen: one scale and one offset. Pure numbers; the stage draws by them.

/** Screen position = picture position * scale + offset, in device pixels. */
export type Viewport = { readonly scale: number; readonly xPx: number; readonly yPx: number }
type Size = { readonly widthPx: number; readonly heightPx: number }
type Point = { readonly x: number; readonly y: number }

/** 64 screen pixels a pixel of the picture: enough to set single pixels. */
export const MAX_SCALE = 64
/** The smallest scale is this share of the one that fits. */
const SMALLEST_OF_FIT = 0.25
/** So much of the picture stays on the screen, in device pixels. */
const KEPT_PX = 48
const FIT_MARGIN_PX = 16

/** The scale at which the whole picture is seen; never above `most`. */
export function fitScale(picture: Size, screen: Size, most = MAX_SCALE): number {
  const wide = (screen.widthPx - 2 * FIT_MARGIN_PX) / picture.widthPx
  const high = (screen.heightPx - 2 * FIT_MARGIN_PX) / picture.heightPx
  return Math.max(1e-4, Math.min(wide, high, most))
}

/** The whole picture, in the middle. */
export function fitted(picture: Size, screen: Size): Viewport {
  return centred(picture, screen, fitScale(picture, screen), {
    x: picture.widthPx / 2,
    y: picture.heightPx / 2,
  })
}

/** A picture position in the middle of the screen. */
export function centred(picture: Size, screen: Size, scale: number, at: Point): Viewport {
  return held(picture, screen, {
    scale: clampScale(picture, screen, scale),
    xPx: screen.widthPx / 2 - at.x * scale,
    yPx: screen.heightPx / 2 - at.y * scale,
  })
}

/** The picture position in the middle of the screen. */
export function centreOf(screen: Size, view: Viewport): Point {
  return toPicture(view, { x: screen.widthPx / 2, y: screen.heightPx / 2 })
}

export function toPicture(view: Viewport, screen: Point): Point {
  return { x: (screen.x - view.xPx) / view.scale, y: (screen.y - view.yPx) / view.scale }
}

export function toScreen(view: Viewport, picture: Point): Point {
  return { x: picture.x * view.scale + view.xPx, y: picture.y * view.scale + view.yPx }
}

/** Scales by `factor` so that what is under the screen point stays there. */
export function zoomedAt(picture: Size, screen: Size, view: Viewport, factor: number, at: Point): Viewport {
  const scale = clampScale(picture, screen, view.scale * factor)
  const share = scale / view.scale
  return held(picture, screen, {
    scale,
    xPx: at.x - (at.x - view.xPx) * share,
    yPx: at.y - (at.y - view.yPx) * share,
  })
}

export function panned(picture: Size, screen: Size, view: Viewport, dxPx: number, dyPx: number): Viewport {
  return held(picture, screen, { scale: view.scale, xPx: view.xPx + dxPx, yPx: view.yPx + dyPx })
}

function clampScale(picture: Size, screen: Size, scale: number): number {
  const fit = fitScale(picture, screen)
  return Math.min(Math.max(scale, Math.min(fit, 1) * SMALLEST_OF_FIT), MAX_SCALE)
}

/** Keeps a corner of the picture on the screen, so that nobody loses it; in whole pixels, so that a pan moves pixels as they are. */
function held(picture: Size, screen: Size, view: Viewport): Viewport {
  const { scale } = view
  const clamp = (value: number, length: number, screenLength: number) =>
    Math.round(Math.min(Math.max(value, KEPT_PX - length * scale), screenLength - KEPT_PX))
  return {
    scale,
    xPx: clamp(view.xPx, picture.widthPx, screen.widthPx),
    yPx: clamp(view.yPx, picture.heightPx, screen.heightPx),
  }
}
