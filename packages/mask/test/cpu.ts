// Times for tests that must not depend on what else the machine does.

/** Milliseconds of processor time that `run` takes: unlike the clock it does not count a busy machine's other work. */
export function cpuMs(run: () => unknown): number {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}
