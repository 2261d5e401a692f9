import { startEchoServer } from "../demo/echo-server.ts";

/**
 * The program of the image fairway.dev/echo: answers every request on port 8080 with what it got, by the name of its Pod. At SIGTERM it
 * ends its connections; that nobody comes any more by then is for the Pod's preStop to see to.
 */
const server = await startEchoServer(process.env.POD_NAME ?? "echo", 8080, "::");
process.once("SIGTERM", () => void server.close());
