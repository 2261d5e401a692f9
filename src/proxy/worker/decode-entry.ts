import type { Resource } from "../../model/resource.ts";
import type { SegmentEntry } from "./segment-reader.ts";

/** The resource in an entry of the resource table. Its bytes were checked by the build thread. */
export function decodeEntry<R extends Resource>({ bytes, valueStart, valueEnd }: SegmentEntry<unknown>): R {
  return JSON.parse(bytes.toString("utf8", valueStart, valueEnd)) as R;
}
