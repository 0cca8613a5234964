/**
 * The dearest hash that is ever run: 256 MiB and about 3 s, or about 1 s of bcrypt. What is configured
 * and what is stored both keep these bounds, so no key is given a hash that would not be checked.
 */
export const MAX_MEMORY_KIB = 262_144
export const MAX_PASSES = 16
export const MAX_PARALLELISM = 16
export const MAX_BCRYPT_COST = 14
