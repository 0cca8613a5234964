/**
 * The configuration that `lockgate init` writes. It loads in any folder, with or without "type" in a
 * package.json or Lockgate in node_modules: where that is missing, the loader of configurations lets
 * it import the package that is running (src/config/load-config-file.ts).
 */
export const CONFIG_TEMPLATE = `import { defineConfig } from 'lockgate'

export default defineConfig({
  // What \`lockgate serve\` stands in front of; --upstream wins over it.
  // upstream: 'http://127.0.0.1:3000',

  // Sent to the upstream in place of the client's key.
  // upstreamHeaders: { authorization: \`Bearer \${process.env.OPENAI_API_KEY}\` },

  // Your keys begin with acme_live_. Choose a name of your own before you give keys away:
  // the default, sk, is what Stripe's keys begin with.
  // keys: { prefix: 'acme' },

  // What a key may do; \`lockgate tiers\` shows what that can cost. These two are the defaults.
  tiers: {
    free: {
      limits: [
        { name: 'minute', quota: 60, window: '1m', burst: { extra: 0.2, for: '10s' } },
        { name: 'day', quota: 1000, window: '1d' },
      ],
    },
    paid: {
      limits: [{ name: 'minute', quota: 600, window: '1m', burst: { extra: 0.2, for: '10s' } }],
    },
  },

  // What calls may cost: dollars per day and month of everything together and of each owner; a tier
  // can add spend, maxOutputTokens and models. A call that does not fit is refused before it is made.
  // spend: {
  //   account: { perDay: '$20', perMonth: '$300' },
  //   owner: { perDay: '$5' },
  //   prices: { 'my-model': { input: 0.15, output: 0.6 } }, // dollars per million tokens
  // },

  // Owners get a mail when a key leaks or expires; LOCKGATE_SMTP_URL names the server. Without it
  // mails are files in ./outbox. publicUrl is where the links in them lead.
  // publicUrl: 'https://keys.example.com',
  // mail: { from: 'Acme keys <keys@example.com>' },

  // Behind a load balancer: whose X-Forwarded-For to believe.
  // ip: { trustedProxies: ['10.0.0.0/8'] },
})
`
