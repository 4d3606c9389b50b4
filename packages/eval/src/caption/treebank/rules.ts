// What a token of an English text is by the conventions of the Penn Treebank, as Stanford's tokeniser 3.4.1 (the one that the
// COCO caption evaluation runs) reads them: which runs of characters stay together, in the order in which they are tried.

import type { LexerRule } from './lexer.ts'
import { BLANKS, LETTERS, LINE_ENDS, SYMBOLS } from './marks.ts'

/** How a token is written. */
export type TokenForm =
  | 'as it stands'
  | 'dash'
  | 'word'
  | 'number'
  | 'ampersand'
  | 'closing quote'
  | 'opening quote'
  | 'ellipsis'
  | 'fraction sign'
  | 'currency'
  | 'with hard blanks'
  | 'with hard blanks and brackets'
  | 'with brackets'
  | 'less'
  | 'greater'
  | 'round opening'
  | 'round closing'
  | 'square opening'
  | 'square closing'
  | 'curly opening'
  | 'curly closing'
  | 'hyphens'
  | 'nothing'
  // Of these a part is read again.
  | 'all but three'
  | 'all but two'
  | 'initials at an end'
  | 'abbreviation at an end'

const any = (...words: string[]) => `(${words.join('|')})`

const LETTER = `(&[aeiouAEIOU](acute|grave|uml);|[${LETTERS}])`
const DIGIT = '[\\p{Nd}\\u07C0-\\u07C9]'
const ALPHA = '\\p{L}'
const ALNUM = '[\\p{L}\\p{Nd}]'
const SPACE = `[${BLANKS}]`
const SPACENL = `([${BLANKS}${LINE_ENDS}]|\\r\\n)`
const NEWLINE = `(\\r?\\n|[${LINE_ENDS}])`
const APOS = "(['\\u0092\\u2019]|&apos;)"
const APOS_LIKE = `(${APOS}|[\`\\u0091\\u2018\\u201B])`
const HYPHEN = '[-_\\u058A\\u2010\\u2011]'
const AMP = '&amp;'

const TAG =
  '<([!?][A-Za-z\\-][^>\\r\\n]*|[A-Za-z][A-Za-z0-9_:.\\-]*([ ]+([A-Za-z][A-Za-z0-9_:.\\-]*|[A-Za-z][A-Za-z0-9_:.\\-]*[ ]*=[ ]*' +
  '(\'[^\']*\'|"[^"]*")))*[ ]*/?|/[A-Za-z][A-Za-z0-9_:.\\-]*)[ ]*>'
const SENTENCE_START = `${SPACENL}(${SPACENL}|\\p{Uppercase}|${TAG})`

const WORD = `${LETTER}(${LETTER}|${DIGIT})*([.!?]${LETTER}(${LETTER}|${DIGIT})*)*`
const NUM = `(${DIGIT}+|${DIGIT}*([.:,\\u00AD\\u066B\\u066C]${DIGIT}+)+)`
const NUMBER = `[\\-+]?${NUM}`
const ACRO = '([A-Za-z](\\.[A-Za-z])*|(Canada|Sino|Korean|EU|Japan|non)-U\\.S|U\\.S\\.-(U\\.K|U\\.S\\.S\\.R))'

const ACRO2 = ACRO.replace('*', '+')

const MONTH = 'Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec'
const DAY = 'Mon|Tue|Tues|Wed|Thu|Thurs|Fri'
const STATE =
  'Ala|Ariz|[A]z|[A]rk|Calif|Colo|Conn|Ct|Dak|[D]el|Fla|Ga|[I]ll|Ind|Kans?|Ky|[L]a|[M]ass|Md|Mich|Minn|[M]iss|Mo|Mont|Neb|Nev|Okla|[O]re|[P]a|Penn|Tenn|[T]ex|Va|Vt|[W]ash|Wisc?|Wyo'
const COMPANY = 'Inc|Cos?|Corp|Pp?t[ye]s?|Ltd|Plc|Rt|Bancorp|Bhd|Assn|Univ|Intl|Sys'
const MEASURE = 'tel|est|ext|sq'
const AFTER_NAME = 'Jr|Sr|Bros|Blvd|Rd|(Ed|Ph)\\.D|Esq'
const TITLE =
  'Mr|Mrs|Ms|[M]iss|Drs?|Profs?|Sens?|Reps?|Attys?|Lt|Col|Gen|Messrs|Govs?|Adm|Rev|Maj|Sgt|Cpl|Pvt|Capt|Ste?|Ave|Pres|Lieut|Hon|Brig|Co?mdr|Pfc|Spc|Supts?|Det|Mt|Ft|Adj|Adv|Asst|Assoc|Ens|Insp|Mlle|Mme|Msgr|Sfc'

const BEFORE_SMALL = `(${MONTH}|${DAY}|${STATE}|${COMPANY}|${MEASURE}|${AFTER_NAME}|etc|al|seq|Bldg)\\.`
const BEFORE_LARGE = `([A-Za-z]|${TITLE}|vs|Ph|Alex|Wm|Jos|Cie|a\\.k\\.a|cf|TREAS|${ACRO}|Invt|Elec|Natl|M[ft]g|Dept)`

const BEFORE_NUMBER = '(ca|figs?|prop|nos?|art|bldg|prop|pp|op)\\.'

const THING = `([dDoOlL]${APOS_LIKE}${ALNUM})?${ALNUM}+(${HYPHEN}([dDoOlL]${APOS_LIKE}${ALNUM})?${ALNUM}+)*`
const HYPHENATED = `[A-Za-z0-9][A-Za-z0-9.,\\u00AD]*(-([A-Za-z0-9\\u00AD]+|${ACRO2}\\.))+`
const LARGE_WITH_AND = `[A-Z]+(([+&]|${AMP})[A-Z]+)+`
const ENDING = `${APOS}([msdMSD]|re|ve|ll)`
const NOT = `n${APOS_LIKE}t`
const INNER_MARK = '[,;:\\u3001]'

const APOSTROPHE_WORD = any(
  `${APOS}n${APOS}?`,
  `[lLdDjJ]${APOS}`,
  `Dunkin${APOS}`,
  `somethin${APOS}`,
  `ol${APOS}`,
  `${APOS}em`,
  `[A-HJ-XZn]${APOS_LIKE}${ALPHA}{2}${ALPHA}*`,
  `${APOS}[2-9]0s`,
  `${APOS}till?`,
  `${ALPHA}${ALPHA}*[aeiouyAEIOUY]${APOS_LIKE}[aeiouA-Z]${ALPHA}*`,
  `${APOS}cause`,
  "cont'd\\.?",
  "nor'easter",
  "c'mon",
  "e'er",
  "s'mores",
  "ev'ry",
  "li'l",
  "nat'l",
  `O${APOS_LIKE}o`,
)

const FULL_URL = 'https?://[^ \\t\\n\\f\\r"<>|(){}]+[^ \\t\\n\\f\\r"<>|.!?(){},\\-]'
const LIKELY_URL =
  '((www\\.([^ \\t\\n\\f\\r"<>|.!?(){},]+\\.)+[a-zA-Z]{2,4})|(([^ \\t\\n\\f\\r"`\'<>|.!?(){},-_$]+\\.)+(com|net|org|edu)))(/[^ \\t\\n\\f\\r"<>|()]+[^ \\t\\n\\f\\r"<>|.!?(){},\\-])?'
const EMAIL =
  '(&lt;|<)?[a-zA-Z0-9][^ \\t\\n\\f\\r"<>|(){}\\u00A0]*@([^ \\t\\n\\f\\r"<>|(){}.\\u00A0]+\\.)*[^ \\t\\n\\f\\r"<>|(){}.\\u00A0]+(&gt;|>)?'
const TWITTER = `@[a-zA-Z_][a-zA-Z_0-9]*|#${LETTER}+`

const FILE_NAME = `(${LETTER}|${DIGIT})+(\\.(${LETTER}|${DIGIT})+)*\\.(bat|bmp|c|class|cgi|cpp|dll|doc|docx|exe|gif|gz|h|htm|html|jar|java|jpeg|jpg|mov|mp3|pdf|php|pl|png|ppt|ps|py|sql|tar|txt|wav|x|xml|zip)`
const FRACTION = `(${DIGIT}{1,4}[- \\u00A0])?${DIGIT}{1,4}(\\\\?/|\\u2044)${DIGIT}{1,4}`
const PHONE =
  '(\\([0-9]{2,3}\\)[ \\u00A0]?|(\\+\\+?)?([0-9]{2,4}[\\- \\u00A0])?[0-9]{2,4}[\\- \\u00A0])[0-9]{3,4}[\\- \\u00A0]?[0-9]{3,5}|((\\+\\+?)?[0-9]{2,4}\\.)?[0-9]{2,4}\\.[0-9]{3,4}\\.[0-9]{3,5}'

const SENTENCE_WORDS =
  '[A]bout|[A]ccording|[A]dditionally|[A]fter|[A]n|[A]|[A]s|[A]t|[B]ut|[E]arlier|[H]e|[H]er|[H]ere|[H]owever|[I]f|[I]n|[I]t|[L]ast|[M]any|[M]ore|[M]r\\.|[M]s\\.|[N]ow|[O]nce|[O]ne|[O]ther|[O]ur|[S]he|[S]ince|[S]o|[S]ome|[S]uch|[T]hat|[T]he|[T]heir|[T]hen|[T]here|[T]hese|[T]hey|[T]his|[W]e|[W]hen|[W]hile|[W]hat|[Y]et|[Y]ou'

export const TREEBANK_RULES: readonly LexerRule<TokenForm>[] = [
  { kind: 'as it stands', token: 'c\\+\\+|(c|f)#' },
  { kind: 'all but three', token: "cannot|'twas" },
  { kind: 'all but two', token: "'tis|gonna|gotta|lemme|gimme|wanna" },
  { kind: 'with hard blanks', token: TAG },
  { kind: 'dash', token: '&(MD|mdash|ndash);|[\\u0096\\u0097\\u2013\\u2014\\u2015]' },
  { kind: 'ampersand', token: AMP },
  { kind: 'as it stands', token: '&(HT|TL|UR|LR|QC|QL|QR|odq|cdq|#[0-9]+);' },
  { kind: 'word', token: WORD, before: ENDING },
  { kind: 'number', token: '[A-Za-z\\u00AD]*[A-MO-Za-mo-z](\\u00AD)*', before: NOT },
  { kind: 'word', token: WORD },
  { kind: 'as it stands', token: APOSTROPHE_WORD },
  { kind: 'as it stands', token: `y${APOS}`, before: ALPHA },
  { kind: 'as it stands', token: FULL_URL },
  { kind: 'as it stands', token: LIKELY_URL },
  { kind: 'as it stands', token: EMAIL },
  { kind: 'as it stands', token: TWITTER },
  { kind: 'closing quote', token: ENDING, before: '[^A-Za-z]' },
  { kind: 'closing quote', token: NOT, before: '[^A-Za-z]' },
  { kind: 'as it stands', token: `${DIGIT}{1,2}[\\-/]${DIGIT}{1,2}[\\-/]${DIGIT}{2,4}` },
  { kind: 'number', token: NUMBER },
  {
    kind: 'as it stands',
    token:
      '[\\u207A\\u207B\\u208A\\u208B]?([\\u2070\\u00B9\\u00B2\\u00B3\\u2074-\\u2079]+|[\\u2080-\\u2089]+)',
  },
  { kind: 'with hard blanks', token: FRACTION },
  { kind: 'fraction sign', token: '[\\u00BC\\u00BD\\u00BE\\u2153-\\u215E]' },
  {
    kind: 'ampersand',
    token: `-(RRB|LRB|RCB|LCB|RSB|LSB)-|C\\.D\\.s|pro-|anti-|S(&|&amp;)P-500|S(&|&amp;)Ls|Cap${APOS}n|c${APOS}est`,
  },
  { kind: 'as it stands', token: '[A-Za-z0-9]+(-[A-Za-z]+){0,2}(\\\\?/[A-Za-z0-9]+(-[A-Za-z]+){0,2}){1,2}' },
  { kind: 'as it stands', token: '[A-Z]*\\$|#' },
  {
    kind: 'currency',
    token:
      '[\\u00A2\\u00A3\\u00A4\\u00A5\\u0080\\u20A0\\u20AC\\u060B\\u0E3F\\u20A4\\uFFE0\\uFFE1\\uFFE5\\uFFE6]',
  },
  {
    kind: 'initials at an end',
    token: `${ACRO}\\.`,
    before: `${SPACENL}+(${SENTENCE_WORDS}|${TAG})${SPACENL}`,
  },
  { kind: 'as it stands', token: BEFORE_NUMBER, before: `${SPACENL}?${DIGIT}` },
  { kind: 'as it stands', token: '(pt[eyEY]|co)\\.', before: `${SPACE}(ltd|lim)` },
  { kind: 'abbreviation at an end', token: BEFORE_SMALL, before: SENTENCE_START },
  { kind: 'as it stands', token: BEFORE_SMALL, before: '[^][^]' },
  { kind: 'abbreviation at an end', token: BEFORE_SMALL },
  { kind: 'as it stands', token: `${BEFORE_LARGE}\\.` },
  { kind: 'as it stands', token: BEFORE_LARGE, before: SPACE },
  { kind: 'as it stands', token: ACRO, before: SPACENL },
  { kind: 'as it stands', token: `${APOS}[0-9][0-9]`, before: SPACENL },
  { kind: 'as it stands', token: FILE_NAME, before: `${SPACENL}|[.?!,]` },
  { kind: 'word', token: `${WORD}\\.`, before: INNER_MARK },
  { kind: 'with hard blanks and brackets', token: PHONE },
  { kind: 'opening quote', token: '"|&quot;', before: '[A-Za-z0-9$]' },
  { kind: 'closing quote', token: '"|&quot;' },
  { kind: 'nothing', token: '\\u007F' },
  { kind: 'less', token: '<|&lt;' },
  { kind: 'greater', token: '>|&gt;' },
  { kind: 'with brackets', token: "[<>]?[:;=][\\-o*']?[()DPdpO\\\\{@|\\[\\]]", before: '[^A-Za-z0-9]' },
  {
    kind: 'with brackets',
    token:
      "[\\^x=~<>]\\.\\[\\^x=[^<]*<>]|[\\-\\^x=~<>']_[\\-\\^x=~<>']|\\([\\-\\^x=~<>'][_.]?[\\-\\^x=~<>']\\)|\\([\\^x=~<>']-[\\^x=~<>'`]\\)",
  },
  { kind: 'curly opening', token: '\\{' },
  { kind: 'curly closing', token: '\\}' },
  { kind: 'square opening', token: '\\[' },
  { kind: 'square closing', token: '\\]' },
  { kind: 'round opening', token: '\\(' },
  { kind: 'round closing', token: '\\)' },
  { kind: 'hyphens', token: '-+' },
  { kind: 'ellipsis', token: '\\.{3,5}|(\\.[ \\u00A0]){2,4}\\.|[\\u0085\\u2026]' },
  { kind: 'as it stands', token: '@+|#+|_+' },
  { kind: 'as it stands', token: '\\*+|(\\\\\\*){1,3}' },
  { kind: 'as it stands', token: INNER_MARK },
  { kind: 'as it stands', token: '[?!]+' },
  {
    kind: 'as it stands',
    token: '[.\\u00A1\\u00BF\\u037E\\u0589\\u061F\\u06D4\\u0700-\\u0702\\u07FA\\u3002]',
  },
  { kind: 'as it stands', token: '=' },
  { kind: 'as it stands', token: '/' },
  { kind: 'number', token: `${HYPHENATED}\\.`, before: INNER_MARK },
  { kind: 'number', token: HYPHENATED },
  { kind: 'as it stands', token: `${THING}\\.`, before: INNER_MARK },
  { kind: 'as it stands', token: THING },
  { kind: 'ampersand', token: `${LARGE_WITH_AND}\\.`, before: INNER_MARK },
  { kind: 'ampersand', token: LARGE_WITH_AND },
  { kind: 'opening quote', token: "'", before: '[A-Za-z][^ \\t\\n\\r\\u00A0]' },
  { kind: 'closing quote', token: NOT },
  { kind: 'closing quote', token: ENDING },
  {
    kind: 'closing quote',
    token: `${APOS}|''|[\`\\u2018\\u2019\\u201A\\u201B\\u201C\\u201D\\u0091\\u0092\\u0093\\u0094\\u201E\\u201F\\u2039\\u203A\\u00AB\\u00BB]{1,2}`,
  },
  { kind: 'as it stands', token: '<<|>>' },
  { kind: 'as it stands', token: `[${SYMBOLS}]` },
  { kind: 'nothing', token: `\\u0000|${SPACE}+|[\\u200B\\u200E\\u200F\\uFEFF]` },
  { kind: 'nothing', token: NEWLINE },
  { kind: 'nothing', token: '&nbsp;' },
]
