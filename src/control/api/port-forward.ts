import { Duplex, PassThrough, Writable } from "node:stream";
import type { KubeConfig } from "@kubernetes/client-node";
import { ApiError, ApiUnreachable } from "./api.ts";

/** A port of a Pod, as seen from inside it. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/**
 * Opens a connection to a port of a Pod through the API server, as `kubectl port-forward` does: inside the Pod it comes from its own
 * loopback address. It takes the rights to get (the connection begins as a GET) and to create `pods/portforward`.
 *
 * What the Pod sends is held in memory until it is read: client-node's WebSocket knows no back-pressure. Rejects with ApiError when
 * the API server refuses, with ApiUnreachable when there is none. A port nobody listens on ends the connection with ApiUnreachable.
 */
export async function forwardToPod(config: KubeConfig, target: PodPort): Promise<Duplex> {
  const { PortForward } = await import("@kubernetes/client-node");
  const { namespace, pod, port } = target;
  const connection = new PodConnection(target);
  try {
    const { fromPod, errors, toPod } = connection;
    const socket = await new PortForward(config).portForward(namespace, pod, [port], fromPod, errors, toPod);
    if (typeof socket === "function") return connection;
    socket.onclose = () => connection.push(null);
    socket.onerror = ({ message }: { readonly message: string }) =>
      connection.destroy(new ApiUnreachable(`Pod ${namespace}/${pod}: ${message}`));
    connection.once("close", () => socket.close());
  } catch (error) {
    throw refusal(error, `a connection to Pod ${namespace}/${pod}`);
  }
  return connection;
}

/** The three streams that client-node wants, as one. */
class PodConnection extends Duplex {
  readonly toPod = new PassThrough();
  readonly fromPod: Writable;
  /** What went wrong in the Pod comes as text, on a channel of its own. */
  readonly errors: Writable;

  constructor({ namespace, pod, port }: PodPort) {
    super();
    this.fromPod = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (chunk.length > 0) this.push(chunk);
        done();
      },
    });
    this.errors = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (chunk.length > 0)
          this.destroy(new ApiUnreachable(`port ${port} of Pod ${namespace}/${pod}: ${chunk.toString().trim()}`));
        done();
      },
    });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.toPod.write(chunk, done);
  }
}

/** The WebSocket library tells the status of an answer that is no upgrade in words alone. */
function refusal(error: unknown, what: string): Error {
  const { message = String(error) } = error as { readonly message?: string };
  const status = Number(/Unexpected server response: (\d+)/.exec(message)?.[1] ?? 0);
  if (status > 0) return new ApiError(status, "", `${what}: the API server answers ${status}`);
  return new ApiUnreachable(`${what}: ${message}`, { cause: error });
}
