import { describe, expect, it } from 'vitest'
import { pageOpener } from './open-page.ts'

describe('a page is opened', () => {
  const url = 'http://127.0.0.1:7333'
  it.each([
    ['linux', { DISPLAY: ':0' }, ['xdg-open', url]],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open', url]],
    ['linux', {}, undefined],
    ['darwin', {}, ['open', url]],
    ['darwin', { SSH_CONNECTION: '10.0.0.1 22' }, undefined],
    ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler', url]],
  ] as const)('on %s with %j by %j', (platform, env, opener) => {
    expect(pageOpener(url, platform, env)).toEqual(opener)
  })
})
