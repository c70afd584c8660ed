/** docs/errors.md, made from the tables: a catalogue to search for a line of a log or an exception. */
import { CAUSES, type CauseId } from "../../src/explain/cause-catalogue.ts";
import { KNOWN_LINES } from "../../src/explain/known-lines/catalogue.ts";
import { type ExplainedIncident, explainAll } from "../../src/report/explain.ts";
import { tallied } from "./explain-text.ts";

/** RabbitMQ's own sentences about frames: their octets are explained, so an example stands for many. */
const FRAME_ERRORS: readonly string[] = [
  "type 66, all octets = <<>>: {frame_too_large,1111638594,131064}",
  "type 2, all octets = <<>>: {frame_too_large,153651,131064}",
  "type 1, all octets = <<>>: {frame_too_large,6307,4088}",
  'type 3, first 16 octets = <<"{\\"task\\":\\"enable_">>: {invalid_frame_end_marker,97}',
  "type 4, all octets = <<>>: unknown_frame",
  "UNEXPECTED_FRAME - type 3, all octets = <<1,2>>",
  "UNEXPECTED_FRAME - expected method frame, got non method frame instead",
  "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead",
  "UNEXPECTED_FRAME - expected content body, got non content body frame instead",
  "FRAME_ERROR - cannot decode <<0,0,5,116,97,115,107,115,200,1>>",
  "Malformed UTF-8 in shortstr",
  "content body frame exceeds remaining content size",
  "content body size 536870913 exceeds maximum allowed size 536870912",
  "exception exit: {unknown_method_id,{60,41}}",
  "no function clause matching rabbit_binary_parser:parse_field_value(<<105,0,3,51>>)",
  "CHANNEL_ERROR - expected 'channel.open'",
  "CHANNEL_ERROR - second 'channel.open' seen",
  "CHANNEL_ERROR - unexpected method in connection state running",
  "NOT_ALLOWED - number of channels opened (10) has reached the negotiated channel_max (10)",
  "COMMAND_INVALID - unimplemented method",
  "541 INTERNAL_ERROR",
  "{bad_header,<<22,3,1,0,192,1,0,0>>}",
  "{bad_version,{1,1,0,10}}",
  "amqp1_0_plugin_not_enabled",
  "failed to negotiate connection parameters: negotiated frame_max = 4096 is lower than the minimum allowed value (8192)",
  "FRAME_ERROR - frame size 140000 exceeded max 131072 bytes",
];

const SECTIONS: readonly (readonly [about: string | null, title: string])[] = [
  ["frames", "Frames"],
  ["handshake", "Handshake: connecting, TLS, login"],
  ["heartbeat", "Heartbeats"],
  ["transport", "Transport: sockets that end or fail"],
  ["channel", "Channels: refused requests, acknowledgements"],
  ["limits", "Limits"],
  [null, "Others"],
];

export function errorsPage(): string {
  const examples = [...FRAME_ERRORS, ...KNOWN_LINES.map(({ example }) => example)];
  const entries = examples.map(example => ({ example, incident: explainAll(tallied(example)).incidents[0]! }));
  const used = new Set<CauseId>();
  const sections = SECTIONS.map(([about, title]) => {
    const own = entries.filter(({ incident }) => incident.about === about);
    return own.length === 0
      ? ""
      : `## ${title}\n\n${own.map(({ example, incident }) => entry(example, incident, used)).join("\n")}`;
  });
  return `# Errors around AMQP frames: a catalogue

What RabbitMQ's log, LavinMQ and client libraries say when a connection, a channel or a frame goes wrong: who read it (broker or
client), what it is about, what usually causes it. \`ghostframe explain\` takes the line itself, with its numbers and octets.
This page is made from the tables in [src/explain/known-lines](../src/explain/known-lines); \`UPDATE_GOLDEN=1 npx vitest run
test/explain/known-lines.test.ts\` writes it.

${sections.filter(section => section !== "").join("\n")}
## Causes

${[...used]
  .sort()
  .map(id => causeEntry(id))
  .join("\n")}`;
}

function entry(example: string, incident: ExplainedIncident, used: Set<CauseId>): string {
  for (const { id } of incident.causes) used.add(id);
  const facts = [
    incident.seenBy === null ? "" : `seen by the ${incident.seenBy}`,
    incident.code === null ? "" : `${incident.code} ${incident.codeName ?? ""}`.trim(),
    incident.library ?? "",
    incident.source ?? "",
  ].filter(fact => fact !== "");
  const causes = incident.causes.map(({ id, title, confidence, why }) => `- ${confidence}: [${title}](#${id}). ${why}`);
  return `### ${incident.name}

    ${example}

${facts.length === 0 ? "" : `*${facts.join(" · ")}*\n\n`}${incident.summary}

${causes.join("\n")}
`;
}

function causeEntry(id: CauseId): string {
  const { title, confirm, remedy } = CAUSES[id];
  return `### ${id}

${title}.

- To confirm: ${confirm}
- Remedy: ${remedy}
`;
}
