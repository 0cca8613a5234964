/**
 * Prints what the tests need of the settings of the folder that it is started in. A process of its own:
 * the configuration is to be loaded by Node itself, and reads the environment of its process.
 */
import { loadSettings } from '../../src/config/index.ts'

const { settings } = await loadSettings()
const { databaseUrl, redis, gateway, http } = settings
console.log(JSON.stringify({ databaseUrl, redis, gateway, http }))
