// Names of things in a sentence: with an article, or in the plural without one. Definition: English grammar; the evaluation of DLC-Bench asks
// a library (inflect) the same, and agrees for names of things (tests).

/** Words that sound like a consonant and are written with a vowel: a unicycle, a European, a one-way street. */
const CONSONANT_SOUND = /^(?:uni(?!mp|n[^t])|use|usa|usu|ute|uk|ur[aeiou]|eu|ewe|once?\b|one-|ouija)/i
/** The other way round: an hour. */
const VOWEL_SOUND = /^(?:hour|honest|honou?r|heir|herb\b)/i
/** Letters that are said with a vowel first: an LED, an X-ray. */
const SPELLED_VOWEL = /^[AEFHILMNORSX](?:[A-Z]+\b|[-.]|$|\s|\d)/

/** `a dog`, `an hourglass`. */
export function withArticle(name: string): string {
  const word = name.trim()
  const spelled = /^[A-Z](?:[A-Z]+\b|[-.]|$|\s|\d)/.test(word)
  const isVowel = spelled
    ? SPELLED_VOWEL.test(word)
    : VOWEL_SOUND.test(word) || (/^[aeiou]/i.test(word) && !CONSONANT_SOUND.test(word))
  return `${isVowel ? 'an' : 'a'} ${word}`
}

const IRREGULAR = new Set(
  'people men women children feet teeth geese mice lice oxen dice cacti fungi cherubs data media bacteria phenomena criteria police cattle'.split(
    ' ',
  ),
)
/** In s and one thing: what comes from Latin, and names that have no other form. */
const SINGULAR =
  /(?:ss|us|is|[^aeiou]as|gas|canvas|atlas|pancreas|christmas|lens|bus|news|series|species|chaos|cosmos|iris|tennis|corps|chess|asparagus|swiss|goods train|mathematics|physics|gymnastics|yes|alias|bias|texas|pyjamas party)$/i

/** Whether a name means several things: `shoes`, `traffic lights`, `people`. Things of two parts (`scissors`) are plural, too. */
export function isPlural(name: string): boolean {
  const last =
    name
      .trim()
      .toLowerCase()
      .split(/[\s_/-]+/)
      .at(-1) ?? ''
  if (IRREGULAR.has(last) || /(?:[a-z]men|[a-z]women|grandchildren|[a-z]people)$/.test(last)) return true
  return /[a-z]s$/.test(last) && last.length > 2 && !SINGULAR.test(last)
}
