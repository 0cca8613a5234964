/** Relative links of Markdown pages, and the anchors that GitHub makes of their headings. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const FENCED = /^( *)(```+|~~~+)[\s\S]*?^ *\2 *$/gm
const LINK = /\]\(([^()\s]+)\)/g
const HEADING = /^#{1,6} (.+)$/gm

const proseOf = (markdown: string): string => markdown.replaceAll(FENCED, '')

/** Links of a page that lead nowhere, as `page: link`. `root` holds the pages. */
export function brokenLinks(root: string, page: string): string[] {
  const prose = proseOf(readFileSync(join(root, page), 'utf8'))
  const targets = [...prose.matchAll(LINK)].map(([, target = '']) => target)
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !leadsSomewhere(root, page, target))
    .map((target) => `${page}: ${target}`)
}

function leadsSomewhere(root: string, page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#', 2)
  const file = path === '' ? join(root, page) : join(root, dirname(page), path)
  if (!existsSync(file)) return false
  return anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).has(anchor)
}

/** GitHub's way: lower case, punctuation gone, each space a hyphen, repeats numbered. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of proseOf(markdown).matchAll(HEADING)) {
    const kept = heading.trim().toLowerCase()
    const slug = kept.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`
    anchors.add(anchor)
  }
  return anchors
}
