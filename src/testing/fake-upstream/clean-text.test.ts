import { expect, test } from 'vitest'
import { cleanText } from './clean-text.ts'

test.each([
  ['  i  recieved teh teh letter ', 'I received the letter.'],
  ['hello ,world!!  how are you ??', 'Hello, world! How are you?'],
  [
    'pi is 3.14, see http://example.com/a:b at 12:30',
    'Pi is 3.14, see http://example.com/a:b at 12:30.',
  ],
  ['one\n\n\ntwo', 'One.\n\nTwo.'],
  ['well...', 'Well...'],
  ['', ''],
  [' \n ', ''],
])('cleans %j', (text, cleaned) => {
  expect(cleanText(text)).toBe(cleaned)
})

test('cleaning twice changes nothing more', () => {
  const once = cleanText('teh adress ,i think , is wich ?? dont know')
  expect(cleanText(once)).toBe(once)
})
