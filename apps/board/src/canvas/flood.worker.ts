// The magic selection on a large picture: the page goes on meanwhile, and draws from rows that are counted already.
import { type Mask, transpose } from '@maskwords/mask'
import { serveJobs } from '../engine/job.ts'
import { type FloodJob, similarRegionTransposed } from './flood.ts'
import { type Rows, rowsOfTransposed } from './rows.ts'

export type Flooded = { readonly mask: Mask; readonly rows: Rows }

serveJobs<FloodJob, Flooded>((job, give) => {
  const transposed = similarRegionTransposed(job)
  give({ mask: transpose(transposed), rows: rowsOfTransposed(transposed) })
})
