// What Vite adds to imports: style sheets, workers, assets.
/// <reference types="vite/client" />
