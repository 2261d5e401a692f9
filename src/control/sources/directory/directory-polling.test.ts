import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { ObjectStore } from "../../store/object-store.ts";
import { Intake } from "../../validate/intake.ts";
import { KindCatalog } from "../../validate/kind-catalog.ts";
import { DirectorySource } from "./directory-source.ts";

vi.mock("node:fs", async (original) => ({
  ...(await original<typeof import("node:fs")>()),
  watch: () => {
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  },
}));

test("where the system gives no watch, the folder is polled, and that is told once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fairway-polling-"));
  const store = new ObjectStore();
  const told: string[] = [];
  const source = new DirectorySource({
    directory: folder,
    intake: new Intake(store, new KindCatalog()),
    onPolling: (code) => told.push(code),
  });
  try {
    await source.start();
    writeFileSync(join(folder, "a.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n");
    await vi.waitFor(() => expect(store.size).toBe(1), { timeout: 2_000 });
    rmSync(join(folder, "a.yaml"));
    await vi.waitFor(() => expect(store.size).toBe(0), { timeout: 2_000 });
    expect(told).toEqual(["ENOSPC"]);
  } finally {
    await source.stop();
    rmSync(folder, { recursive: true });
  }
});
