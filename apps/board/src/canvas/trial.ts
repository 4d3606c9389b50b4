// What the tool "Object" has under way, as the page shows it.
import type { Mask } from '@maskwords/mask'
import type { Prompt } from '@maskwords/selection'
import { create } from 'zustand'

/** Clicks, and the object that they mean as far as it is known. */
export type Trial = Prompt & { readonly mask?: Mask | undefined; readonly shares?: Float32Array | undefined }

export const useTrial = create<{
  /** What a click says where no key says otherwise. */
  readonly sign: 'plus' | 'minus'
  /** Clicks and boxes that can be taken back. */
  readonly steps: number
  readonly hasMask: boolean
}>(() => ({ sign: 'plus', steps: 0, hasMask: false }))
