/** Something a person wrote in a source of generation, or on a command line, and has to change. Shown without a stack. */
export class SourceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SourceError";
  }
}

/** Runs a script's `main` and returns the exit code: its own, 2 for a wrong option, 1 for a SourceError. Bugs are thrown. */
export async function exitCodeOf(script: string, main: () => Promise<number>): Promise<number> {
  try {
    return await main();
  } catch (error) {
    const isWrongUse = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
    if (!isWrongUse && !(error instanceof SourceError)) throw error;
    process.stderr.write(`${script}: ${error.message}\n`);
    return isWrongUse ? 2 : 1;
  }
}
