#!/usr/bin/env node
// The `maskwords` command: loads the bundle and hands it the process.
// Until the command listens itself: Ctrl-C says the same at any moment.
const early = () => {
  process.stderr.write('error interrupted\n')
  process.exit(130)
}
process.once('SIGINT', early)
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `maskwords needs Node.js 20.19 or newer, this is ${process.versions.node} (https://nodejs.org)\n`,
  )
  process.exitCode = 1
} else {
  const { main } = await import('../dist/cli.js').catch((error) => {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !String(error.message).includes('cli.js')) throw error
    process.stderr.write('maskwords is not built: run `npm run build` in the repository first\n')
    process.exit(1)
  })
  process.off('SIGINT', early)
  await main()
}
