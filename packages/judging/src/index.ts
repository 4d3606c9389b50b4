// The public index of @maskwords/judging, written by hand.
export {
  askJudge,
  type JudgeCounts,
  type Judged,
  type JudgeRun,
  type ToJudge,
  type Verdict,
} from './ask-judge.ts'
export {
  DLC_PLACES,
  DLC_PROMPT,
  DLC_RECOGNITION,
  DLC_SAMPLING,
  type DlcQuestion,
  dlcMetrics,
  dlcQuestions,
  dlcQuestionText,
  readDlcReply,
  scoreDlc,
  worstDlc,
} from './dlc-bench.ts'
export { isPlural, withArticle } from './english-name.ts'
export {
  MDVP_PLACES,
  MDVP_PROMPT,
  markedPicture,
  mdvpContext,
  mdvpMetrics,
  mdvpSampling,
  readMdvpReply,
  scoreMdvp,
} from './mdvp-bench.ts'
export type { JudgeMessage, JudgeRequest, JudgeSampling } from './request.ts'
export { requestKey } from './request.ts'
export { filled, type JudgePrompt, type Places, promptOfFile } from './template.ts'
export { openVerdictFile, type VerdictFile, type VerdictRow } from './verdict-file.ts'
export {
  readVideoReferReply,
  scoreVideoRefer,
  VIDEOREFER_PLACES,
  VIDEOREFER_PROMPT,
  videoReferMetrics,
  videoReferSampling,
} from './videorefer-d.ts'
