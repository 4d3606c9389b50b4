// A reward of one's own: an answer is worth less the more words it has that are no masks.
//   maskwords reward --plugin examples/plugins/reward.ts --rewards mask-accuracy,terse:0.2
import { definePlugin, defineReward } from 'maskwords/plugin'
import { parseMaskWords, samtokVocabulary } from 'maskwords/words'

const VOCABULARY = samtokVocabulary()

const terse = defineReward({
  name: 'terse',
  what: '1 for masks alone, falling to 0 at `words` words of text',
  source: 'an example',
  range: [0, 1],
  needs: [],
  options: {
    words: {
      type: 'number',
      min: 1,
      max: 1000,
      whole: true,
      default: 20,
      help: 'words of text that are worth nothing',
    },
  },
  make:
    ({ words }) =>
    ({ answer }) => {
      if (answer === null) return 0
      let text = answer
      for (const { start, end } of parseMaskWords(answer, VOCABULARY).spans.toReversed()) {
        text = `${text.slice(0, start)} ${text.slice(end)}`
      }
      const said = text.split(/\s+/).filter((word) => word !== '').length
      return Math.max(0, 1 - said / Number(words))
    },
})

export const plugin = definePlugin({ name: 'terse', rewards: [terse] })
