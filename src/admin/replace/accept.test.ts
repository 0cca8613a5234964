import { expect, test } from 'vitest'
import { prefersJson } from './accept.ts'

test.each([
  ['application/json', true],
  ['application/json, text/html;q=0.9', true],
  ['APPLICATION/JSON', true],
  ['application/*', true],
  ['text/html;q=0.1, */*', true],
  [undefined, false],
  ['', false],
  ['*/*', false],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', false],
  ['application/json, text/html', false],
  ['application/json;q=0, text/html;q=0', false],
  ['application/json;q=x', false],
  ['application/json;q=-1', false],
])('Accept: %s', (accept, isJson) => {
  expect(prefersJson(accept)).toBe(isJson)
})
