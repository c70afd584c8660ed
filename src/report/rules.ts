export * from "../connection/rules.ts";
