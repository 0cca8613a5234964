/** Targets that try to leave the upstream: pieces of URL syntax in every order and encoding. */
import fc from 'fast-check'

const PIECES: readonly string[] = [
  '/',
  '//',
  '\\',
  '/\\',
  '.',
  '..',
  '/../',
  '/./',
  '%2e',
  '%2E',
  '%2f',
  '%5c',
  '%252e',
  '%00',
  '%',
  '@',
  ':',
  '?',
  '#',
  ';',
  '&',
  '*',
  'a',
  'v1',
  'http:',
  'https://',
  'file://',
  'javascript:',
  '\t',
  '\x00',
  '\xc3\xa9',
  '\xa0',
  '[::1]',
  '%0d%0aHost:',
]

/** `hosts` are authorities to aim at. */
export function hostileTarget(...hosts: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.constantFrom(...PIECES, ...hosts, ...hosts.map((host) => `//${host}/`))
  return fc
    .array(piece, { maxLength: 12 })
    .chain((pieces) =>
      fc.constantFrom(pieces.join(''), `/${pieces.join('')}`, `http://${pieces.join('')}`),
    )
}
