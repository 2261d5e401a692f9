import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { upstreamsOf } from "../../../hack/demo/demo-folder.ts";
import { type EchoServer, startEchoServer } from "../../../hack/demo/echo-server.ts";

export const DEMO = new URL("../../../config/samples/demo", import.meta.url).pathname;

/** Starts one echo server on a free port for each upstream the demo counts on; by the Service's name. */
export async function startDemoUpstreams(): Promise<ReadonlyMap<string, EchoServer>> {
  const servers = await Promise.all(upstreamsOf(DEMO).map(({ name }) => startEchoServer(name)));
  return new Map(servers.map((server) => [server.name, server]));
}

/** Copies the demo's manifests with other ports in them: those of its upstreams by name, and more as given. */
export function copyDemo(
  folder: string,
  upstreams: ReadonlyMap<string, number>,
  more: ReadonlyMap<number, number> = new Map(),
): void {
  const ports = new Map(more);
  for (const { name, port } of upstreamsOf(DEMO)) ports.set(port, upstreams.get(name) ?? port);
  for (const file of readdirSync(DEMO)) {
    const text = readFileSync(join(DEMO, file), "utf8");
    writeFileSync(
      join(folder, file),
      text.replace(/\b\d{4}\b/g, (number) => String(ports.get(Number(number)) ?? number)),
    );
  }
}
