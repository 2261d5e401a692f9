import { echoMessages } from "./echo-client.ts";
import { callGrpc } from "./grpc-client.ts";
import { shakeHands } from "./handshake-client.ts";
import type { ClientPlan, Load } from "./load.ts";
import { askAtRate } from "./paced-client.ts";
import { transferBodies } from "./transfer-client.ts";

// The client of the bench, in a process of its own: it does what its environment says and prints what it saw.

function run(plan: ClientPlan): Promise<Load> {
  if (plan.kind === "paced") return askAtRate(plan);
  if (plan.kind === "transfers") return transferBodies(plan);
  if (plan.kind === "grpc") return callGrpc(plan);
  return plan.kind === "handshakes" ? shakeHands(plan) : echoMessages(plan);
}

process.stdout.write(`${JSON.stringify(await run(JSON.parse(process.env.CLIENT_PLAN ?? "") as ClientPlan))}\n`);
process.exit(0);
