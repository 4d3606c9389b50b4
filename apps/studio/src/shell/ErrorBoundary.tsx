// A view that fails shows why and can be tried again; the rest of the page goes on.
import { Component, type ReactNode } from 'react'

type Props = { readonly what: string; readonly children: ReactNode }
type State = { readonly error: unknown }

export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: undefined }

  static getDerivedStateFromError(error: unknown): State {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    const { message, hint } = error as { message?: string; hint?: string }
    // A part of the page that cannot be fetched: the server is gone, or was replaced by another version.
    const fetching = /dynamically imported module|importing a module|Failed to fetch/i.test(message ?? '')
    return (
      <div className="failed" role="alert">
        <h2>{this.props.what} stopped</h2>
        <p>{message ?? String(error)}</p>
        <p className="hint">
          {hint ??
            (fetching
              ? 'A part of the page could not be fetched. Is the server still running? Reload the page when it is.'
              : 'Your regions are safe. Try again, or reload the page: the address brings them back.')}
        </p>
        <div className="bar-group">
          <button
            type="button"
            className="button outlined"
            onClick={() => this.setState({ error: undefined })}
          >
            Try again
          </button>
          <button type="button" className="button outlined" onClick={() => location.reload()}>
            Reload the page
          </button>
        </div>
      </div>
    )
  }
}
