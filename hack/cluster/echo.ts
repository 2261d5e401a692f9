import { hostname } from "node:os";
import { startEchoServer } from "../demo/echo-server.ts";

/**
 * The program of the image fairway.dev/echo: answers every request on port 8080 with what it got, by its host name, which is the Pod's
 * name. At SIGTERM it ends its connections; that nobody comes any more by then is for the Pod's preStop to see to.
 */
const server = await startEchoServer(hostname(), 8080, "::");
process.once("SIGTERM", () => void server.close());
