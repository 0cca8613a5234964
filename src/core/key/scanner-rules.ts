/**
 * Rules by which secret scanners find leaked keys of one prefix: gitleaks, TruffleHog, secretlint.
 *
 * All three share the format's own pattern. It has no word boundaries on purpose: a key in escaped
 * text (`\nacme_live_…`, `key%3Dacme_live_…`) touches letters on its left and is as leaked as any
 * other, while fixed lengths on both sides of an underscore make accidental matches implausible.
 * The pattern is plain RE2, linear, and holds nothing that TOML, YAML or JSON would escape. The
 * files in `rules/` are these texts for the default prefix.
 */
import { createKeyFormat } from './format.ts'

/** Contents of four files; each ends with a line break. */
export interface ScannerRules {
  /** The plain regular expression. */
  readonly pattern: string
  /** A gitleaks configuration (TOML) on top of the built-in rules. */
  readonly gitleaks: string
  /** A TruffleHog configuration (YAML) with one custom detector. */
  readonly trufflehog: string
  /** A secretlint configuration (JSON) for `@secretlint/secretlint-rule-pattern` 12 or newer. */
  readonly secretlint: string
}

/** Bits per character; example keys of one repeated character fall below, random ones never do. */
const MIN_ENTROPY = 3

/**
 * The rules for keys with `prefix`. Throws ConfigError for a prefix that no key can have.
 *
 * @example
 * writeFileSync('.gitleaks.toml', scannerRules('acme').gitleaks)
 */
export function scannerRules(prefix: string): ScannerRules {
  const { pattern } = createKeyFormat(prefix)
  const name = `lockgate-${prefix}-api-key`
  const keywords = [`${prefix}_live_`, `${prefix}_test_`]
  return Object.freeze({
    pattern: `${pattern}\n`,
    gitleaks: gitleaksRule(prefix, name, pattern, keywords),
    trufflehog: trufflehogRule(prefix, name, pattern, keywords),
    secretlint: secretlintRule(name, pattern),
  })
}

const gitleaksRule = (prefix: string, name: string, pattern: string, keywords: string[]): string =>
  `# Lockgate API keys with the prefix "${prefix}", beside the rules that gitleaks has built in.
title = "Lockgate API keys"

[extend]
useDefault = true

[[rules]]
id = "${name}"
description = "A Lockgate API key (${prefix}_live_ or ${prefix}_test_): revoke it and create a new one."
regex = '''(${pattern})'''
entropy = ${MIN_ENTROPY}
keywords = [${keywords.map((word) => `"${word}"`).join(', ')}]
`

const trufflehogRule = (
  prefix: string,
  name: string,
  pattern: string,
  keywords: string[],
): string =>
  `# Lockgate API keys with the prefix "${prefix}".
detectors:
  - name: ${name}
    keywords:
${keywords.map((word) => `      - ${word}`).join('\n')}
    regex:
      key: "(${pattern})"
    entropy: ${MIN_ENTROPY}
`

/** A string is a regular expression to secretlint only between slashes. */
const secretlintRule = (name: string, pattern: string): string => `{
  "rules": [
    {
      "id": "@secretlint/secretlint-rule-pattern",
      "options": {
        "patterns": [
          {
            "name": "${name}",
            "patterns": ["/${pattern}/"]
          }
        ]
      }
    }
  ]
}
`
