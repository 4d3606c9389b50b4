// Light or dark: what the person chose, else what the system says.
import { create } from 'zustand'

export type Theme = 'light' | 'dark'
const KEY = 'maskwords.theme'

const system = window.matchMedia('(prefers-color-scheme: dark)')

function chosen(): Theme | undefined {
  try {
    const theme = localStorage.getItem(KEY)
    return theme === 'light' || theme === 'dark' ? theme : undefined
  } catch {
    return undefined
  }
}

const now = (): Theme => chosen() ?? (system.matches ? 'dark' : 'light')

export const useTheme = create<{ readonly theme: Theme }>(() => ({ theme: now() }))

/** Dresses the page and follows the system until the person chooses. Call it before anything is drawn. */
export function startTheme(): void {
  const dress = ({ theme }: { theme: Theme }) => {
    document.documentElement.dataset['theme'] = theme
  }
  dress(useTheme.getState())
  useTheme.subscribe(dress)
  system.addEventListener('change', () => useTheme.setState({ theme: now() }))
}

export function toggleTheme(): void {
  const theme = useTheme.getState().theme === 'light' ? 'dark' : 'light'
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // Storage that a browser refuses: the choice lasts as long as the page.
  }
  useTheme.setState({ theme })
}
