import fc from "fast-check";
import { expect, test } from "vitest";
import { applyEdits, edits } from "../../../test/compile/world-edits.ts";
import { resourceId } from "../../model/ids.ts";
import { objectKey } from "../../model/object-ref.ts";
import { ObjectStore } from "../store/object-store.ts";
import { CONTROLLER_NAME } from "../translate/settings.ts";
import { Compiler } from "./compiler.ts";

const web = { id: resourceId("entryPoint", { kind: "EntryPoint", namespace: "", name: "web" }), name: "web" };

function emptyCompiler(): Compiler {
  return new Compiler({
    controllerName: CONTROLLER_NAME,
    classes: { select: "every", publishAs: "fairway" },
    entryPoints: [{ ...web, host: "", port: 0, tls: false, trustedProxies: [] }],
    allowCrossNamespace: false,
    allowExternalName: true,
    allowLoopback: false,
    operatorNamespace: "fairway-system",
  });
}

/** What status can be made of, by object. */
function said(compiler: Compiler): Map<string, unknown> {
  return new Map([...compiler.roots()].map(({ ref, translation }) => [objectKey(ref), [translation, compiler.problemsOf(ref)]]));
}

test("a run names every object whose translation or problems it changed, and problems are found by their object", () => {
  fc.assert(
    fc.property(fc.array(fc.array(edits, { minLength: 1, maxLength: 6 }), { maxLength: 12 }), (batches) => {
      const store = new ObjectStore();
      const compiler = emptyCompiler();
      compiler.update(store, "all");
      for (const batch of batches) {
        const before = said(compiler);
        applyEdits(store, batch);
        const { touched, problems } = compiler.update(store, store.takeChanges());
        const after = said(compiler);
        const named = new Set(touched.map(objectKey));
        for (const key of new Set([...before.keys(), ...after.keys()])) {
          if (!named.has(key)) expect(after.get(key), key).toEqual(before.get(key));
        }
        for (const { object } of problems) {
          expect(compiler.problemsOf(object)).toEqual(problems.filter((one) => objectKey(one.object) === objectKey(object)));
        }
      }
    }),
    { numRuns: 50 },
  );
});
