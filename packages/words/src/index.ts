export { type AnswerReading, readAnswer } from './answer.ts'
export { MAX_ANSWER_PARTS, type PlacedText, type TextRange } from './answer-part.ts'
export {
  type AnswerOptions,
  type AnswerParts,
  answerOnly,
  answerParts,
  liesIn,
  PADDING_WORDS,
  promptOpensThought,
  saidAnswer,
  saysOnlyThought,
  TURN_ENDS,
  thoughtsOnly,
} from './answer-parts.ts'
export { type AnswerPart, AnswerTracker, type PartRange } from './answer-tracker.ts'
export {
  byteOrderMark,
  type DecodeTextOptions,
  declaredXmlEncoding,
  decodeText,
  encodingOf,
  firstBadByte,
  wideWithoutMark,
} from './decode-text.ts'
export { WordsError, type WordsErrorCode, type WordsErrorOptions } from './error.ts'
export {
  compareRecordIds,
  parseExactJson,
  parsePythonJson,
  type RecordId,
  recordFlag,
  recordId,
} from './exact-json.ts'
export {
  formatGetokAnswer,
  formatGetokGeometry,
  formatGetokInstance,
  formatGetokInstances,
  formatGetokRefinement,
  GETOK_WORD_COUNT,
  type GetokGeometry,
  type GetokGeometryKind,
  type GetokInstance,
} from './getok-format.ts'
export {
  type FoundGeometry,
  type FoundInstance,
  type FoundRefinement,
  type GetokParse,
  type GetokProblem,
  type GetokProblemKind,
  MAX_GETOK_GEOMETRIES,
  type PairedOffsets,
  pairGetokOffsets,
  parseGetok,
} from './getok-parse.ts'
export { type GetokEvent, type GetokStream, getokStream } from './getok-stream.ts'
export type { GetokPiece, GetokTag } from './getok-word.ts'
export {
  type DeletePoint,
  type GetokSymbol,
  type GridCell,
  getokCode,
  getokSymbol,
  getokWord,
  misspeltGetokWords,
  type OffsetMove,
  saysGetokWords,
} from './getok-word.ts'
export {
  type CaptionPiece,
  type CaptionProblem,
  formatGroundedCaption,
  type GroundedCaption,
  type GroundedPhrase,
  OBJECT_REF_END,
  OBJECT_REF_START,
  parseGroundedCaption,
  plainCaption,
} from './grounded-caption.ts'
export {
  formatJsonAnswer,
  formatSceneGraph,
  type JsonAnswer,
  type JsonAnswerEntry,
  type JsonAnswerProblem,
  type LabelledMask,
  parseJsonAnswer,
  parseSceneGraph,
  type SceneGraph,
  type SceneTriple,
} from './json-answer.ts'
export { type MaskDialect, maskDialect } from './mask-dialect.ts'
export { formatMaskDisplay, formatMaskWords, maskTokenIds } from './mask-format.ts'
export {
  type LanguageSpan,
  parseInLanguage,
  parseMaskLanguages,
  type SpanVocabularies,
} from './mask-languages.ts'
export { MAX_GAP, MAX_SPANS, type MachineOptions } from './mask-machine.ts'
export {
  type OfficialMask,
  type OfficialParse,
  type OfficialVariant,
  parseOfficial,
  parseOfficialBucket,
  REPAIR_FILLER,
  type WholeMask,
  wholeMasks,
} from './mask-official.ts'
export {
  codesFromText,
  type MaskParse,
  type ParseMaskOptions,
  parseMaskDisplay,
  parseMaskTokenIds,
  parseMaskWords,
  usableCodes,
} from './mask-parse.ts'
export {
  describeRepair,
  isOtherLanguage,
  MAX_SPAN_IDS,
  MAX_SPAN_REPAIRS,
  type MaskSpan,
  type Repair,
  type RepairKind,
  type SpanStatus,
} from './mask-span.ts'
export { type MaskEvent, type MaskStream, maskStream } from './mask-stream.ts'
export {
  BOX_COORDINATE_MAX,
  boxFromXyxyPx,
  boxToXyxyPx,
  formatReference,
  type GridBox,
  parseReferences,
  type Reference,
  type ReferenceProblem,
} from './reference-box.ts'
export {
  type CaptionAccuracyOptions,
  type CaptionItem,
  captionItems,
  captionMaskAccuracy,
  type MaskAccuracyOptions,
  maskFormatReward,
  maskTokenAccuracy,
  nonRepeatReward,
  phraseReward,
  sceneGraphReward,
} from './reward-mask.ts'
export {
  cleanCaptionReward,
  formatReward,
  hasBox,
  type NoTargetOptions,
  noTargetReward,
  saysMaskWords,
  trigramReward,
} from './reward-text.ts'
export {
  type BoxNumbers,
  type SaidBox,
  type SaidBoxes,
  saidBoxes,
} from './said-boxes.ts'
export {
  countedMasks,
  displayedMasks,
  misspeltWords,
  type SaidMask,
  type SaidMasks,
  saidMasks,
  saysNothing,
  trueMasks,
  unreadableTruth,
} from './said-masks.ts'
export {
  MAX_FINDINGS,
  type Sanitised,
  type SanitiseFinding,
  type SanitiseKind,
  type SanitiseOptions,
  sanitiseText,
} from './sanitise.ts'
export { soundName } from './sound-name.ts'
export {
  COLD_START_MAX_MASKS,
  EMPTY_THINK,
  formatThinkAnswer,
  NO_TARGET,
  NULL_ANSWER,
  parseColdStart,
  parseThinkAnswer,
  saysNoTarget,
  type ThinkAnswer,
  withoutEmptyThink,
} from './think-answer.ts'
export {
  MAX_TOKENIZER_ENTRIES,
  readTokenizer,
  type TokenizerReading,
  type TokenizerWarning,
  type TokenizerWarningCode,
} from './tokenizer-file.ts'
export {
  type GetokVocabulary,
  getokVocabulary,
  type HimtokVocabulary,
  himtokVocabulary,
  MASK_END,
  MASK_START,
  MAX_HIMTOK_LENGTH,
  MAX_LEVELS,
  MAX_VOCABULARY_CODES,
  type SamtokVocabulary,
  type SpanVocabulary,
  samtokVocabulary,
  TEXT_TAG_TOKENS,
  type TokenIds,
  type Vocabulary,
  vocabularyName,
  withTokenIds,
  wordAt,
  wordsOf,
} from './vocabulary.ts'
