import { expect, test } from 'vitest'
import { readForm } from './form.ts'

test('a form is a record of its fields, decoded, without a prototype', () => {
  const form = readForm(Buffer.from('action=keep&note=a+b%20c&__proto__=x'))
  expect({ ...form }).toEqual({ action: 'keep', note: 'a b c', ['__proto__']: 'x' })
  expect(Object.getPrototypeOf(form)).toBe(null)
})

test('a field that is there twice is refused by name', () => {
  expect(() => readForm(Buffer.from('a=1&a=2'))).toThrow('"a" twice')
})
