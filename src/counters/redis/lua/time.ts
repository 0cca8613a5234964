/** Lua: the time of the server that holds KEYS[1], in ms. In a Cluster a bare TIME goes to any of them. */
export const TIME: string = `
local time = redis.call('TIME')
return string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
`
