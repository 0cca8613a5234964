/** `npm run bench -- NAME --quick`: one short round, to see that it runs; its figures mean little. */
export const QUICK = process.argv.includes('--quick')
