// The public index of @maskwords/selection, written by hand.
export { type Lattice, type LatticeOptions, latticeOf } from './lattice.ts'
export { PROMPT_MAPS, type Prompt, type PromptBox, type PromptPoint, promptMaps } from './prompt.ts'
export { type RefineOptions, refined } from './refine.ts'
