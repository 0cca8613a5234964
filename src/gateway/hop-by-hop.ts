/** Headers that end at the next server (RFC 9110, section 7.6.1): never passed on. Lower case. */
export const HOP_BY_HOP: readonly string[] = [
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
