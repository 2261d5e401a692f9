import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { startChain } from "./chain.ts";
import { freePort, isMissing, runToEnd } from "./program.ts";

const FOLDER = join(import.meta.dirname, "varnish");
const SCRIPTS = readdirSync(FOLDER).filter((name) => name.endsWith(".vtc"));

describe.skipIf(isMissing("varnishtest"))("varnishtest, with a client and a server of its own around us", () => {
  test.each(SCRIPTS)("%s", async (script) => {
    const upstream = await freePort();
    const chain = await startChain(["fairway"], upstream);
    try {
      const macros = ["-D", `proxy=127.0.0.1:${chain.port}`, "-D", `upstream=${upstream}`];
      const { said, code } = await runToEnd("varnishtest", [...macros, join(FOLDER, script)]);
      expect({ code, said: code === 0 ? "" : said }).toEqual({ code: 0, said: "" });
    } finally {
      await chain.stop();
    }
  });
});
