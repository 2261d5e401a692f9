import { randomBytes } from "node:crypto";
import { webSocketAccept } from "../contract.ts";
import { noise } from "../noise.ts";
import { soakMs } from "../soak-clock.ts";
import { anyPiece, between, pause } from "../soak-run.ts";
import { SoakClient, type Traffic } from "./client.ts";

const MESSAGES = 12;
const MESSAGE_BYTES = 30_000;

/** Connections that are upgraded; each message comes back as it was. The handshake counts as a request, and so does each message. */
export const webSockets: Traffic = {
  kind: "WebSockets",
  clients: 3,
  session: async (run, kind) => {
    const key = randomBytes(16).toString("base64");
    const fields = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`;
    const client = new SoakClient(run, kind);
    const question = client.question({ fields, accept: webSocketAccept(key), reply: { offset: 0, length: 0 } });
    if (!(await client.ask(question))) return client.vanish(false);
    const connection = await client.connection();
    for (let message = 0; message < MESSAGES && !run.isOver; message++) {
      const { offset, length } = anyPiece(run, 1, MESSAGE_BYTES);
      const sentMs = soakMs();
      run.ledger.asked(kind);
      connection.send(noise(offset, length));
      try {
        const echoed = await connection.raw(length);
        if (echoed.equals(noise(offset, length))) run.ledger.right(kind);
        else run.ledger.wrong(kind, `${question.id}: message ${message} came back as another`);
      } catch (error) {
        client.fail(question, error, sentMs);
        return client.vanish(false);
      }
      await pause(run, between(run, 20, 300));
    }
    await client.end();
  },
};
