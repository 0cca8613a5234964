import { expect, test } from 'vitest'
import { createKeyFormat } from './format.ts'
import { scannerRules } from './scanner-rules.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

/** What the scanners publish for Stripe, whose keys begin with `sk_live_` too. */
const STRIPE_RULES: Readonly<Record<string, RegExp>> = {
  gitleaks: /\b((?:sk|rk)_(?:test|live|prod)_[a-zA-Z0-9]{10,99})(?:[\x60'"\s;]|\\[nr]|$)/,
  'gitleaks 8.0': /(sk|pk)_(test|live)_[0-9a-z]{10,32}/i,
  TruffleHog: /[rs]k_live_[a-zA-Z0-9]{20,247}/,
  secretlint:
    /(?<!\p{L})(?<prefix>sk_live|sk_test|rk_live|rk_test)_[a-zA-Z0-9]{24,99}(?![a-zA-Z0-9])/u,
}

/** Where keys turn up. */
const PLACES: readonly ((key: string) => string)[] = [
  (key) => key,
  (key) => `API_KEY=${key}\nNEXT=1`,
  (key) => `{"headers":{"authorization":"Bearer ${key}"}}`,
  (key) => `"first line\\n${key}\\nlast line"`,
  (key) => `curl 'https://api.example.com/v1?key%3D${key}&x=1'`,
  (key) => `const key = \`${key}\`;`,
  (key) => `export KEY=${key};`,
]

const keysOf = (prefix: string): string[] => {
  const format = createKeyFormat(prefix)
  return Array.from({ length: RUNS }, (_, i) => format.generate(i % 2 ? 'live' : 'test').key)
}

/** Shannon's entropy in bits per character, as the scanners compute it. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values())
    bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

/** A key of Stripe's form, put together here so that no scanner takes this file for a leak. */
const STRIPE_KEY = ['sk', 'live', 'a1B2'.repeat(6)].join('_')

test.each(Object.entries(STRIPE_RULES))(
  'keys are not taken for those of Stripe by %s',
  (_, rule) => {
    expect(`x='${STRIPE_KEY}'`).toMatch(rule)
    for (const key of keysOf('sk')) {
      for (const place of PLACES) expect(place(key)).not.toMatch(rule)
    }
  },
)

test.each(['sk', 'acme', 'a', 'a1b2c3d4e5f6g7h8'])(
  'the pattern finds %s keys everywhere',
  (prefix) => {
    const pattern = new RegExp(scannerRules(prefix).pattern.trim())
    for (const key of keysOf(prefix)) {
      for (const place of PLACES) expect(pattern.exec(place(key))?.[0]).toBe(key)
    }
  },
)

test('the pattern finds no key of Stripe, nor one of another prefix', () => {
  const pattern = new RegExp(scannerRules('sk').pattern.trim())
  expect(STRIPE_KEY).not.toMatch(pattern)
  expect(createKeyFormat('acme').generate('live').key).not.toMatch(pattern)
})

test('random keys pass the entropy threshold of the rules, placeholders do not', () => {
  for (const key of keysOf('sk')) expect(entropyOf(key)).toBeGreaterThan(4)
  expect(entropyOf(`sk_live_${'x'.repeat(8)}_${'x'.repeat(49)}`)).toBeLessThan(3)
})

test('every rule carries the pattern as the scanner reads it', () => {
  const { pattern, gitleaks, trufflehog, secretlint } = scannerRules('acme')
  const source = pattern.trim()
  expect(gitleaks).toContain(`regex = '''(${source})'''`)
  expect(gitleaks).toContain('keywords = ["acme_live_", "acme_test_"]')
  expect(trufflehog).toContain(`key: "(${source})"`)
  // secretlint takes a string for a regular expression only between slashes.
  expect(JSON.parse(secretlint)).toMatchObject({
    rules: [{ options: { patterns: [{ patterns: [`/${source}/`] }] } }],
  })
})

/** After a change of the rules: npx vitest run src/core/key --update */
test.each([
  ['pattern.txt', 'pattern'],
  ['gitleaks.toml', 'gitleaks'],
  ['trufflehog.yaml', 'trufflehog'],
  ['secretlintrc.json', 'secretlint'],
] as const)('rules/%s holds the rule of the default prefix', async (file, kind) => {
  await expect(scannerRules('sk')[kind]).toMatchFileSnapshot(`../../../rules/${file}`)
})
