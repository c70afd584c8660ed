import { Option } from "commander";
import { BROKER_VERSIONS, REFERENCE_BROKER } from "../broker/versions.ts";

/** `--broker`. */
export function brokerOption(): Option {
  return new Option("--broker <broker>", "predict the verdict of this broker")
    .choices(Object.keys(BROKER_VERSIONS))
    .default(REFERENCE_BROKER);
}
