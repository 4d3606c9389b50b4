// The numbers of a comparison, one codec a row.
import { CODECS } from '@maskwords/board/state/types.ts'
import type { Comparisons } from './comparisons.ts'
import { TITLES } from './RegionPictures.tsx'
import { Scroller } from './Scroller.tsx'

const COLUMNS = [
  ['IoU', 'intersection over union'],
  ['Boundary F', 'agreement of outlines within 0.8 % of the diagonal'],
  ['Precision', 'share of the drawn pixels that are right'],
  ['Recall', "share of the mask's pixels that are drawn"],
  ['Tokens', 'words that a model must say, delimiters included'],
  ['Bits', 'information in the codes'],
  ['Picture', 'time to encode the picture; 0 where it was encoded before'],
  ['Encode', 'time from mask to words'],
  ['Decode', 'time from words to mask'],
] as const

export function ScoreTable({ comparisons }: { readonly comparisons: Comparisons }) {
  return (
    <Scroller label="Table of scores">
      <table aria-label="Scores">
        <thead>
          <tr>
            <th scope="col">Codec</th>
            {COLUMNS.map(([name, meaning]) => (
              <th scope="col" key={name} title={meaning}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {CODECS.map((codec) => {
            const comparison = comparisons[codec]
            if (comparison.state !== 'ready') {
              return (
                <tr key={codec}>
                  <th scope="row">{TITLES[codec]}</th>
                  <td colSpan={COLUMNS.length}>
                    {comparison.state === 'waiting' ? `${comparison.doing} ...` : comparison.message}
                  </td>
                </tr>
              )
            }
            const { spoken, score } = comparison
            return (
              <tr key={codec}>
                <th scope="row">{TITLES[codec]}</th>
                <td>{score.iou.toFixed(3)}</td>
                <td>{score.boundaryF.toFixed(3)}</td>
                <td>{score.precision.toFixed(3)}</td>
                <td>{score.recall.toFixed(3)}</td>
                <td>{spoken.tokens}</td>
                <td>{Math.round(spoken.bits)}</td>
                <td>{milliseconds(spoken.pictureMs)}</td>
                <td>{milliseconds(spoken.encodeMs)}</td>
                <td>{milliseconds(spoken.decodeMs)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </Scroller>
  )
}

function milliseconds(ms: number): string {
  return ms < 10 && ms > 0 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}
