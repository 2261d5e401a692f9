import { request } from "node:http";

/** Asks a proxy's admin port, on a connection that does not stay; rejects unless the answer is 200. */
export function askAdmin(port: number, method: "GET" | "POST", path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path, agent: false }, (response) => {
      let text = "";
      response.on("data", (bytes) => {
        text += String(bytes);
      });
      response.on("end", () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** The metrics that have no labels, by name. */
export async function readMetrics(port: number): Promise<ReadonlyMap<string, number>> {
  const lines = (await askAdmin(port, "GET", "/metrics")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}
