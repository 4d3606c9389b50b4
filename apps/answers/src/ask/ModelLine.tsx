// Who answers, or why nobody does and what to do.
import type { useModel } from './use-model.ts'

export function ModelLine({ model }: { readonly model: ReturnType<typeof useModel> }) {
  if (model.state === 'there') {
    const { id, family, notes, codec } = model.model
    return (
      <div className="ask-model">
        <p>
          <b>{id}</b> {family !== '' && family !== id && <span className="ask-muted">{family}</span>} answers
          {codec === null ? '' : `, ${codec} draws`}.
        </p>
        {codec === null && (
          <p className="ask-muted">
            Nobody at the server reads its words: start it with <code>--codec</code> to see masks.
          </p>
        )}
        {notes.length > 0 && (
          <details>
            <summary>{notes.length === 1 ? 'A note' : `${notes.length} notes`} about this model</summary>
            <ul>
              {notes.map((note) => (
                <li key={note}>{note}</li>
              ))}
            </ul>
          </details>
        )}
      </div>
    )
  }
  if (model.state === 'asking') {
    return (
      <p className="ask-model" role="status">
        <progress aria-label="Asking the server" /> Asking the server which model answers…
      </p>
    )
  }
  return (
    <div className="ask-model ask-absent" role="status">
      <p>
        {model.state === 'none'
          ? 'The server behind this page serves no model.'
          : `No model can be reached: ${model.message}.`}
      </p>
      <p className="ask-muted">
        {model.state === 'failed' && model.hint !== undefined ? `${model.hint} ` : ''}
        Start one with <code>maskwords serve --model ./Qwen3-VL-4B-SAMTok</code>, or with the address of a
        server that runs one, as in <code>--model http://127.0.0.1:8000/v1</code>.
      </p>
      <button type="button" className="button outlined" onClick={model.again}>
        Look again
      </button>
    </div>
  )
}
