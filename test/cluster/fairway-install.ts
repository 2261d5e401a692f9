import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeEchoImage } from "../../hack/cluster/echo-image.ts";
import { FAIRWAY_IMAGE, makeFairwayImage } from "../../hack/image.ts";
import { type Cluster, succeeded } from "./cluster.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What operator and proxies are given to become ready. */
const READY = "--timeout=90s";

/** Archives of our images. */
export interface ImageArchives {
  readonly fairway: string;
  readonly echo: string;
}

/** Builds the images of Fairway and of the echo server into a folder. */
export async function makeImages(folder: string): Promise<ImageArchives> {
  const archives = { fairway: join(folder, "fairway.tar"), echo: join(folder, "echo.tar") };
  await makeFairwayImage(archives.fairway, join(folder, "dist"));
  makeEchoImage(archives.echo);
  return archives;
}

/** Makes the images known to a cluster of ours: Fairway's as the one of a release, too, as config/default and the chart name it. */
export async function importImages(cluster: Cluster, archives: ImageArchives): Promise<void> {
  await cluster.importImage(archives.fairway);
  await cluster.importImage(archives.echo);
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { readonly version: string };
  await cluster.tagImage(FAIRWAY_IMAGE, FAIRWAY_IMAGE.replace(/:local$/, `:${version}`));
}

/**
 * Installs what a folder of config/ holds, as a user does, and waits until operator and proxies are ready. Rejects with what they say
 * when they do not become so.
 */
export async function installFairway(cluster: Cluster, overlay = "overlays/local"): Promise<void> {
  succeeded(await cluster.kubectl("apply", "-k", join(ROOT, "config", overlay)));
  await untilReady(cluster);
}

/** Waits until every Pod of Fairway's is ready. */
export async function untilReady(cluster: Cluster): Promise<void> {
  const workloads = ["deployment,daemonset", "--selector=app.kubernetes.io/name=fairway", "--namespace=fairway-system"];
  const { code, stderr } = await cluster.kubectl("rollout", "status", ...workloads, READY);
  if (code !== 0) throw new Error(`Fairway did not become ready: ${stderr.trim()}\n${await troubles(cluster)}`);
}

/** What the Pods are at and what they last said: for a person who has to find out why a test failed. */
export async function troubles(cluster: Cluster): Promise<string> {
  const said = await Promise.all([
    cluster.kubectl("get", "pods,events", "--namespace=fairway-system"),
    ...["operator", "proxy"].map((component) =>
      cluster.kubectl(
        "logs",
        "--namespace=fairway-system",
        `--selector=app.kubernetes.io/component=${component}`,
        "--prefix",
        "--tail=20",
      ),
    ),
  ]);
  return said.map(({ stdout, stderr }) => `${stdout}${stderr}`).join("\n");
}
