// The public names of this package, written by hand.

export type { ChartOptions, LossCurveOptions, MetricsLogLine, Panel, Series } from '@maskwords/charts'
export { lineChartSvg, lossCurveSvg } from '@maskwords/charts'
export { bleu, rougeL } from './caption/bleu.ts'
export type { CiderOptions } from './caption/cider.ts'
export { cider } from './caption/cider.ts'
export type {
  GroundedCaptionOptions,
  GroundedCaptionResult,
  GroundedCaptionSample,
  PhraseMask,
} from './caption/grounded.ts'
export {
  evaluateGroundedCaptions,
  GROUNDED_CAPTION_METRICS,
  officialGroundedCaption,
} from './caption/grounded.ts'
export type { MeteorOptions, MeteorParameters } from './caption/meteor.ts'
export { METEOR_PARAMETERS, meteor } from './caption/meteor.ts'
export type { MeteorTables } from './caption/meteor-tables.ts'
export type { CaptionOptions, CaptionSample, CaptionScore } from './caption/sample.ts'
export { englishStem } from './caption/stem.ts'
export type { TextSimilarity } from './caption/text-similarity.ts'
export { tokenF1 } from './caption/text-similarity.ts'
export { captionTokens } from './caption/tokens.ts'
export type {
  CocoCategoryResult,
  CocoPictureRow,
  CocoResult,
  EvaluateCocoOptions,
} from './coco/evaluate.ts'
export { evaluateCoco } from './coco/evaluate.ts'
export type {
  CocoCategory,
  CocoDetection,
  CocoGroup,
  CocoId,
  CocoPicture,
  CocoProblem,
  CocoShape,
  CocoTruth,
  LvisFrequency,
} from './coco/input.ts'
export type { LvisResult, LvisStats } from './coco/lvis.ts'
export { evaluateLvis, LVIS_MAX_DETECTIONS, LVIS_STAT_NAMES } from './coco/lvis.ts'
export type { CocoDetectionFile, CocoTruthFile, ReadCocoTruthOptions } from './coco/read.ts'
export { readCocoDetections, readCocoTruth } from './coco/read.ts'
export type { CocoAreaRange, CocoSettings } from './coco/settings.ts'
export {
  COCO_AREA_RANGES,
  COCO_IOU_THRESHOLDS,
  COCO_MAX_DETECTIONS,
  COCO_RECALL_POINTS,
} from './coco/settings.ts'
export type { CocoStats, CocoTables } from './coco/summary.ts'
export { COCO_STAT_NAMES, cocoStats } from './coco/summary.ts'
export type { EvalErrorCode, EvalErrorOptions } from './error.ts'
export { EvalError } from './error.ts'
export {
  classGroup,
  groundingBoxMetrics,
  groundingMaskMetrics,
  scoreGroundingBox,
  scoreGroundingMask,
} from './grounding/grounding-suite.ts'
export type { ClassMask, SemanticSample } from './grounding/open-vocabulary.ts'
export {
  classColumns,
  mergeSmallestOnTop,
  scoreSemantic,
  semanticMetrics,
} from './grounding/open-vocabulary.ts'
export type { LineOptions } from './grounding/points.ts'
export { maskHasPoint, scoreLines, scorePoints } from './grounding/points.ts'
export type { Pair, PairValues } from './match/greedy.ts'
export { greedyPairs } from './match/greedy.ts'
export type { ChoiceSample } from './perception/choice.ts'
export { choiceMetrics, officialChoice, readChoice, scoreChoice } from './perception/choice.ts'
export type { BaselineMask } from './reconstruction/baselines.ts'
export { baselineFamily, baselineMasks } from './reconstruction/baselines.ts'
export type { CodecPicture, CodecWords, ReconstructionCodec } from './reconstruction/codec.ts'
export type { SheetKind, SheetSample } from './reconstruction/contact-sheet.ts'
export { contactSheet, MAX_SHEET_SAMPLES, rowsToShow } from './reconstruction/contact-sheet.ts'
export type { EvaluateOptions, Evaluation, NamedCodec } from './reconstruction/evaluate.ts'
export { evaluateReconstruction, lengthMethod, lengthsFor } from './reconstruction/evaluate.ts'
export type { RatePoint } from './reconstruction/rate-curve.ts'
export { rateCurveSvg } from './reconstruction/rate-curve.ts'
export type { ReconstructionRow, TruthMask, TruthPicture } from './reconstruction/sample.ts'
export { RECONSTRUCTION_METRICS, sampleRow, sortedRows } from './reconstruction/sample.ts'
export type { Bucket, MethodSummary } from './reconstruction/summary.ts'
export { BUCKET_BORDERS, summarise } from './reconstruction/summary.ts'
export type { CodeUsage } from './reconstruction/usage.ts'
export { usageCounter } from './reconstruction/usage.ts'
export {
  type AnswerBoxOptions,
  answerBoxes,
  type BoxFormat,
  type BoxSurvey,
  type BoxUnit,
  describeBoxSurvey,
  surveyBoxes,
} from './referring/answer-box.ts'
export type { BoxSample, BoxSetSample, BoxXyxyPx } from './referring/box.ts'
export {
  BOX_THRESHOLDS,
  boxIouXyxy,
  boxMetrics,
  boxOfMask,
  boxSetMetrics,
  scoreBox,
  scoreBoxSet,
  setMetrics,
} from './referring/box.ts'
export type { GeneralisedSample } from './referring/generalised.ts'
export {
  generalisedMetrics,
  NO_TARGET_GROUP,
  scoreGeneralised,
  TARGET_GROUP,
} from './referring/generalised.ts'
export type { MaskSetSample } from './referring/mask-set.ts'
export { maskSetMetrics, scoreMaskSet } from './referring/mask-set.ts'
export type { IgnoreRule, Overlap } from './referring/overlap.ts'
export { maskOverlap } from './referring/overlap.ts'
export type { ScoredValues, SegmentationOptions, SegmentationSample } from './referring/segmentation.ts'
export {
  PRECISION_THRESHOLDS,
  scoreSegmentation,
  segmentationMetrics,
} from './referring/segmentation.ts'
export { histogramCounts, histogramSvg } from './report/histogram.ts'
export type { ReportCard, ReportInput } from './report/page.ts'
export { reportPage } from './report/page.ts'
export type { Picked } from './report/pick.ts'
export { pickRows } from './report/pick.ts'
export type { RowStatus, SampleRow } from './row.ts'
export { columnValue } from './row.ts'
export type { RowFile } from './rows.ts'
export { formatRowFile, MAX_ROWS, mergeRowFiles, parseRowFile } from './rows.ts'
export type { SceneGraphOptions, SceneGraphResult } from './scene-graph/recall.ts'
export { evaluateSceneGraphs, SCENE_GRAPH_LIMITS } from './scene-graph/recall.ts'
export type {
  PredictedTriple,
  SceneGraphSample,
  SceneGraphVocabulary,
  SceneObject,
} from './scene-graph/sample.ts'
export type { EvalMode, Stamp, StampField } from './stamp.ts'
export { checkSameStamp, stampDifferences } from './stamp.ts'
export type { BootstrapOptions, Interval } from './statistics/bootstrap.ts'
export { bootstrapIntervals, MAX_RESAMPLES } from './statistics/bootstrap.ts'
export type { ResampleUnit } from './statistics/columns.ts'
export type { CompareOptions, Comparison } from './statistics/compare.ts'
export { compareRuns } from './statistics/compare.ts'
export type { Metric, Ratio } from './statistics/metric.ts'
export { columnsOf, evaluateMetrics, groupsOf } from './statistics/metric.ts'
export type { Random } from './statistics/random.ts'
export { randomOf } from './statistics/random.ts'
