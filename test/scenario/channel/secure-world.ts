import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChannelClient } from "../../../src/channel/client.ts";
import type { ProxyAnswer } from "../../../src/channel/proxy-stream.ts";
import { ChannelServer } from "../../../src/channel/server.ts";
import type { ChannelTiming } from "../../../src/channel/timing.ts";
import { ChannelCa } from "../../../src/control/auth/channel-ca.ts";
import { TokenReviewer } from "../../../src/control/auth/token-review.ts";
import type { ResourceId } from "../../../src/model/ids.ts";
import { FakeApi, type TokenReviewStatus } from "../../kubernetes/fake-api.ts";
import { QUICK, World } from "./world.ts";

/** A token that the API server knows: whose it is, and what it was made for. */
export interface KnownToken {
  readonly account?: string;
  readonly pod?: string;
  readonly audience?: string;
}

/** Operators and proxies with an API server in memory between them, over real TLS. */
export class SecureWorld {
  readonly api = new FakeApi();
  readonly world: World;
  /** Tokens that are good now. */
  readonly tokens = new Map<string, KnownToken>();
  /** Classes of accounts. */
  readonly classes = new Map([["fairway-system/fairway-proxy", ["web"]]]);
  readonly #folder = mkdtempSync(join(tmpdir(), "channel-"));
  readonly #cleanups: (() => unknown)[] = [() => rmSync(this.#folder, { recursive: true })];

  constructor(world: World = new World()) {
    this.world = world;
    this.api.reviewToken = ({ token, audiences = [] }) => this.#review(token, audiences);
  }

  /** Starts an operator whose certificate is for `localhost`. */
  async operator(
    options: { readonly waits?: boolean; readonly timing?: ChannelTiming; readonly names?: readonly string[] } = {},
  ) {
    const { timing = QUICK, names = ["localhost"] } = options;
    const answers: ProxyAnswer[] = [];
    const ca = new ChannelCa({
      api: this.api,
      namespace: "fairway-system",
      server: { names, addresses: [] },
      onCertificate: (renewed) => server.renewCertificate(renewed),
      onProblem: () => {},
    });
    const certificate = await ca.start();
    const reviewer = new TokenReviewer({
      api: this.api,
      classesOf: ({ namespace, name }) => this.classes.get(`${namespace}/${name}`) ?? [],
    });
    const server = new ChannelServer({
      source: this.world,
      timing,
      security: { certificate, authenticate: reviewer.authenticate },
      ...(options.waits === undefined ? {} : { waits: options.waits }),
      onAnswer: (answer) => answers.push(answer),
    });
    const { port } = await server.listen("127.0.0.1", 0);
    this.#cleanups.push(
      () => ca.stop(),
      () => server.close(),
    );
    return { server, port, answers, url: `https://localhost:${port}`, address: `https://127.0.0.1:${port}` };
  }

  /** What proxies trust now. */
  get bundle(): string {
    const object = this.api.get("ConfigMap", "fairway-system", "fairway-channel-ca") as {
      readonly data?: Record<string, string>;
    };
    return object?.data?.["ca.crt"] ?? "";
  }

  /** Starts a proxy that builds nothing. */
  proxy(url: string, { className = "", proxyId = "proxy-0", token = "good", ca = this.bundle, timing = QUICK } = {}) {
    const files = this.files(proxyId, ca, token);
    const events: string[] = [];
    const services: string[][] = [];
    let confirmed = 0;
    const client = new ChannelClient({
      url,
      credentials: files,
      className,
      proxyId,
      held: { version: "", hashes: [] },
      timing,
      apply: async ({ upserts }) => {
        services.push(upserts.map(({ id }) => nameOf(id)).sort());
        return { applied: true, refused: [] };
      },
      onConnected: () => events.push("connected"),
      onLost: (reason) => events.push(`lost: ${reason}`),
      onConfirmed: () => {
        confirmed++;
      },
    });
    this.#cleanups.push(() => client.stop());
    client.start();
    return { client, events, services, files, confirmed: () => confirmed };
  }

  /** Writes what a Pod has mounted. */
  files(pod: string, ca: string, token: string) {
    const folder = join(this.#folder, pod);
    mkdirSync(folder, { recursive: true });
    const files = { caFile: join(folder, "ca.crt"), tokenFile: join(folder, "token") };
    writeFileSync(files.caFile, ca);
    writeFileSync(files.tokenFile, `${token}\n`);
    return files;
  }

  async stop(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }

  #review(token: string, audiences: readonly string[]): TokenReviewStatus {
    const known = this.tokens.get(token);
    if (known === undefined) return { authenticated: false, error: "token has expired" };
    const { account = "fairway-system:fairway-proxy", pod = "proxy-0", audience = "fairway.dev/channel" } = known;
    if (!audiences.includes(audience)) return { authenticated: false, error: `token audiences ["${audience}"] is invalid` };
    const extra = { "authentication.kubernetes.io/pod-name": [pod] };
    return { authenticated: true, audiences: [audience], user: { username: `system:serviceaccount:${account}`, extra } };
  }
}

function nameOf(id: ResourceId): string {
  return id.split("/")[2] ?? id;
}
