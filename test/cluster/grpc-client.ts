import { grpcJsClient } from "../scenario/grpc/grpc-js.ts";

/**
 * Calls each kind of method once, and prints how each ended, a line of JSON each.
 *
 * usage: grpc-client.ts HOST PORT AUTHORITY
 */
const [host = "", port = "", authority = ""] = process.argv.slice(2);
const client = grpcJsClient(Number(port), host, authority);
const [one, two] = [Buffer.from("one"), Buffer.from("two")];
const options = { timeoutMs: 10_000 };
const calls = {
  unary: client.unary(one, options),
  collect: client.collect([one, two], options),
  repeat: client.repeat(one, options),
  chat: client.chat([one, two], options),
};
for (const [kind, call] of Object.entries(calls)) {
  const { messages, code, message, trailer } = await call;
  process.stdout.write(`${JSON.stringify({ kind, messages: messages.map(String), code, message, trailer })}\n`);
}
client.close();
