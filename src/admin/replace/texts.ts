/**
 * What the owner pages say, all of it. For people who may never have heard of Lockgate and were just
 * told by mail that a key of theirs leaked: what happened, what the button does, what to do then.
 */
export const TEXTS = {
  brand: 'API keys',
  inert: 'Opening this page changes nothing. Only the button does.',
  footer: 'Guarded by Lockgate',
  print: 'This page is not printed, because it may hold an API key.',

  facts: {
    key: 'Key',
    unnamed: 'No name',
    leakedAt: 'Reported',
    suspiciousAt: 'Noticed',
    where: 'Found at',
    whereUnknown: 'nobody said',
    usedFrom: 'Used from',
    tier: 'Tier',
    scopes: 'Scopes',
    noScopes: 'none',
    expires: 'Expires',
    never: 'never',
    status: 'State',
    active: 'works',
    disabled: 'paused',
    revoked: 'blocked for good',
    address: 'Address',
  },

  leaked: {
    title: 'Replace your leaked API key',
    badge: 'Leaked and blocked',
    heading: 'Your API key leaked and is blocked.',
    lead: 'Somebody else may have a copy of this key, so it was revoked at once: every request with it is refused. Create a new key and put it where the old one was.',
    effectsHeading: 'What the button does',
    effects: [
      'It makes a new key with the same name, scopes, tier and limits.',
      'It shows the new key once, on the next page.',
      'It ends this link. Have a safe place for the key ready.',
    ],
    button: 'Create a new key',
  },

  suspicious: {
    title: 'Is this use of your API key yours?',
    badge: 'Unusual use',
    heading: 'Your API key is used in an unusual way.',
    lead: 'That can be a new server, a busy day, or a stranger who has a copy of the key. You can tell; we cannot.',
    newNetworks: (seen: string, usual: string) =>
      `Within one hour it was used from ${seen} new networks; before that, it was known from ${usual}.`,
    rate: (seen: string, usual: string) =>
      `In one hour it made ${seen} requests; in a usual busy hour it makes about ${usual}.`,
    works: 'The key works as before until you decide.',
    paused: 'To be safe the key is paused: its requests are refused until you decide.',
    revoked: 'The key was revoked meanwhile, so all that is left to do is to replace it.',
    replaceHeading: 'It was not me, or I am not sure',
    replaceText:
      'The old key is revoked at once. A new one with the same name, scopes, tier and limits is shown once, on the next page.',
    replaceButton: 'Replace the key',
    keepHeading: 'It was me',
    keepText: 'The key stays as it is. If it is paused, it works again.',
    keepButton: 'Keep the key',
  },

  expired: {
    title: 'This link is too old',
    badge: 'Link too old',
    heading: 'This link is too old. You can have a fresh one.',
    lead: 'Links work for 24 hours. The matter is still open, so we can send another mail with a new link.',
    note: 'The mail goes to the address on file for this key, and to no other.',
    button: 'Send me a fresh link',
  },

  done: {
    title: 'Your new API key',
    badge: 'New key created',
    heading: 'Here is your new API key.',
    warning: 'Store it now. It is shown this once, and nobody can show it again.',
    keyLabel: 'New API key',
    copy: 'Copy the key',
    copied: 'Copied',
    notCopied: 'Select the key and copy it by hand.',
    useHeading: 'How to use it',
    useText:
      'Put it where the old key was, in a secret store or an environment variable and never in the code. Then send it in a header:',
    useCommand: 'curl -H "Authorization: Bearer $API_KEY" "$API_URL"',
    useNames: 'API_KEY holds the new key, API_URL is the address that you call.',
    oldKey: 'The old key stays blocked. You can close this page once the key is stored.',
  },

  kept: {
    title: 'The key stays',
    badge: 'Kept',
    heading: 'Your key stays as it is.',
    lead: 'Thank you for telling. The key works, and this link is used up. You can close this page.',
    leadInactive: 'Thank you for telling. This link is used up. You can close this page.',
  },

  mailSent: {
    title: 'A fresh link is on its way',
    badge: 'Mail sent',
    heading: 'A fresh link is on its way.',
    lead: 'Look for the mail in a minute or two, in the spam folder, too. The link in it works for 24 hours.',
  },

  refusals: {
    link_expired: {
      title: 'This link does not work any more',
      heading: 'This link does not work any more.',
      lead: 'It was used already, or it was not copied as a whole. Each link works once.',
      next: 'If you have just made a new key, go on with that one. Otherwise ask whoever gave you the key for another.',
    },
    csrf: {
      title: 'Not from this page',
      heading: 'This did not come from our page.',
      lead: 'Another site tried to press the button for you. Nothing was changed.',
      next: 'Open the link in the mail again and press the button there.',
    },
    conflict: {
      title: 'That cannot be done',
      heading: 'That cannot be done with this key.',
      lead: 'A leaked key cannot be kept. Nothing was changed.',
      next: 'Open the link in the mail again to create a new key.',
    },
    rate_limited: {
      title: 'Tried too often',
      heading: 'That was tried too often.',
      lead: 'If you asked for a fresh link, its mail is on the way. Look in the spam folder, too.',
      next: 'Wait ten minutes, then open the link again. If nothing comes, ask whoever gave you the key.',
    },
    unavailable: {
      title: 'Try again shortly',
      heading: 'We cannot do this right now.',
      lead: 'Nothing was changed, and your link still works.',
      next: 'Wait a minute, then open the link in the mail again.',
    },
    other: {
      title: 'That did not work',
      heading: 'That did not work.',
      lead: 'The server could not do what was asked.',
      next: 'Open the link in the mail again. If it happens again, write to whoever gave you the key and quote this number:',
    },
  },
} as const
