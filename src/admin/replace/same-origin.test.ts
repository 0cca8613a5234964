import { expect, test } from 'vitest'
import { isSameOrigin } from './same-origin.ts'

const OURS = 'https://keys.acme.example'

test.each([
  ['a form of the page', { 'sec-fetch-site': 'same-origin', origin: 'null' }, true],
  ['an address typed by hand', { 'sec-fetch-site': 'none' }, true],
  ['a form of the page, on plain HTTP', { origin: 'null' }, true],
  ['a browser that tells its origin', { origin: OURS }, true],
  ['a program', {}, true],
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, false],
  ['another site that hides', { 'sec-fetch-site': 'cross-site', origin: 'null' }, false],
  ['another site that says it is us', { 'sec-fetch-site': 'cross-site', origin: OURS }, false],
  ['a neighbour', { 'sec-fetch-site': 'same-site' }, false],
  ['two answers', { 'sec-fetch-site': 'same-origin, cross-site' }, false],
  ['another site, in an old browser', { origin: 'https://evil.example' }, false],
  ['the same host on another port', { origin: `${OURS}:8443` }, false],
  ['the same host without TLS', { origin: 'http://keys.acme.example' }, false],
])('%s', (_who, headers, isOurs) => {
  expect(isSameOrigin(headers, OURS)).toBe(isOurs)
})
