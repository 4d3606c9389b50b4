// Sets of characters that the Treebank rules speak of, as text for a class of a pattern.

/** Letters, and marks that stand in words of many scripts. */
export const LETTERS =
  '\\p{L}\\u00AD\\u0237-\\u024F\\u02C2-\\u02C5\\u02D2-\\u02DF\\u02E5-\\u0373\\u0375-\\u037D\\u0384\\u0385\\u03CF\\u03F6\\u03FC-\\u03FF' +
  '\\u0483-\\u0487\\u055A-\\u055F\\u0591-\\u05BD\\u05BF\\u05C1\\u05C2\\u05C4\\u05C5\\u05C7\\u0615-\\u061A\\u064B-\\u065E\\u0670' +
  '\\u06D6-\\u06EF\\u06FA-\\u06FF\\u070F\\u0711\\u0730-\\u074F\\u0750-\\u077F\\u07A6-\\u07B1\\u07CA-\\u07F5\\u07FA\\u0900-\\u0903' +
  '\\u093C\\u093E-\\u094E\\u0951-\\u0955\\u0962-\\u0963\\u0981-\\u0983\\u09BC-\\u09C4\\u09C7\\u09C8\\u09CB-\\u09CD\\u09D7\\u09E2' +
  '\\u09E3\\u0A01-\\u0A03\\u0A3C\\u0A3E-\\u0A4F\\u0A81-\\u0A83\\u0ABC-\\u0ACF\\u0B82\\u0BBE-\\u0BC2\\u0BC6-\\u0BC8\\u0BCA-\\u0BCD' +
  '\\u0C01-\\u0C03\\u0C3E-\\u0C56\\u0D3E-\\u0D44\\u0D46-\\u0D48\\u0E30-\\u0E3A\\u0E47-\\u0E4E\\u0EB1-\\u0EBC\\u0EC8-\\u0ECD'

/** Blanks within a line. */
export const BLANKS = ' \\t\\u00A0\\u2000-\\u200A\\u3000'

/** Ends of lines. */
export const LINE_ENDS = '\\r\\n\\u2028\\u2029\\u000B\\u000C\\u0085'

/** Signs that are a token each. */
export const SYMBOLS =
  '+%&~^|\\\\\\u00A1\\u00A6-\\u00A9\\u00AC\\u00AE-\\u00B4\\u00B6-\\u00BA\\u00D7\\u00F7\\u0387\\u05BE\\u05C0\\u05C3\\u05C6' +
  '\\u05F3\\u05F4\\u0600-\\u0603\\u0606-\\u060A\\u060C\\u0614\\u061B\\u061E\\u066A\\u066D\\u0703-\\u070D\\u07F6-\\u07F8\\u0964' +
  '\\u0965\\u0E4F\\u1FBD\\u2016\\u2017\\u2020-\\u2023\\u2030-\\u2038\\u203B\\u203E-\\u2042\\u2044\\u207A-\\u207F\\u208A-\\u208E' +
  '\\u2100-\\u214F\\u2190-\\u2BFF\\u3012\\u30FB\\uFF01-\\uFF0F\\uFF1A-\\uFF20\\uFF3B-\\uFF40\\uFF5B-\\uFF65'

/**
 * Letters and digits that Unicode has taken up since the version (6.1) that the tokeniser knows: to it they are signs of no
 * kind, which it leaves out. Named here so that no version of a JavaScript engine gives other tokens than another.
 */
export const LATER_LETTERS =
  '\\u037F\\u0528-\\u052F\\u0560\\u0588\\u05EF\\u0860-\\u088F\\u08A1\\u08AD-\\u08C9\\u0978\\u0980\\u09FC\\u0AF9\\u0C34\\u0C5A' +
  '\\u0C5C\\u0C5D\\u0C80\\u0CDC\\u0CDD\\u0D04\\u0D54-\\u0D56\\u0D5F\\u0DE6-\\u0DEF\\u0E86\\u0E89\\u0E8C\\u0E8E-\\u0E93\\u0E98\\u0EA0' +
  '\\u0EA8\\u0EA9\\u0EAC\\u13F5\\u13F8-\\u13FD\\u16F1-\\u16F8\\u170D\\u171F\\u1878\\u191D\\u191E\\u19B0-\\u19C0\\u19C8\\u19C9' +
  '\\u1B4C\\u1C80-\\u1C8A\\u1C90-\\u1CBA\\u1CBD-\\u1CBF\\u1CF2\\u1CF3\\u1CFA\\u2C2F\\u2C5F\\u312E\\u312F\\u31BB-\\u31BF' +
  '\\u4DB6-\\u4DBF\\u9FCD-\\u9FFF\\uA698-\\uA69D\\uA78F\\uA794-\\uA79F\\uA7AB-\\uA7F7\\uA8FD\\uA8FE\\uA9E0-\\uA9FE\\uAA7E' +
  '\\uAA7F\\uAB30-\\uAB69\\uAB70-\\uABBF'
