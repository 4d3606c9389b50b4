// Long answers are read here, so that the page answers all the while.
import { serveJobs } from '@maskwords/board/engine/job.ts'
import { type Reading, type ReadOptions, readText } from './reading.ts'

export type ReadingJob = ReadOptions & { readonly text: string }

serveJobs<ReadingJob, Reading>(({ text, ...options }, give) => give(readText(text, options)))
