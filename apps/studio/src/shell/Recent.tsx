// The pictures of earlier visits, on the start page: this browser keeps the last few until it is told to forget them.
import { forgetKept, keptPictures } from '@maskwords/board/documents/kept.ts'
import { openKept } from '@maskwords/board/documents/open.ts'
import { useEffect, useState } from 'react'

export function Recent() {
  const [pictures, setPictures] = useState<readonly { readonly id: string; readonly name: string }[]>([])
  useEffect(() => {
    let isWanted = true
    void keptPictures().then((found) => isWanted && setPictures(found))
    return () => {
      isWanted = false
    }
  }, [])
  if (pictures.length === 0) return null
  return (
    <section className="start-recent" aria-labelledby="recent-title">
      <h3 id="recent-title">Recent</h3>
      <ul>
        {pictures.map((one) => (
          <li key={one.id}>
            <button type="button" className="button outlined" onClick={() => void openKept(one)}>
              {one.name}
            </button>
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="button"
        title="Takes them and their regions out of this browser"
        onClick={() => void forgetKept().then(() => setPictures([]))}
      >
        Forget them
      </button>
    </section>
  )
}
