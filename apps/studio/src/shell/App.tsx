// The page: bar, canvas, and the panel of the view that is open.
export function App() {
  return <main>maskwords studio</main>
}
