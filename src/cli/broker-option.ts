import { Option } from "commander";
import { AUTO, BROKER_CHOICES } from "../broker/versions.ts";

/** `--broker`. */
export function brokerOption(): Option {
  return new Option(
    "--broker <broker>",
    "predict what this broker answers; auto: the broker that connection.start names",
  )
    .choices(BROKER_CHOICES)
    .default(AUTO);
}
