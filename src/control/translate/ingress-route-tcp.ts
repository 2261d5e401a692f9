import { tcpMatchers } from "../../extensions/tcp-matchers/tcp-matchers.ts";
import { parseRule } from "../../rules/parser.ts";
import type { StoredObject } from "../store/stored-object.ts";
import { ruleProblem } from "./rule-problem.ts";
import type { CompileSettings } from "./settings.ts";
import { nothing, type RootTranslation, type TranslateView } from "./translation.ts";
import { translateUnsupportedRoute } from "./unsupported-kind.ts";

/** Says that an IngressRouteTCP has no effect yet, and what is wrong with its rules all the same. */
export function translateIngressRouteTcp(object: StoredObject, view: TranslateView, settings: CompileSettings): RootTranslation {
  const whole = translateUnsupportedRoute(object, view, settings);
  if (whole.className === null) return whole;
  const { routes } = (object.body.spec ?? {}) as { readonly routes?: readonly { readonly match: string }[] | null };
  const wrong = (routes ?? []).flatMap(({ match }, index) => {
    const parsed = parseRule(match, tcpMatchers);
    return parsed.ok ? [] : [ruleProblem(parsed.error, object.ref, `spec.routes[${index}].match`)];
  });
  return nothing(whole.className, [...whole.problems, ...wrong]);
}
