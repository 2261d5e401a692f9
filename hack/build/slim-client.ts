import { join } from "node:path";
import type { Plugin } from "rolldown";

const LIBRARY = "@kubernetes/client-node";

/**
 * What Fairway, and the operator frame it builds on, use of client-node: the kubeconfig and its authentication. The clients are named by
 * the frame alone, which makes one and asks it nothing: whatever talks to the API server is our own.
 */
const USED = `
  export { KubeConfig } from "${LIBRARY}/dist/config.js";
  export class CoreV1Api {}
  export class ApiextensionsV1Api {}
  export class Watch {}
  export const loadYaml = () => { throw new Error("not in this build"); };
`;

/** The frame's own way to write statuses and finalizers, which nobody calls. */
const FRAME_CLIENT = `
  export const instance = { request: () => Promise.reject(new Error("not in this build")) };
`;

const STAND_INS: ReadonlyMap<string, string> = new Map([
  [LIBRARY, USED],
  ["gaxios", FRAME_CLIENT],
]);

/**
 * Leaves client-node's generated clients out of the bundle. They are 15 MB of code that is never called, and loading them takes a second
 * and 50 MB of memory of every operator.
 */
export function slimClient(root: string): Plugin {
  const inLibrary = join(root, "node_modules", LIBRARY);
  return {
    name: "slim-client",
    resolveId(id) {
      return STAND_INS.has(id) ? `\0${id}` : null;
    },
    load(id) {
      const code = id.startsWith("\0") ? STAND_INS.get(id.slice(1)) : undefined;
      return code === undefined ? null : { code, moduleType: "js" };
    },
    transform: {
      // Its modules do nothing but define: those of which nothing is used can go.
      handler: (code, id) => (id.startsWith(inLibrary) ? { code, moduleSideEffects: false } : null),
    },
  };
}
