import { RawClient } from "../scenario/http1/raw-client.ts";

/** Longer than anything takes but what is stuck. */
const STUCK_MS = 10_000;

/** Sends bytes, cut at one place (0: not cut), and closes that half of the connection; answers all that comes back. */
export async function answersTo(port: number, bytes: Buffer, cut: number): Promise<string> {
  const client = await RawClient.connect(port);
  if (cut > 0) {
    client.send(bytes.subarray(0, cut));
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.send(bytes.subarray(cut));
  client.socket.end();
  const received = await client.untilEnd(STUCK_MS);
  client.close();
  return received;
}
