// What is seen before a picture is open: the samples, and how to open one's own.
import { openSample } from '@maskwords/board/documents/open.ts'
import { SAMPLES, sampleUrl } from '@maskwords/board/samples/samples.ts'
import { useStudio } from '@maskwords/board/state/store.ts'
import { askForFolder, askForPicture } from './files.ts'
import { Recent } from './Recent.tsx'

export function StartScreen() {
  const busy = useStudio((state) => state.busy)
  return (
    <div className="start">
      <h2>Regions in words</h2>
      <p>
        Draw a region of a picture and read the words that a language model would. Edit a word, and the region
        follows.
      </p>
      <ul className="sample-cards" aria-label="Samples">
        {SAMPLES.map(({ id, title, about }) => (
          <li key={id}>
            <button type="button" disabled={busy !== undefined} onClick={() => void openSample(id)}>
              <img src={sampleUrl(id, 'webp')} alt="" width="240" height="160" />
              <strong>{title}</strong>
              <small>{about}</small>
            </button>
          </li>
        ))}
      </ul>
      <p className="start-open">
        <button type="button" className="button primary" onClick={askForPicture}>
          Open a picture
        </button>
        <button type="button" className="button outlined" onClick={askForFolder}>
          Open a folder
        </button>
        <span>or drop pictures here, or paste one. It stays in this browser.</span>
      </p>
      <Recent />
    </div>
  )
}
