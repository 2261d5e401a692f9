import { once } from "node:events";
import { connect } from "node:net";
import { joining, socketName } from "./door.ts";

/** Where the cluster sees its own folder. */
const FOLDER = "/run/cluster";

/** The cluster's side of `openDoors`: a socket in the folder for each HOST:PORT in the arguments. Says a word when all are open. */
for (const to of process.argv.slice(2)) {
  const colon = to.lastIndexOf(":");
  const [host, port] = [to.slice(0, colon), Number(to.slice(colon + 1))];
  await once(joining(() => connect({ host, port, allowHalfOpen: true })).listen(`${FOLDER}/${socketName(to)}`), "listening");
}
console.log("open");
