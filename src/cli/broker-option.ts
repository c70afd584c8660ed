import { Option } from "commander";
import { AUTO, BROKER_CHOICES } from "../broker/versions.ts";

/** `--broker`. */
export function brokerOption(): Option {
  return new Option("--broker <broker>", "predict the verdict of this broker; auto: of the one it says it is")
    .choices(BROKER_CHOICES)
    .default(AUTO);
}
