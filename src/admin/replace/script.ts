/**
 * The one script, inline and allowed by its hash; the pages work without it. It copies the key, and
 * it lets a form be sent once: of two quick clicks the second would be refused, and the browser would
 * show that refusal instead of the new key. A page that the browser kept in memory is asked for again
 * when somebody goes back to it, and its key is gone.
 */
export const SCRIPT = `
for (const form of document.forms) form.addEventListener('submit', (event) => {
  if (form.dataset.sent) return event.preventDefault()
  for (const each of document.forms) each.dataset.sent = 'yes'
  for (const button of document.querySelectorAll('button')) button.setAttribute('aria-disabled', 'true')
})
addEventListener('pageshow', (event) => {
  if (event.persisted) location.replace(location.href)
})
const copy = document.getElementById('copy')
if (copy) {
  const key = document.getElementById('key')
  addEventListener('pagehide', () => {
    key.value = ''
  })
  const status = document.getElementById('status')
  copy.hidden = false
  copy.addEventListener('click', async () => {
    let isCopied = true
    try {
      await navigator.clipboard.writeText(key.value)
    } catch {
      key.select()
      isCopied = document.execCommand('copy')
    }
    copy.textContent = status.textContent = isCopied ? copy.dataset.copied : copy.dataset.failed
  })
}
`
