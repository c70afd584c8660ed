/** What is known of a TLS connection, as a report prints it. Names come from the wire: make them safe to show. */
export interface TlsFacts {
  /** "TLS 1.3"; null if the server's hello was not seen. */
  version: string | null;
  /** IANA's name of the cipher suite. */
  cipherSuite: string | null;
  /** The host that the client asked for (SNI). */
  serverName: string | null;
  /** Application protocols that the client offered (ALPN). */
  applicationProtocols: string[];
  /** Names in the server's certificate, which TLS 1.3 encrypts. */
  certificateNames: string[];
  /** Of TLS 1.2 and earlier: the session was resumed. null if that is not known. */
  resumed: boolean | null;
  /** The client sent, or offered to send, data before the server answered (0-RTT). */
  earlyData: boolean;
  records: { clientToServer: number; serverToClient: number };
  /** Whether its octets were decrypted and inspected. */
  decrypted: boolean;
  /** Why not, or what could not be decrypted; null if all was. */
  undecrypted: string | null;
  /** The first closing or fatal alert: its sender, and its name if it could be read. */
  alert: { by: "client" | "server"; name: string | null; packet: number } | null;
}
