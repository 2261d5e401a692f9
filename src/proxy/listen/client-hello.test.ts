import { createServer } from "node:net";
import { connect } from "node:tls";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { CLIENT_HELLO_RECORDS_MAX } from "../http1/limits.ts";
import { parseClientHello } from "./client-hello.ts";

let hello: Buffer;

/** A real one, as this Node's OpenSSL writes it. */
beforeAll(async () => {
  hello = await new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => {
        resolve(data as Buffer);
        socket.destroy();
        server.close();
      });
    });
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      connect({ port, host: "127.0.0.1", servername: "Some.Name.Test", ALPNProtocols: ["h2", "http/1.1"] }).on("error", () => {});
    });
  });
});

const EXPECTED = { serverName: "some.name.test", protocols: ["h2", "http/1.1"] };

/** The same message in records of these lengths. */
function inRecords(lengths: readonly number[]): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  let at = 0;
  for (const length of [...lengths, message.length]) {
    const part = message.subarray(at, at + length);
    if (part.length > 0) records.push(Buffer.concat([Buffer.of(22, 3, 1, part.length >> 8, part.length & 255), part]));
    at += part.length;
  }
  return Buffer.concat(records);
}

test("the name and the protocols are found, in lower case", () => {
  expect(parseClientHello(hello)).toEqual(EXPECTED);
});

test("every part of a hello but the whole asks for more", () => {
  for (let length = 0; length < hello.length; length++) expect(parseClientHello(hello.subarray(0, length))).toBe("more");
});

test("it is read the same however it is spread over records, and in every part of them", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }), (lengths) => {
      const bytes = inRecords(lengths);
      expect(parseClientHello(bytes)).toEqual(EXPECTED);
      expect(parseClientHello(bytes.subarray(0, bytes.length - 1))).toBe("more");
    }),
  );
});

test("a hello spread over more records than the limit is refused before its end", () => {
  const most = inRecords(Array.from({ length: CLIENT_HELLO_RECORDS_MAX - 1 }, () => 1));
  expect(parseClientHello(most)).toEqual(EXPECTED);
  const more = inRecords(Array.from({ length: CLIENT_HELLO_RECORDS_MAX }, () => 1));
  expect(parseClientHello(more)).toBe("invalid");
});

test("what is no ClientHello is refused, and nothing is read past the end", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2_000 }), fc.nat({ max: 255 }), (at, value) => {
      const damaged = Buffer.from(hello);
      if (at < damaged.length) damaged[at] = value;
      const result = parseClientHello(damaged);
      expect(["string", "object"]).toContain(typeof result);
    }),
  );
  expect(parseClientHello(Buffer.from("GET / HTTP/1.1\r\n"))).toBe("invalid");
  expect(parseClientHello(Buffer.of(22, 3, 1, 0, 4, 2, 0, 0, 0))).toBe("invalid");
  expect(parseClientHello(Buffer.of(22, 3, 1, 0, 4, 1, 255, 255, 255))).toBe("invalid");
});
