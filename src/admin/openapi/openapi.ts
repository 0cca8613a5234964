/** `GET /openapi.json`: the document about the routes that this server has. Made when first asked. */
import type { Documented } from '../contract/documented.ts'
import { type AdminRoute, jsonAnswer } from '../routes.ts'
import { type DocumentOptions, openApiDocument } from './document.ts'

const OPENAPI_PATH = '/openapi.json'

/** `known` may tell of more routes than there are; `routes` are those that this server has. */
export function openApiRoute(
  routes: readonly Pick<AdminRoute, 'method' | 'path'>[],
  known: readonly Documented[],
  options: DocumentOptions,
): AdminRoute {
  let document: object | undefined
  const isServed = ({ method, path }: Documented): boolean =>
    path === OPENAPI_PATH || routes.some((route) => route.method === method && route.path === path)
  return {
    ...{ method: 'GET', path: OPENAPI_PATH, access: 'public' },
    handle() {
      document ??= openApiDocument(known.filter(isServed), options)
      return jsonAnswer(200, document)
    },
  }
}
