import { connectServer } from "../scenario/grpc/connect.ts";

/** The program of a Pod that serves gRPC on port 8080, bundled into one file. */
const server = await connectServer(8080, "::");
process.once("SIGTERM", () => void server.close());
