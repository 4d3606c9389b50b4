// From what the detector says of pictures to the vectors of their tokens: two layers for cells, two for things, and a vector of each
// cell's own place.
import type { Tensor } from '@maskwords/graph'
import { add, concat, gelu, input, linear, parameter } from '@maskwords/graph'
import type { DetectorEyesConfig } from './config.ts'
import { detectorEyesShape } from './config.ts'

/** Where the weights of the eyes stand; the detector's own begin with `DETECTOR_PREFIX`. */
export const EYES_PREFIX = 'model.visual'
export const DETECTOR_PREFIX = `${EYES_PREFIX}.detector.`

export type DetectorEyesInputs = {
  /** [pictures, cells, cellWidth] float32. */
  readonly cells: Tensor
  /** [pictures, objects, objectWidth] float32; rows of zeros where there is no thing. */
  readonly objects: Tensor
}

/** Inputs for any number of pictures. */
export function detectorEyesInputs(config: DetectorEyesConfig): DetectorEyesInputs {
  const { cells, cellWidth, objectWidth } = detectorEyesShape(config)
  return {
    cells: input('eyes.cells', 'float32', ['pictures', cells, cellWidth]),
    objects: input('eyes.objects', 'float32', ['pictures', config.objects, objectWidth]),
  }
}

/** Vectors [pictures x (cells + objects), outputWidth], picture by picture, cells first. */
export function detectorEyes(inputs: DetectorEyesInputs, config: DetectorEyesConfig): Tensor {
  const { cells } = detectorEyesShape(config)
  const { outputWidth } = config
  const places = parameter(`${EYES_PREFIX}.cell_positions.weight`, [cells, outputWidth])
  const seen = add(twoLayers(inputs.cells, 'cells', config), places)
  return concat([seen, twoLayers(inputs.objects, 'objects', config)], 1).reshape([-1, outputWidth])
}

function twoLayers(x: Tensor, name: string, { hiddenWidth, outputWidth }: DetectorEyesConfig): Tensor {
  const layer = (from: Tensor, at: string, to: number): Tensor => {
    const key = `${EYES_PREFIX}.${name}.${at}`
    return linear(
      from,
      parameter(`${key}.weight`, [to, from.shape.at(-1) as number]),
      parameter(`${key}.bias`, [to]),
    )
  }
  return layer(gelu(layer(x, 'fc1', hiddenWidth)), 'fc2', outputWidth)
}
