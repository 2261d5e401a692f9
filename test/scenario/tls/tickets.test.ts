import type { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { routeFor, TlsWorld } from "./tls-world.ts";

const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

function ticketSecret(byte: number) {
  const secret = Buffer.alloc(32, byte).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "fairway-session-tickets", namespace: "fairway-system" },
    data: { secret },
  };
}

/** A proxy of its own, as another Pod would be: what its workers share among themselves is nobody else's. */
function pod(byte: number): Promise<TlsWorld> {
  return TlsWorld.start([routeFor("app", "a.test"), ticketSecret(byte)]);
}

async function sessionOf(world: TlsWorld, version: (typeof VERSIONS)[number]): Promise<Buffer> {
  const made = await world.client("a.test", { minVersion: version, maxVersion: version });
  const socket = made.socket as TLSSocket;
  const later = new Promise<Buffer>((resolve) => socket.once("session", resolve));
  made.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await made.response();
  return version === "TLSv1.2" ? (socket.getSession() as Buffer) : later;
}

async function resumes(world: TlsWorld, session: Buffer, version: (typeof VERSIONS)[number]): Promise<boolean> {
  const made = await world.client("a.test", { session, minVersion: version, maxVersion: version });
  made.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  expect((await made.response()).status).toBe(200);
  return (made.socket as TLSSocket).isSessionReused();
}

test.for(VERSIONS)(
  "a %s session resumes on another Pod of the class, and no more once the secret is another",
  async (version) => {
    const [first, second, stranger] = [await pod(1), await pod(1), await pod(2)];
    const session = await sessionOf(first, version);
    expect(await resumes(second, session, version)).toBe(true);
    expect(await resumes(stranger, session, version)).toBe(false);
    await second.apply(ticketSecret(3));
    expect(await resumes(second, session, version)).toBe(false);
    expect(await resumes(second, await sessionOf(second, version), version)).toBe(true);
  },
);
