import { Gaps } from "../connection/gaps.ts";
import { Incident } from "../connection/incident.ts";
import { RULES } from "../connection/rules.ts";
import type { Diagnosis } from "../forensics/diagnosis.ts";
import {
  type ConnectionObserver,
  Moment,
  type PreludeFacts,
  type Side,
  type StreamEnd,
} from "../net/connection-observer.ts";
import { cipherSuiteName } from "../tls/cipher-suites.ts";
import { alertName, versionName } from "../tls/record-layer.ts";
import { TlsConnection } from "../tls/tls-connection.ts";
import type { TlsContext, WritersListener } from "../tls/tls-context.ts";
import type { TlsFinding } from "../tls/tls-finding.ts";
import { tlsMeaning, tlsRemedy, tlsSentence } from "../tls/tls-sentence.ts";
import type { TlsKeys } from "../tls/tls-session.ts";
import type { Budgets, EngineSetting } from "./setting.ts";
import type { TlsFacts } from "./tls-facts.ts";
import { frameInWords, likelyWriter, TlsWriter } from "./tls-writers.ts";

/** Ports of HTTPS: encrypted traffic there is taken as no AMQP, unless such a port is asked for. */
const HTTPS_PORTS = [443, 8443];
/** Names in reports are cut to this. */
const MAX_NAME = 255;

/** What a TLS inspection needs to know about its connection. */
export interface TlsSurroundings extends Pick<Budgets, "reuse" | "tlsOctets"> {
  sawBeginning: boolean;
  /** The server's port, and whether its connections were asked for. */
  port: number;
  expected: boolean;
  /** Gets the octets if it is not TLS, and the decrypted ones. */
  plain: ConnectionObserver;
}

/** The records of one connection that may be TLS: what is wrong with them becomes incidents like any other. */
export class TlsInspection implements ConnectionObserver, WritersListener {
  readonly connection: TlsConnection;
  /** The gaps of each side, if nothing is decrypted. */
  readonly gaps: readonly [Gaps, Gaps] = [new Gaps(), new Gaps()];
  /** The server's port; behind a proxy that is asked for another port, that one. */
  port: number;
  readonly #around: TlsSurroundings;
  readonly #keys: TlsKeys | null;
  readonly #moment: Moment;
  readonly #first = new Moment();
  /** The writers of each side, once a second copy of its session wrote: A, B, … */
  readonly #writers: readonly [TlsWriter[], TlsWriter[]] = [[], []];
  readonly #incidents = new Map<TlsFinding, Incident>();

  constructor(
    { moment, explains, keys = null }: Pick<EngineSetting, "moment" | "explains" | "keys">,
    around: TlsSurroundings,
    turns: Pick<TlsContext, "recognised" | "isPlain">,
  ) {
    const { sawBeginning, reuse, tlsOctets, plain } = around;
    this.#around = around;
    this.port = around.port;
    this.#keys = keys;
    this.#moment = moment;
    this.#first.set(moment);
    const octets = explains ? tlsOctets : null;
    this.connection = new TlsConnection({ moment, sawBeginning, reuse, octets, keys, plain, writers: this, ...turns });
  }

  // ConnectionObserver

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    this.connection.data(side, bytes, start, end);
  }

  gap(side: Side, missing: number, cut: boolean): void {
    // If nothing is decrypted, only this counts what is missing.
    if (this.isTls && this.connection.decryption === null) {
      this.gaps[side].add(missing, cut, this.connection.directions[side].scanner.offset, this.#moment);
    }
    this.connection.gap(side, missing, cut);
  }

  prelude(side: Side, octets: number, what: PreludeFacts | null): void {
    this.port = what?.port ?? this.port;
    this.connection.prelude(side, octets, what);
  }

  end(side: Side, reason: StreamEnd): void {
    this.connection.end(side, reason);
  }

  get isTls(): boolean {
    return this.connection.state === "tls";
  }

  /** The client's offer, or the port, shows that this is TLS of another protocol than AMQP. */
  get carriesOther(): boolean {
    const protocols = this.connection.session.clientHello?.protocols ?? [];
    if (protocols.length > 0) return !protocols.some(name => /amqp/i.test(name));
    return HTTPS_PORTS.includes(this.port) && !this.#around.expected;
  }

  /** What could not be seen of a connection that is encrypted: notes. */
  limits(): Incident[] {
    const notes = ([0, 1] as const).flatMap(side => this.gaps[side].incidents(side));
    if (!this.connection.midStream) return notes;
    const message = "The capture begins in the middle of this TLS connection: its version and keys are not known.";
    return [
      new Incident("mid-stream", "note", { side: null, streamOffset: -1, moment: this.#first }, message),
      ...notes,
    ];
  }

  /** A fatal alert, or what is one in all likelihood, was sent by the server. */
  get refused(): boolean {
    const alert = this.connection.alerts[1];
    return alert !== null && (alert.content === null || alert.content.description !== 0);
  }

  /** The findings so far; the same finding is the same incident each time. */
  incidents(): Incident[] {
    return this.connection.directions.flatMap(({ findings }) => findings.map(finding => this.#incidentOf(finding)));
  }

  /** What the octets of one of its incidents are; null for another incident. */
  diagnosis(incident: Incident): Diagnosis | null {
    for (const [finding, known] of this.#incidents) if (known === incident) return this.#diagnose(finding);
    return null;
  }

  facts(client: Side): TlsFacts {
    const { session, directions, decryption } = this.connection;
    const { clientHello, serverHello } = session;
    const old = serverHello !== null && !session.isTls13;
    return {
      version: serverHello === null ? null : versionName(serverHello.version),
      cipherSuite: serverHello === null ? null : cipherSuiteName(serverHello.cipherSuite),
      serverName: clientHello?.serverName?.slice(0, MAX_NAME) ?? null,
      applicationProtocols: clientHello?.protocols ?? [],
      certificateNames: session.certificateNames,
      resumed: old ? !session.keysExchanged : null,
      earlyData: clientHello?.earlyData ?? false,
      records: {
        clientToServer: directions[client].records,
        serverToClient: directions[(1 - client) as Side].records,
      },
      decrypted: decryption?.some(({ opened }) => opened > 0) ?? false,
      undecrypted: this.#undecrypted(),
      alert: this.#alert(client),
    };
  }

  #undecrypted(): string | null {
    const { decryption, session } = this.connection;
    const keys = this.#keys;
    if (decryption === null) {
      if (keys === null || keys.log.sessions === 0) return "no key log";
      const { clientRandom, suite } = session;
      if (clientRandom === null) return "its handshake is not in the capture";
      if (session.serverHello !== null && suite === undefined) return "its cipher suite is not known here";
      return `no secret for client random ${clientRandom.slice(0, 16)}…`;
    }
    const records = decryption[0].unopened + decryption[1].unopened;
    return records === 0 ? null : `${records} record${records === 1 ? "" : "s"} that no key fits`;
  }

  #alert(client: Side): TlsFacts["alert"] {
    const [first] = this.connection.alerts
      .flatMap(alert => (alert === null ? [] : [alert]))
      .sort((a, b) => a.moment.input - b.moment.input || a.moment.packet - b.moment.packet);
    if (first === undefined) return null;
    const { side, content, moment } = first;
    const name = content === null ? null : alertName(content.description);
    return { by: side === client ? "client" : "server", name, packet: moment.packet };
  }

  #incidentOf(finding: TlsFinding): Incident {
    const { rule, side, streamOffset, endOffset, from, to, faults } = finding;
    let incident = this.#incidents.get(finding);
    if (incident === undefined) {
      incident = new Incident(rule, RULES[rule].severity, { side, streamOffset, moment: from }, "");
      this.#incidents.set(finding, incident);
    }
    incident.endOffset = endOffset;
    incident.to.set(to);
    incident.faults = faults;
    incident.message = tlsSentence(finding) + this.#answer(finding);
    return incident;
  }

  /** The other side's answer to it. */
  #answer({ side, from, evidence }: TlsFinding): string {
    const alert = this.connection.alerts[1 - side];
    if (alert === null || alert === undefined) return "";
    const { content, moment } = alert;
    if (content?.description === 0 || moment.input < from.input) return "";
    if (moment.input === from.input && moment.packet < from.packet) return "";
    const what = content === null ? "an alert" : `the alert ${alertName(content.description)}`;
    const where = moment.packet === 0 ? "" : ` (packet ${moment.packet})`;
    const isSound = evidence.kind === "sent-twice" || evidence.kind === "shared-session";
    if (isSound && content?.description === UNEXPECTED_MESSAGE) {
      return ` The alert unexpected_message${where} is about another record, one whose header is broken.`;
    }
    return ` The ${side === 0 ? "server" : "client"} answered with ${what}${where}.`;
  }

  #diagnose(finding: TlsFinding): Diagnosis {
    const { summary, confidence } = tlsMeaning(finding);
    const { evidence } = finding;
    const writers = evidence.kind === "shared-session" ? this.#writers[finding.side] : [];
    const nothing = { torn: [], replayed: [], missing: [], overwritten: [], foreign: [], unexplained: [], writers: [] };
    const diagnosis: Diagnosis = {
      kind: KINDS[evidence.kind],
      confidence,
      summary: [summary, ...writers.slice(1).map(copy => this.#copyInWords(finding.side, copy))].join(" "),
      remedy: tlsRemedy(finding),
      ...nothing,
      writers: writers.filter(({ records }) => records.length > 0).map(each => each.writer()),
    };
    if (evidence.kind === "sent-twice") {
      const { first, second } = evidence.pair;
      const size = second.length + RECORD_HEADER;
      diagnosis.replayed = [{ span: [second.streamOffset, size], of: [first.streamOffset, size] }];
    } else if (evidence.kind === "broken-header" && evidence.tear !== null) {
      const { tear } = evidence;
      if (tear.replayed !== null) {
        const { span, of } = tear.replayed;
        diagnosis.replayed = [{ span: [...span], of: [...of] }];
      }
      const [first] = tear.spans;
      if (tear.missing > 0 && first !== undefined) {
        diagnosis.missing = [{ streamOffset: first[0] + first[1], octets: tear.missing }];
      }
    }
    return diagnosis;
  }

  // WritersListener

  attribute(side: Side, among: readonly number[], bytes: Uint8Array, size: number): number {
    if (size < FRAME_HEADER) return among[0]!;
    const writers = among.map(index => ({ index, lastChannel: this.#writers[side][index]?.lastChannel ?? -1 }));
    const writer = likelyWriter(writers, bytes);
    return writer < 0 ? among[0]! : writer;
  }

  wrote(side: Side, writer: number, number: number, bytes: Uint8Array, size: number): void {
    const { scanner } = this.connection.directions[side];
    const writers = this.#writers[side];
    const latest = this.connection.latest[side];
    if (writers.length === 0) {
      // Only the beginning of what the first writer wrote last is known.
      const first = new TlsWriter(0);
      const last = latest.get(this.connection.decryption?.[side].latest ?? -1);
      if (last !== null) first.began(last.octets);
      writers.push(first);
    }
    writers[writer] ??= new TlsWriter(writer);
    const { recordOffset, recordMoment } = scanner;
    const octets = scanner.offset - recordOffset;
    writers[writer].wrote({ number, packet: recordMoment.packet, streamOffset: recordOffset, octets }, bytes, size);
  }

  /** What a second copy of the session wrote, and whose number it used. */
  #copyInWords(side: Side, copy: TlsWriter): string {
    const [record] = copy.records;
    if (record === undefined) return "";
    const { number, packet } = record;
    const shown = copy.frames().slice(0, MAX_SHOWN);
    const wrote = shown.length === 0 ? "octets that begin no frame" : shown.map(({ text }) => text).join(", ");
    const before = this.connection.latest[side].get(number);
    const other =
      before === null ? "" : `, which A had used for ${frameInWords(before.octets, 0)} in packet ${before.packet}`;
    return `By the key log the record in packet ${packet} has number ${number} again${other}: process ${copy.name} uses the same session, and wrote ${wrote}.`;
  }
}

const RECORD_HEADER = 5;
/** The answer to what is no record at all (RFC 8446 §5). A record that does not open gets bad_record_mac. */
const UNEXPECTED_MESSAGE = 10;
const FRAME_HEADER = 7;

const KINDS = {
  "broken-header": "torn-record",
  "sent-twice": "replayed-record",
  unfinished: "unfinished-record",
  "shared-session": "shared-session",
} as const satisfies Record<TlsFinding["evidence"]["kind"], Diagnosis["kind"]>;

/** Frames of a writer that are named in a sentence. */
const MAX_SHOWN = 4;
