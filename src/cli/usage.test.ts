import { describe, expect, test } from 'vitest'
import { newFolder } from '../../tests/cli/command-line.ts'

/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 60_000 }

describe.concurrent('wrong usage ends with 2 and one line that says what to do', SLOW, () => {
  test.each([
    ['kyes', "unknown command 'kyes' (Did you mean keys?)"],
    ['keys lst', "unknown command 'lst' (Did you mean list?)"],
    ['audit verfy', "unknown command 'verfy' (Did you mean verify?)"],
    ['keys create --ownr a@b.c', "unknown option '--ownr' (Did you mean --owner?)"],
    ['keys create', '--owner E-MAIL is missing'],
    ['keys create --owner a@b.c --expires 90x', '--expires must be a duration such as 1h or 90d'],
    ['keys create --owner a@b.c --expires 2027-02-30', '--expires must be'],
    ['keys create --owner a@b.c --expires 9999999d', '--expires must be before the year 10000'],
    [
      'keys create --owner a@b.c --scopes read,,write',
      '--scopes must be names separated by commas',
    ],
    ['keys show abc', 'KEY_ID must be 8 letters and digits'],
    ['keys rotate aaaaaaaa --grace soon', '--grace must be a duration such as 30m'],
    [
      'audit list --event key.craeted',
      "option '--event <event...>' argument 'key.craeted' is invalid (Did you mean key.created?)",
    ],
    ['keys list --status x', "option '--status <status>' argument 'x' is invalid. Allowed choices"],
    ['audit list --limit 0', '--limit must be a whole number of at least 1'],
    ['leak abc', 'KEY must be a whole key, or its 8 characters of ID'],
    ['scan', "missing required argument 'path'"],
    ['scan nowhere', 'there is no file or folder "nowhere"'],
    ['scan . --prefix Acme', '--prefix must be 1 to 16 characters of a-z and 0-9'],
    ['scan . --histroy', "unknown option '--histroy' (Did you mean --history?)"],
    ['tiers --price 0.1234567', '--price must be dollars with at most six decimals'],
    ['tiers free', "too many arguments for 'tiers'"],
    ['replay --seed x', '--seed must be a whole number, not "x"'],
    ['replay --htp', "unknown option '--htp' (Did you mean --http?)"],
    ['demo --port x', '--port must be a port'],
    ['serve', 'serve needs an upstream: add --upstream'],
    ['serve --upstream ftp://h', '--upstream must be an http:// or https:// origin'],
    ['serve --upstream http://127.0.0.1:9 --port 65536', '--port must be a port'],
  ])('%s', async (line, expected) => {
    const { code, out, err } = await newFolder().run(...line.split(' '))
    expect(err).toContain(`lockgate: ${expected}`)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect(out).toBe('')
    expect(code).toBe(2)
  })

  test('no command at all shows the help', async () => {
    const { code, out, err } = await newFolder().run()
    expect(err).toContain('Usage: lockgate')
    expect(out).toBe('')
    expect(code).toBe(2)
  })

  test('help that was asked for is a result', async () => {
    const { code, out, err } = await newFolder().run('keys', 'create', '--help')
    expect(out).toContain('--owner')
    expect(err).toBe('')
    expect(code).toBe(0)
  })

  test('a key among the arguments is not repeated', async () => {
    const secret = 'a'.repeat(49)
    const { err } = await newFolder().run(
      'keys',
      'show',
      'aaaaaaaa',
      `acme_live_aaaaaaaa_${secret}`,
    )
    expect(err).toContain('acme_live_aaaaaaaa_…')
    expect(err).not.toContain(secret)
  })
})
