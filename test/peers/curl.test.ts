import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chain, startChain } from "./chain.ts";
import { ALL_BYTES, Origin, sha256, type Told } from "./origin.ts";
import { isMissing, runToEnd, scratchFolder } from "./program.ts";

const LARGE = ALL_BYTES.subarray(0, 4 * 1024 * 1024);

describe.skipIf(isMissing("curl"))("curl", () => {
  const folder = scratchFolder("curl");
  const file = join(folder.path, "large");
  let origin: Origin;
  let chain: Chain;

  beforeAll(async () => {
    writeFileSync(file, LARGE);
    origin = await Origin.start();
    chain = await startChain(["fairway"], origin.port);
  });

  afterAll(async () => {
    await chain.stop();
    origin.close();
    folder.remove();
  });

  const url = (path: string) => `http://127.0.0.1:${chain.port}${path}`;

  async function curl(...args: string[]): Promise<string> {
    const { said, code } = await runToEnd("curl", ["-sS", "--no-progress-meter", "--max-time", "20", ...args]);
    expect({ code, said: code === 0 ? "" : said }).toEqual({ code: 0, said: "" });
    return said;
  }

  const toldBy = async (...args: string[]) => JSON.parse(await curl(...args)) as Told;

  test("uploads what is long after asking whether it may", async () => {
    const told = await toldBy("-H", "Expect: 100-continue", "--expect100-timeout", "15", "-T", file, url("/told"));
    expect(told).toMatchObject({ method: "PUT", bytes: LARGE.length, sha256: sha256(LARGE) });
  });

  test("uploads in chunks", async () => {
    const told = await toldBy("-X", "POST", "-H", "Transfer-Encoding: chunked", "-H", "Expect:", "-T", file, url("/told"));
    expect(told).toMatchObject({ method: "POST", bytes: LARGE.length, sha256: sha256(LARGE) });
    expect(told.headers["transfer-encoding"]).toBe("chunked");
  });

  test("sends a form", async () => {
    const told = await toldBy("-F", "a=b", "-F", `file=@${file}`, url("/told"));
    expect(told.headers["content-type"]).toMatch(/^multipart\/form-data; boundary=/);
    expect(told.bytes).toBeGreaterThan(LARGE.length);
  });

  test("asks again and again on one connection", async () => {
    const args = ["-o", "/dev/null", "-w", "%{http_code} %{size_download} %{num_connects}\n"];
    const asked = ["/length/5", "/chunked/7", "/status/204", "/status/404", "/length/100000"];
    const said = await curl(...asked.flatMap((path, i) => [...(i > 0 ? ["--next", "-sS"] : []), ...args, url(path)]));
    expect(said).toBe("200 5 1\n200 7 0\n204 0 0\n404 0 0\n200 100000 0\n");
  });

  test("speaks HTTP/1.0, and gets neither chunks nor a connection to keep", async () => {
    const said = await curl("--http1.0", "-i", "-o", "-", url("/chunked/3"));
    expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(said).toMatch(/\r\nConnection: close\r\n/i);
    expect(said).not.toMatch(/transfer-encoding/i);
  });

  test("asks for a head alone", async () => {
    expect(await curl("-I", url("/length/12"))).toMatch(/\r\nContent-Length: 12\r\n/i);
  });

  test("is told when an answer is cut short", async () => {
    const { code } = await runToEnd("curl", ["-sS", "-o", "/dev/null", "--max-time", "20", url("/cut/100000")]);
    expect([18, 56]).toContain(code); // a partial file, or a failure to receive
  });

  test("takes thirty things at once", async () => {
    const said = await curl(
      "--parallel",
      "--parallel-max",
      "30",
      "-w",
      "%{http_code}\n",
      "-o",
      "/dev/null",
      url("/length/50000?[1-30]"),
    );
    expect(said).toBe("200\n".repeat(30));
  });
});
