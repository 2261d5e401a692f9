/** Lines that differ from machine to machine, or from moment to moment. */
const VARYING = /^(date|x-forwarded-[a-z]+|x-real-ip):|^server: fairway$/i;

/**
 * The messages in a text, in a form that does not depend on time, on the machine, or on where chunks were cut: varying fields left out,
 * the data of a chunked body in one chunk. A message that is not whole stays as it is from there on. `methods`: of the requests that
 * responses answer, in order; without them the messages are requests themselves.
 */
export function plainForm(text: string, methods?: readonly string[]): string {
  let form = "";
  let at = 0;
  let answered = 0;
  while (at < text.length) {
    const headEnd = text.indexOf("\r\n\r\n", at);
    if (headEnd < 0) return form + text.slice(at);
    const lines = text.slice(at, headEnd).split("\r\n");
    form += `${lines.filter((line) => !VARYING.test(line)).join("\r\n")}\r\n\r\n`;
    at = headEnd + 4;
    const status = Number(lines[0]?.split(" ")[1]);
    const isFinal = methods === undefined || status >= 200 || status === 101;
    const hasBody = methods === undefined || (methods[answered] !== "HEAD" && status >= 200 && status !== 204 && status !== 304);
    if (isFinal) answered++;
    if (!hasBody) continue;
    const body = bodyOf(text, at, lines);
    form += body.form;
    at = body.end;
  }
  return form;
}

function bodyOf(text: string, at: number, lines: readonly string[]): { readonly form: string; readonly end: number } {
  const field = (name: string) =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  if (field("transfer-encoding") === undefined) {
    const end = Math.min(text.length, at + Number(field("content-length") ?? 0));
    return { form: text.slice(at, end), end };
  }
  let data = "";
  for (let i = at; ; ) {
    const lineEnd = text.indexOf("\r\n", i);
    const size = Number.parseInt(text.slice(i, lineEnd), 16);
    if (lineEnd < 0 || Number.isNaN(size) || text.length < lineEnd + 4 + size) return { form: text.slice(at), end: text.length };
    data += text.slice(lineEnd + 2, lineEnd + 2 + size);
    i = lineEnd + 4 + size;
    if (size > 0) continue;
    const end = text.indexOf("\r\n\r\n", lineEnd) + 4;
    if (end < 4) return { form: text.slice(at), end: text.length };
    const trailers = text.slice(lineEnd + 2, end - 2);
    return { form: `${data === "" ? "" : `${data.length.toString(16)}\r\n${data}\r\n`}0\r\n${trailers}\r\n`, end };
  }
}

/** Whether a message, or what is there of one, could be taken for whole: its body is all there, as far as its framing says. */
export function looksWhole(text: string): boolean {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const lines = text.slice(0, headEnd).split("\r\n");
  const body = text.slice(headEnd + 4);
  if (lines.some((line) => /^transfer-encoding:/i.test(line))) return /(^|\r\n)0\r\n([^\r\n]+\r\n)*\r\n$/.test(body);
  const length = lines.find((line) => /^content-length:/i.test(line));
  return length === undefined || body.length >= Number(length.split(":")[1]);
}
