import type { Verdict } from "./conditions.ts";

/** How far an object has come to the proxies of its class. */
export type Programming =
  /** Every serving proxy runs it. */
  | { readonly state: "programmed" }
  /** `said`: a proxy's words about why it could not take the configuration; "" when nobody said anything. */
  | { readonly state: "pending"; readonly running: number; readonly proxies: number; readonly said: string }
  | { readonly state: "noProxies" }
  /** Its newest generation is none that can be run: proxies go on with the one before, if there is one. */
  | { readonly state: "older" }
  /** At least one proxy refuses a part of it. */
  | { readonly state: "refused"; readonly refusal: PartRefusal; readonly refusing: number; readonly proxies: number };

/** What a proxy could not build, and its words. */
export interface PartRefusal {
  /** The part, as in `Middleware "shop/auth"`. */
  readonly part: string;
  readonly reason: string;
}

/** The condition Programmed. */
export function programmedVerdict(programming: Programming): Verdict {
  switch (programming.state) {
    case "programmed":
      return { type: "Programmed", status: "True", reason: "Programmed", message: "Every serving proxy runs it." };
    case "pending":
      return { type: "Programmed", status: "False", reason: "Pending", message: pendingMessage(programming) };
    case "noProxies":
      return { type: "Programmed", status: "False", reason: "NoProxies", message: "No proxy of the class serves traffic." };
    case "older":
      return { type: "Programmed", status: "False", reason: "NotAccepted", message: OLDER };
    case "refused":
      return { type: "Programmed", status: "False", reason: "Refused", message: refusedMessage(programming) };
  }
}

const OLDER = "Its schema refuses this generation; proxies run the last one that was accepted.";

function pendingMessage({ running, proxies, said }: Extract<Programming, { state: "pending" }>): string {
  return `${running} of ${proxies} proxies run it.${said === "" ? "" : ` ${said}`}`;
}

function refusedMessage({ refusal, refusing, proxies }: Extract<Programming, { state: "refused" }>): string {
  const who = proxies === 1 ? "The proxy refuses" : `${refusing} of ${proxies} proxies refuse`;
  return `${who} ${refusal.part}: ${refusal.reason}`;
}
