// The configurations that docs/learning.md shows are whole ones: read as a run reads them, and nothing in them may be left out.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { grpoConfigSchema } from '../grpo/config.ts'
import { sftConfigSchema } from '../sft/config.ts'
import { startConfigSchema } from '../start/config.ts'
import { checkConfig } from './settings.ts'

const PAGE = readFileSync(new URL('../../../../docs/learning.md', import.meta.url), 'utf8')
const SHOWN = [...PAGE.matchAll(/```json\n([\s\S]*?)```/g)].map(
  ([, text]) => JSON.parse(text!) as Record<string, unknown>,
)
const SCHEMAS = { sft: sftConfigSchema, grpo: grpoConfigSchema, start: startConfigSchema } as const

const checked = (shown: Record<string, unknown>) =>
  checkConfig(shown, SCHEMAS[shown['kind'] as keyof typeof SCHEMAS], { file: 'x.json', folder: '/runs' })

describe('docs/learning.md', () => {
  it('shows a configuration of each kind that is read, with paths made absolute', () => {
    expect(SHOWN.map(({ kind }) => kind)).toEqual(['sft', 'grpo', 'start'])
    for (const shown of SHOWN) {
      const config = checked(shown)
      expect(config.data.files).toEqual(['/runs/data/train-00000.jsonl'])
      if (config.kind === 'start') continue
      expect(config.data.pictures).toBe('/runs/data')
      expect(config.model).toMatch(/^\/runs\//)
    }
    const hub = checkConfig({ ...SHOWN[0], model: 'Qwen/Qwen2.5-VL-3B-Instruct' }, sftConfigSchema, {
      file: 'x.json',
      folder: '/runs',
    })
    expect(hub.model).toBe('Qwen/Qwen2.5-VL-3B-Instruct')
  })

  it('every field that a configuration has stands on the page', () => {
    const fields = SHOWN.flatMap((shown) => Object.keys(checked(shown)))
    for (const field of fields) expect(PAGE, field).toContain(`\`${field}\``)
  })
})
