import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { Cluster } from "./cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Folder of the cluster that all files with `onInstalledCluster` share. The first one of them starts it. */
    readonly clusterFolder: string;
  }
}

/** One cluster for a run: its folder is known from the start, and what was started in it ends with the run. */
export default function setup(project: TestProject): () => void {
  const folder = join(mkdtempSync(join(tmpdir(), "fairway-cluster-")), "cluster");
  project.provide("clusterFolder", folder);
  return () => {
    if (existsSync(folder)) Cluster.in(folder).stop();
    rmSync(join(folder, ".."), { recursive: true });
  };
}
