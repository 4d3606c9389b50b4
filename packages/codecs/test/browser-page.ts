// The page of browser.test.ts: both codecs there and back on onnxruntime-web.
import { createHiMTok, createSamTok } from '@maskwords/codecs'
import { openWebSession } from '@maskwords/graph/web'
import type { ModelRuntime } from '../src/networks.ts'
import { himtokThere, samtokThere } from './round-trip.ts'

const runtime: ModelRuntime = { target: 'web', open: (model) => openWebSession(model, { threads: 2 }) }

export const samtok = () => samtokThere(createSamTok, { runtime })
export const himtok = () => himtokThere(createHiMTok, { runtime })
