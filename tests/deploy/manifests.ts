/** The Kubernetes manifests, as far as the tests look at them. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Job } from 'kubernetes-types/batch/v1.js'
import type {
  ConfigMap,
  Namespace,
  PodTemplateSpec,
  Secret,
  Service,
} from 'kubernetes-types/core/v1.js'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import { FOLDER, readDocuments } from './files.ts'

export interface Kinds {
  readonly ConfigMap: ConfigMap
  readonly Deployment: Deployment
  readonly Job: Job
  readonly Namespace: Namespace
  readonly NetworkPolicy: NetworkPolicy
  readonly PodDisruptionBudget: PodDisruptionBudget
  readonly Secret: Secret
  readonly Service: Service
}

/** The type of each kind, by the module of kubernetes-types that has it. */
export const MODULES: Readonly<Record<keyof Kinds, string>> = {
  ConfigMap: 'core/v1',
  Deployment: 'apps/v1',
  Job: 'batch/v1',
  Namespace: 'core/v1',
  NetworkPolicy: 'networking/v1',
  PodDisruptionBudget: 'policy/v1',
  Secret: 'core/v1',
  Service: 'core/v1',
}

export interface Manifest {
  readonly kind: keyof Kinds
  readonly apiVersion: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

export const manifests: readonly Manifest[] = globSync('kubernetes/*.yaml', { cwd: FOLDER })
  .sort()
  .flatMap((file) => readDocuments<Manifest>(join('.', file)))

export function manifestOf<K extends keyof Kinds>(kind: K): Kinds[K] {
  const found = manifests.find((manifest) => manifest.kind === kind)
  if (found === undefined) throw new Error(`no manifest is a ${kind}`)
  // Its form is what the first test checks.
  return found as unknown as Kinds[K]
}

export function templateOf(kind: 'Deployment' | 'Job'): PodTemplateSpec {
  const template = manifestOf(kind).spec?.template
  if (template === undefined) throw new Error(`the ${kind} has no template`)
  return template
}

export function containerOf(kind: 'Deployment' | 'Job') {
  const [container] = templateOf(kind).spec?.containers ?? []
  if (container === undefined) throw new Error(`the ${kind} has no container`)
  return container
}
