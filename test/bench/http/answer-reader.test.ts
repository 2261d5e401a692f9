import { expect, test } from "vitest";
import { AnswerReader } from "./answer-reader.ts";

const ANSWER = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");

test("an answer ends at its last byte, wherever it is split", () => {
  for (let split = 1; split < ANSWER.length; split++) {
    const reader = new AnswerReader();
    expect(reader.take(ANSWER.subarray(0, split))).toBe(false);
    expect(reader.take(ANSWER.subarray(split))).toBe(true);
    expect(reader.take(ANSWER)).toBe(true);
  }
});

test("anything but 200 is thrown, and so is an answer with too much or without a length", () => {
  const take = (text: string) => () => new AnswerReader().take(Buffer.from(text));
  expect(take("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")).toThrow("502");
  expect(take("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab")).toThrow("more");
  expect(take("HTTP/1.1 200 OK\r\n\r\n")).toThrow("Content-Length");
});
