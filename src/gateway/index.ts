/** `lockgate/gateway`: the reverse proxy, for embedding it in a process of your own. */
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
