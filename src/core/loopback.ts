/** Whether a host is this machine by its loopback interface: nobody else hears what is said to it. */
export const isLoopbackHost = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)
