// The magic selection on a large picture: the page goes on meanwhile.
import type { Mask } from '@maskwords/mask'
import { serveJobs } from '../compare/job.ts'
import { type FloodJob, similarRegion } from './flood.ts'

serveJobs<FloodJob, Mask>((job, give) => give(similarRegion(job)))
