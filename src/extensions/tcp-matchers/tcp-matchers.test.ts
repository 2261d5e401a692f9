import { expect, test } from "vitest";
import type { Rule } from "../../model/rule.ts";
import { parseRule } from "../../rules/parser.ts";
import type { ConnectionFacts } from "./contract.ts";
import { tcpMatchers } from "./tcp-matchers.ts";

/** Whether a connection fulfils a rule. */
function fulfils(text: string, facts: Partial<ConnectionFacts>): boolean {
  const rule = parseRule(text, tcpMatchers);
  if (!rule.ok) throw new Error(rule.error.message);
  return holds(rule.value, { serverName: "", clientAddress: "192.0.2.1", protocols: [], ...facts });
}

function holds(rule: Rule, facts: ConnectionFacts): boolean {
  if (rule.op === "not") return !holds(rule.term, facts);
  if (rule.op !== "match") {
    const each = (term: Rule) => holds(term, facts);
    return rule.op === "and" ? rule.terms.every(each) : rule.terms.some(each);
  }
  const matcher = tcpMatchers.get(rule.matcher);
  const arg = matcher?.parse(rule.args);
  if (matcher === undefined || arg?.ok !== true) throw new Error(`${rule.matcher} was parsed before`);
  return matcher.test(facts, arg.value);
}

test.each([
  ["db.example", "db.example", true],
  ["DB.Example.", "db.example", true],
  ["db.example", "", false],
  ["db.example", "a.db.example", false],
  ["*.example", "db.example", true],
  ["*.example", "example", false],
  ["*.example", ".example", false],
  ["*.example", "a.db.example", false],
  ["*", "db.example", true],
  ["*", "", true],
])("HostSNI(`%s`) on server name %j gives %s", (wanted, serverName, expected) => {
  expect(fulfils(`HostSNI(\`${wanted}\`)`, { serverName })).toBe(expected);
});

test.each([
  ["^db-\\d+\\.example$", "db-7.example", true],
  ["^db-\\d+\\.example$", "db-x.example", false],
  ["example", "a.example.org", true],
  ["^$", "", true],
])("HostSNIRegexp(`%s`) on server name %j gives %s", (pattern, serverName, expected) => {
  expect(fulfils(`HostSNIRegexp(\`${pattern}\`)`, { serverName })).toBe(expected);
});

test.each([
  ["10.0.0.0/8", "10.1.2.3", true],
  ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["10.0.0.0/8", "11.1.2.3", false],
  ["2001:db8::1", "2001:db8::1", true],
])("ClientIP(`%s`) on address %j gives %s", (range, clientAddress, expected) => {
  expect(fulfils(`ClientIP(\`${range}\`)`, { clientAddress })).toBe(expected);
});

test.each([
  ["h2", ["http/1.1", "h2"], true],
  ["h2", ["http/1.1"], false],
  ["h2", [], false],
  ["H2", ["h2"], false],
])("ALPN(`%s`) on protocols %j gives %s", (protocol, protocols, expected) => {
  expect(fulfils(`ALPN(\`${protocol}\`)`, { protocols })).toBe(expected);
});

test("terms are joined as in HTTP rules, in all spellings of the words", () => {
  const rule = "(hostsni(`a.example`) || HOSTSNI(`b.example`)) && !Clientip(`10.0.0.0/8`)";
  expect(fulfils(rule, { serverName: "b.example" })).toBe(true);
  expect(fulfils(rule, { serverName: "b.example", clientAddress: "10.0.0.1" })).toBe(false);
  expect(fulfils(rule, { serverName: "c.example" })).toBe(false);
});

test.each([
  ["HostSNI(`a b`)", "InvalidRule", '"a b" is not a host name'],
  ["HostSNI(`a.*.example`)", "InvalidRule", "has a wildcard that is not its whole first label"],
  ["HostSNI(`192.0.2.7`)", "InvalidRule", '"192.0.2.7" is an IP address'],
  ["HostSNI(`[2001:db8::1]`)", "InvalidRule", "is an IP address"],
  ["HostSNI(`a.example`, `b.example`)", "InvalidRule", "HostSNI takes 1 argument, not 2"],
  ["HostSNIRegexp(`(`)", "InvalidRegex", ""],
  ["ClientIP(`10.0.0`)", "InvalidRule", "is not an IP address or CIDR"],
  ["ALPN(`acme-tls/1`)", "InvalidRule", "is kept for ACME challenges"],
  [`ALPN(\`${"x".repeat(256)}\`)`, "InvalidRule", "is longer than 255 bytes"],
  ["Host(`a.example`)", "InvalidRule", 'unknown matcher "Host"'],
])("%s is refused as %s", (text, code, message) => {
  const rule = parseRule(text, tcpMatchers);
  expect(rule.ok ? null : rule.error.code).toBe(code);
  expect(rule.ok ? "" : rule.error.message).toContain(message);
});

test.each([
  ["HostSNI", "DB.example.", { form: "exact", value: "db.example" }],
  ["HostSNI", "*.example", { form: "wildcard", value: "example" }],
  ["HostSNI", "*", { form: "any", value: "" }],
  ["HostSNIRegexp", "db", { form: "regex", value: "" }],
  ["ALPN", "h2", undefined],
  ["ClientIP", "10.0.0.1", undefined],
])("%s(`%s`) pins down %j", (name, text, expected) => {
  const matcher = tcpMatchers.get(name);
  const arg = matcher?.parse([text]);
  expect(arg?.ok).toBe(true);
  expect(matcher?.key?.(arg?.ok === true ? arg.value : null)).toEqual(expected);
});
