/** Counters in memory. */
export { createMemoryCounters, type MemoryCounters } from './memory-counters.ts'
