/** Counters in memory. */
export {
  createMemoryCounters,
  type MemoryCounters,
  type MemoryCountersOptions,
} from './memory-counters.ts'
