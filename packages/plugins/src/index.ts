// The public names of this package, written by hand.
export { loadedPlugins, loadPlugins, pluginHashes } from './load.ts'
export { definePlugin, type Plugin } from './plugin.ts'
