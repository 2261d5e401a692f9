import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";

/** Why an address cannot be listened on, to be read after the address: `127.0.0.1:80 is already in use`. */
export function listenProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return "is already in use";
  if (code === "EACCES") return "may not be opened by this user";
  if (code === "EADDRNOTAVAIL") return "is not an address of this machine";
  return `cannot be opened: ${message}`;
}

/** A port of the process's own (admin, operator) cannot be opened; the message says which and why. */
export class ListenFailed extends Error {}

/**
 * Opens a port of the process's own; answers the address. `what` names it, as in `admin port`; `host` "" is all addresses. Rejects with
 * ListenFailed.
 */
export async function listen(server: Server, what: string, host: string, port: number): Promise<AddressInfo> {
  server.listen({ ...(host === "" ? {} : { host }), port });
  try {
    await once(server, "listening");
  } catch (cause) {
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    throw new ListenFailed(`${what}: ${address} ${listenProblem(cause)}`, { cause });
  }
  return server.address() as AddressInfo;
}
