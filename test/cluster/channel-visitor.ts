import { ChannelClient } from "../../src/channel/client.ts";

/** What a visitor brings, as its one argument in JSON. */
export interface Visit {
  readonly url: string;
  readonly caFile: string;
  readonly tokenFile: string;
  readonly proxyId: string;
  readonly className: string;
}

/** What became of it, printed as JSON. */
export interface Visited {
  /** Resources it was given; null when it was not served. */
  readonly resources: number | null;
  /** Why not. */
  readonly lost: string;
}

/** The main of a program that comes to the channel as a proxy, and leaves as soon as it is served or refused. */
const { url, caFile, tokenFile, proxyId, className } = JSON.parse(process.argv[2] ?? "") as Visit;

const visited = await new Promise<Visited>((resolve) => {
  const client = new ChannelClient({
    url,
    credentials: { caFile, tokenFile },
    className,
    proxyId,
    held: { version: "", hashes: [] },
    apply: async ({ upserts }) => {
      resolve({ resources: upserts.length, lost: "" });
      return { applied: true, refused: [] };
    },
    onLost: (lost) => resolve({ resources: null, lost }),
  });
  client.start();
  // What is waited for holds no process.
  setTimeout(() => resolve({ resources: null, lost: "nothing happened for 30 s" }), 30_000);
});
console.log(JSON.stringify(visited));
process.exit(0);
