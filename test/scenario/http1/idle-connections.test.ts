import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { ServedFolder } from "./served-folder.ts";
import { afterTest } from "./set-up.ts";

const WANTED = 10_000;
/** Files that a process needs for other things. */
const SPARE_FILES = 1_000;
/** How many connect, or ask, at the same time. */
const AT_ONCE = 200;
/** More than this an idle connection may not cost. Measured: 8.5 KiB. */
const BYTES_EACH_MAX = 20 * 1024;

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** As many as are wanted, or as a process may have (Node raises its limit to the hard one by itself), which is then told. */
function count(): number {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
  const possible = Math.min(WANTED, Number(hard ?? WANTED) - SPARE_FILES);
  if (possible < WANTED) process.stderr.write(`only ${possible} connections instead of ${WANTED}: ulimit -Hn is ${hard}\n`);
  return possible;
}

async function inBatches(n: number, act: (index: number) => Promise<void>): Promise<void> {
  for (let i = 0; i < n; i += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, n - i) }, (_, at) => act(i + at)));
  }
}

function asked(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const take = (data: Buffer) => {
      received += data.toString("latin1");
      if (!received.endsWith("ok")) return;
      socket.off("data", take);
      resolve(received.slice(0, 15));
    };
    socket.on("data", take);
    socket.once("error", reject);
    socket.write(GET);
  });
}

test("ten thousand clients that stay and say nothing cost little, are all served when they do, and leave nothing behind", async () => {
  const served = await ServedFolder.start((socket, received) => received.endsWith("\r\n\r\n") && socket.write(OK));
  const n = count();
  const sockets: Socket[] = [];
  afterTest(() => sockets.map((socket) => socket.destroy()));

  /** Connects that many, each of which asks once. */
  async function come(howMany: number): Promise<void> {
    await inBatches(howMany, async () => {
      const socket = connect({ port: served.port, host: "127.0.0.1" });
      sockets.push(socket);
      expect(await asked(socket)).toBe("HTTP/1.1 200 OK");
    });
  }

  /** Half of them end, half of them reset. */
  async function go(): Promise<void> {
    sockets.splice(0).forEach((socket, i) => {
      socket.on("error", () => {});
      if (i % 2 === 0) socket.end();
      else socket.resetAndDestroy();
    });
    await served.isLeftAlone();
  }

  await come(AT_ONCE * 2);
  await go();
  const before = served.memory();
  await come(n);
  const each = (served.memory() - before) / n;
  process.stderr.write(`${n} idle connections: ${(each / 1024).toFixed(1)} KiB of memory each\n`);
  expect(each).toBeLessThan(BYTES_EACH_MAX);
  expect(await served.metric("fairway_connections_open")).toBe(n);
  await inBatches(n, async (i) => expect(await asked(sockets[i] as Socket)).toBe("HTTP/1.1 200 OK"));
  const most = served.memory();
  await go();
  await come(n);
  // What the first ones held serves the second ones.
  expect(served.memory()).toBeLessThan(most + (n * BYTES_EACH_MAX) / 2);
  await go();
}, 240_000);
