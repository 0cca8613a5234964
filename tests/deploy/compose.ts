/** compose.yaml, as far as the tests look at it. */
import { readYaml } from './files.ts'

export interface Service {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly networks: readonly string[] | { readonly edge: { readonly ipv4_address: string } }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly stop_grace_period?: string
  readonly volumes?: readonly string[]
  readonly build?: { readonly args: Readonly<Record<string, string>> }
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: {
    readonly edge: { readonly ipam: { readonly config: readonly { readonly subnet: string }[] } }
    readonly data: { readonly internal: boolean }
  }
}

export const composeFile = readYaml<ComposeFile>('compose.yaml')

export function serviceOf(name: string): Service {
  const service = composeFile.services[name]
  if (service === undefined) throw new Error(`compose.yaml has no service ${name}`)
  return service
}

export const networksOf = ({ networks }: Service): string[] =>
  Array.isArray(networks) ? networks : Object.keys(networks)
