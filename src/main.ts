import { Command, CommanderError } from "commander";
import { EXIT_WRONG_USE, examples } from "./cmd/cli.ts";
import { version } from "./cmd/version.ts";

/** What a file of `cmd/` exports: its command, made afresh, with its action. */
interface CommandModule {
  readonly command: () => Command;
}

/** Exit code for a bug of ours (EX_SOFTWARE), so that no script takes it for an answer. */
const EXIT_BUG = 70;

interface CommandEntry {
  /** Its line in `fairway --help`. */
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** The commands. Only the one that is called is loaded. */
const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  dev: { summary: "serve a folder of manifests, live, without a cluster", load: () => import("./cmd/dev.ts") },
  operator: { summary: "run the control plane: watch, compile, publish", load: () => import("./cmd/operator.ts") },
  proxy: { summary: "run the data plane: serve what an operator publishes", load: () => import("./cmd/proxy.ts") },
  admission: { summary: "run the validating webhook: no rights, one object at a time", load: () => import("./cmd/admission.ts") },
  check: { summary: "validate manifests: schema, references, conflicts", load: () => import("./cmd/check.ts") },
  explain: { summary: "say why a request goes where it goes", load: () => import("./cmd/explain.ts") },
  test: { summary: "route tests: does every request go where it should?", load: () => import("./cmd/test.ts") },
  diff: { summary: "say what a change of manifests does, traffic included", load: () => import("./cmd/diff.ts") },
  graph: { summary: "print the compiled routing graph: JSON, DOT, Mermaid", load: () => import("./cmd/graph.ts") },
};

async function program(words: readonly string[]): Promise<Command> {
  const root = new Command("fairway")
    .description("An ingress controller for Kubernetes: one compiled routing graph, pushed to fast proxies.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help, or a command's: fairway COMMAND --help")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${text.trim().replace(/\s*\n\s*/g, " ")}\n`) })
    .addHelpText("after", examples(["fairway dev ./manifests", "serve a folder"], ["fairway check ./manifests", "for CI"]));
  const called = words.find((word) => Object.hasOwn(COMMANDS, word));
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = name === called ? (await load()).command() : new Command(name);
    root.addCommand(command.copyInheritedSettings(root).summary(summary));
  }
  return root;
}

/** The exit code an ending stands for; prints the reason where the command line parser has not done so. */
function exitCode(reason: unknown): number {
  if (!(reason instanceof CommanderError)) {
    process.stderr.write(`${reason instanceof Error ? reason.stack : reason}\n`);
    return EXIT_BUG;
  }
  if (reason.code === "fairway.wrongUse") process.stderr.write(`error: ${reason.message}\n`);
  return reason.exitCode === 0 ? 0 : EXIT_WRONG_USE;
}

// Who reads our output may leave early, as `head` does: that is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : EXIT_BUG));

try {
  await (await program(process.argv.slice(2))).parseAsync();
} catch (reason) {
  process.exitCode = exitCode(reason);
}
