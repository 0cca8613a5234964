/** What the mail about spend says: how much of what, what happens next, and what to do. */
import { expect, test } from 'vitest'
import { alertMail } from '../../../tests/mail/sample-mail.ts'
import { renderText } from '../render-text.ts'
import { spendAlert } from './spend-alert.ts'

const MONTH_REACHED = {
  ...{ cap: 'account_spend_month', window: 'month', period: '2026-11' },
  ...{ percent: 100, spent_micro_usd: 299_996_300, quota_micro_usd: 300_000_000 },
}

test('before the end it says that nothing is refused yet', () => {
  const letter = spendAlert(alertMail())
  expect(letter.subject).toBe('80% of the spend cap of $20.00 a day is used ($16.04 spent)')
  const text = renderText(letter).replaceAll(/\s+/g, ' ')
  expect(text).toContain('$16.04 of $20.00 a day is spent')
  expect(text).toContain('Nothing is refused yet. At 100% every call that costs money is refused')
  expect(text).toContain('Left: $3.96')
  expect(text).toContain('Noticed: 26 November 2026, 13:14 UTC')
})

test('at the end it says that calls are refused, and until when', () => {
  const letter = spendAlert(alertMail(MONTH_REACHED))
  expect(letter.subject).toBe('The spend cap of $300.00 a month is reached ($299.9963 spent)')
  const text = renderText(letter).replaceAll(/\s+/g, ' ')
  expect(text).toContain('refused with 429 spend_exceeded, whoever makes them')
  expect(text).toContain('The next month, at 00:00 UTC of its first day, begins at $0.')
  expect(text).toContain('Left: $0.0037')
})

test.each([
  [{}, 'lockgate spend cap --account --per-day', 'spend.account.perDay'],
  [MONTH_REACHED, 'lockgate spend cap --account --per-month', 'spend.account.perMonth'],
])('it names the commands and the member of the configuration', (details, command, member) => {
  const text = renderText(spendAlert(alertMail(details))).replaceAll(/\s+/g, ' ')
  expect(text).toContain('lockgate spend --since')
  expect(text).toContain(command)
  expect(text).toContain(member)
})

test('a spend of more than the cap leaves nothing, and no less', () => {
  const text = renderText(spendAlert(alertMail({ percent: 100, spent_micro_usd: 20_400_000 })))
  expect(text).toMatch(/Left:\s+\$0\.00/)
})
