import { SnapshotChannel } from "./gen/snapshot_pb.ts";

/** Path of the channel's one method (gRPC over HTTP/2, Path). */
export const STREAM_PATH = `/${SnapshotChannel.typeName}/${SnapshotChannel.method.stream.name}`;
