import { Command, Option } from "commander";
import { AdmissionMetrics } from "../control/admission/admission-metrics.ts";
import { AdmissionServer } from "../control/admission/admission-server.ts";
import { Judge } from "../control/admission/judge.ts";
import { EVERY_CLASS } from "../control/translate/settings.ts";
import { KindCatalog } from "../control/validate/kind-catalog.ts";
import { systemClock } from "../kernel/clock.ts";
import { AdminServer, commonRoutes } from "../telemetry/admin-server.ts";
import { CertificateFiles } from "./certificate-files.ts";
import { examples } from "./cli.ts";
import type { HostPort } from "./entry-point-flags.ts";
import { parseHostPort } from "./entry-point-flags.ts";
import { type EventFormat, eventPrinter } from "./run-events.ts";
import { OPTIONS, requireFile, runLogger } from "./run-options.ts";
import { running, stopSignal } from "./until-stopped.ts";

interface AdmissionOptions {
  readonly listen: HostPort;
  readonly certificate: string;
  readonly key: string;
  readonly class: readonly string[];
  readonly admin?: HostPort;
  readonly events: EventFormat;
}

/** `fairway admission`: the validating webhook, in a process without any rights. */
export function command(): Command {
  return new Command("admission")
    .description(
      "A validating webhook: has the API server refuse what fairway check would call an error in the object itself.\n" +
        "It asks nobody and needs no rights; whether what an object refers to exists is not its business.",
    )
    .addOption(
      new Option("--listen <HOST:PORT>", "where the API server sends reviews, over HTTPS")
        .argParser(parseHostPort)
        .default({ host: "", port: 8_443 }, ":8443"),
    )
    .requiredOption("--certificate <FILE>", "certificate to show, PEM; it may be replaced at any time")
    .requiredOption("--key <FILE>", "its private key, PEM")
    .addOption(OPTIONS.classes("judge Ingresses of this class; may be given more than once", EVERY_CLASS))
    .addOption(OPTIONS.admin())
    .addOption(OPTIONS.events())
    .addHelpText(
      "after",
      examples(
        ["fairway admission --certificate tls.crt --key tls.key --admin :9090", "as config/overlays/admission runs it"],
        ["fairway admission --certificate tls.crt --key tls.key --class public --class intern", "Ingresses of two classes"],
      ),
    )
    .action((options: AdmissionOptions) => running(() => admission(options)));
}

async function admission(options: AdmissionOptions): Promise<void> {
  requireFile(options.certificate);
  requireFile(options.key);
  const stop = stopSignal();
  const log = runLogger(options.events);
  const print = eventPrinter(options.events);
  const metrics = new AdmissionMetrics();
  const files = new CertificateFiles(options.certificate, options.key, systemClock);
  const certificate = files.read();
  const judge = new Judge(new KindCatalog(), options.class.length === 0 ? [EVERY_CLASS] : options.class);
  await judge.warm();
  const server = new AdmissionServer({
    judge,
    certificate,
    onReview: (result) => metrics.reviews.add(1, { result }),
    onFailed: (error) => log.error("a review failed", { error }),
  });
  const admin = new AdminServer(commonRoutes({ sickness: () => null, unreadiness: () => [] }, () => metrics.registry.text()));
  try {
    const { port } = await server.listen(options.listen.host, options.listen.port);
    print({ event: "reviewing", host: options.listen.host, port });
    files.follow(
      (pair) => server.useCertificate(pair),
      (error) => log.warn("the certificate cannot be used", { error }),
      certificate,
    );
    if (options.admin !== undefined) {
      const { host } = options.admin;
      print({ event: "admin", host, port: (await admin.listen(host, options.admin.port)).port });
    }
    await stop;
  } finally {
    files.stop();
    await admin.close();
    await server.close();
  }
}
