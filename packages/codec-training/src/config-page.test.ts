// The configuration that docs/training-tokenizers.md shows is a whole one: read as a run reads it, and nothing in it may be left out.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { trainConfigSchema } from './config.ts'

const PAGE = new URL('../../../docs/training-tokenizers.md', import.meta.url)
const shown = JSON.parse(/^```json\n([\s\S]*?)^```/m.exec(readFileSync(PAGE, 'utf8'))![1]!) as Record<
  string,
  unknown
>

describe('the configuration on the page', () => {
  it('is accepted as it stands', () => {
    expect(trainConfigSchema.safeParse(shown).error?.issues).toBeUndefined()
  })

  it('has no field that a run could do without', () => {
    const spare = Object.keys(shown).filter((name) => {
      const { [name]: _, ...rest } = shown
      return trainConfigSchema.safeParse(rest).success
    })
    expect(spare).toEqual([])
  })
})
