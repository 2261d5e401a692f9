import { readFileSync } from "node:fs";
import { FairwayDev } from "../changes/fairway-dev.ts";
import { freePort } from "../channel/routed-world.ts";
import { ManifestFolder, route, service } from "../dev/manifests.ts";
import { Upstream } from "./harness.ts";
import { afterTest, eventually } from "./set-up.ts";

/** A `fairway dev` of one worker in a process of its own, in front of one server, with what its admin port says; until the test is over. */
export class ServedFolder {
  readonly port: number;
  readonly upstream: Upstream;
  readonly #dev: FairwayDev;
  readonly #adminPort: number;

  private constructor(dev: FairwayDev, adminPort: number, upstream: Upstream) {
    this.#dev = dev;
    this.#adminPort = adminPort;
    this.port = dev.port;
    this.upstream = upstream;
  }

  /** Everything for the host `a.test` goes to a server that does what `onData` says. */
  static async start(onData: Parameters<typeof Upstream.start>[0]): Promise<ServedFolder> {
    const upstream = await Upstream.start(onData);
    afterTest(() => upstream.close());
    const folder = new ManifestFolder();
    afterTest(() => folder.delete());
    folder.write("app.yaml", `${route("a.test", "app")}---\n${service("app", upstream.port)}`);
    const adminPort = await freePort();
    const dev = await FairwayDev.start(folder.path, 1, ["--admin", `127.0.0.1:${adminPort}`]);
    afterTest(() => dev.stop());
    return new ServedFolder(dev, adminPort, upstream);
  }

  /** The value of a metric without labels. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#adminPort}/metrics`);
    const line = new RegExp(`^${name} (\\S+)$`, "m").exec(await response.text());
    if (line === null) throw new Error(`no metric ${name}`);
    return Number(line[1]);
  }

  /** Waits until no client is connected any more, as the admin port says. */
  async isLeftAlone(): Promise<void> {
    let open = -1;
    await eventually(() => {
      void this.metric("fairway_connections_open").then((n) => {
        open = n;
      });
      return open === 0;
    }, 20_000);
  }

  /** Bytes of memory that the process holds. */
  memory(): number {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#dev.pid}/status`, "latin1"))?.[1];
    return Number(kib) * 1024;
  }
}
