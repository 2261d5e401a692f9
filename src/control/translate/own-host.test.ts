import { expect, test } from "vitest";
import { isOwnHost } from "./own-host.ts";

test.for(["127.0.0.1", "127.255.1.2", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "localhost", "LocalHost.", "a.localhost"])(
  "%s leads to the own host",
  (address) => {
    expect(isOwnHost(address)).toBe(true);
  },
);

test.for(["10.0.0.1", "128.0.0.1", "::2", "2001:db8::1", "::ffff:10.0.0.1", "localhost.example.com", "example.com"])(
  "%s leads elsewhere",
  (address) => {
    expect(isOwnHost(address)).toBe(false);
  },
);
