import { ControlHalf } from "../../../src/cmd/control-half.ts";
import { resourceId } from "../../../src/model/ids.ts";
import type { SupervisorEvent } from "../../../src/proxy/supervisor/events.ts";
import { Supervisor, type SupervisorOptions } from "../../../src/proxy/supervisor/supervisor.ts";
import { TERMINAL_DRAIN } from "../../../src/proxy/supervisor/timing.ts";
import { silentLogger } from "../../../src/telemetry/log.ts";
import { until } from "../channel/world.ts";
import { ManifestFolder, route, service, Upstream } from "../dev/manifests.ts";

const WEB = {
  id: resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name: "web" }),
  name: "web",
  host: "127.0.0.1",
  port: 0,
  tls: false,
  trustedProxies: [],
} as const;

/** A whole proxy of two workers in this process, with an operator on a folder that routes site.localhost to a server saying `blue`. */
export interface RealProxy {
  readonly supervisor: Supervisor;
  readonly port: number;
  of(name: SupervisorEvent["event"]): readonly SupervisorEvent[];
}

/** Starts one; `cleanups` ends everything, last first. */
export async function startRealProxy(cleanups: (() => unknown)[], options: Partial<SupervisorOptions> = {}): Promise<RealProxy> {
  const manifests = new ManifestFolder();
  const upstream = await Upstream.start("blue");
  cleanups.push(
    () => manifests.delete(),
    () => upstream.close(),
  );
  manifests.write("site.yaml", `${service("blue", upstream.port)}---\n${route("site.localhost", "blue")}`);
  const events: SupervisorEvent[] = [];
  const supervisor = new Supervisor({
    operatorUrl: `http://127.0.0.1:${await control(manifests, cleanups)}`,
    className: "web",
    proxyId: "proxy-0",
    workers: 2,
    stateDirectory: null,
    stateKeyFile: null,
    admin: null,
    drain: TERMINAL_DRAIN,
    log: silentLogger,
    onEvent: (event) => events.push(event),
    ...options,
  });
  cleanups.push(() => supervisor.stop());
  await supervisor.start();
  const of: RealProxy["of"] = (name) => events.filter(({ event }) => event === name);
  await until("it is live", () => of("live").length === 1);
  const listening = events.find((event) => event.event === "listening");
  return { supervisor, of, port: listening?.event === "listening" ? listening.entryPoint.port : 0 };
}

async function control(manifests: ManifestFolder, cleanups: (() => unknown)[]): Promise<number> {
  const half = new ControlHalf({
    directory: manifests.path,
    entryPoints: [WEB],
    classes: { select: "every", publishAs: "web" },
    onCompiled: () => {},
    onProblems: () => {},
    onFailed: (error) => {
      throw error;
    },
  });
  cleanups.push(() => half.stop());
  const { port } = await half.listen("127.0.0.1", 0);
  await half.start();
  return port;
}
