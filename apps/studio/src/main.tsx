// Where the page starts.

import { followAddress } from '@maskwords/board/documents/address.ts'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { startOffline } from './offline/start.ts'
import { App } from './shell/App.tsx'
import { startTheme } from './shell/theme.ts'
import './shell/style.css'
import './shell/layout.css'

startTheme()
createRoot(document.getElementById('studio')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
void followAddress()
startOffline()
