/** `lockgate audit show`: the life of one key, told in order. */
import type { Command } from 'commander'
import { readKeyId } from '../../arguments.ts'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'
import { say, sayJson } from '../../output.ts'
import { readKeyStory } from '../../story/key-story.ts'
import { storyJson, storyText } from '../../story/tell.ts'

export function addShow(audit: Command): void {
  audit
    .command('show')
    .description("tell a key's life in order: created, used, refused, leaked, replaced")
    .argument('<key_id>', 'the 8 characters in the middle of the key')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(show)
}

async function show(
  given: string,
  options: ConfigOption & { readonly json?: true },
): Promise<void> {
  const keyId = readKeyId(given)
  const nowMs = Date.now()
  const story = await withGate(options, (gate) => readKeyStory(gate, keyId, nowMs))
  await (options.json === true ? sayJson(storyJson(story)) : say(storyText(story, nowMs)))
}
