/**
 * The configuration that the files beside it use: copy it and make it yours. It holds no secret;
 * those come from the environment, as do LOCKGATE_DATABASE_URL and LOCKGATE_REDIS_URL.
 */
import { defineConfig } from 'lockgate'

export default defineConfig({
  upstream: process.env['UPSTREAM_URL'] ?? 'http://127.0.0.1:3000',
  // Unset, it would become the word "undefined", and `serve` refuses to start with that.
  upstreamHeaders: { authorization: `Bearer ${process.env['UPSTREAM_API_KEY']}` },

  // Keys begin with acme_live_: put your own word here before you give any away.
  keys: { prefix: 'acme' },

  // Added to the tiers free and paid; `lockgate tiers` shows what each can cost.
  tiers: {
    trial: { limits: [{ name: 'hour', quota: 10, window: '1h' }] },
  },

  // Who may say for whom it speaks: the proxy in front, by its exact address, and nobody else.
  // Empty, all clients count as one address, and share its limit.
  ip: { trustedProxies: (process.env['TRUSTED_PROXIES'] ?? '').split(',').filter(Boolean) },

  // At SIGTERM: time for the proxy to see it, then for requests in flight. What stops this process must
  // wait longer than both, and 5 s more.
  gateway: { drainDelay: '3s', drainTimeout: '25s' },
})
