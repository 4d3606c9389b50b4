// The page of browser.test.ts: both codecs there and back, and the detector, on onnxruntime-web.
import { createHiMTok, createSamTok, openNanodet } from '@maskwords/codecs'
import { openWebSession } from '@maskwords/graph/web'
import type { ModelRuntime } from '../src/networks.ts'
import { himtokThere, nanodetThere, samtokThere } from './round-trip.ts'

const runtime: ModelRuntime = { target: 'web', open: (model) => openWebSession(model, { threads: 2 }) }

export const samtok = () => samtokThere(createSamTok, { runtime })
export const himtok = () => himtokThere(createHiMTok, { runtime })
export const nanodet = async () => {
  const answer = await fetch('/weights/nanodet-g/weights.safetensors')
  return nanodetThere(openNanodet, new Uint8Array(await answer.arrayBuffer()), { runtime })
}
