/** Is there a broker? Checked before a command is started that needs one. */
import type { UpstreamAddress } from "../proxy/address.ts";
import { UpstreamTls, type UpstreamTlsSettings } from "../proxy/tls.ts";
import { UpstreamAttempt } from "../proxy/upstream.ts";

/** Milliseconds for connecting, and for the TLS handshake. */
const TIMEOUT = 10_000;

/**
 * Connects to the broker as the proxy does, and hangs up. Resolves to the reason if that is not possible, or null.
 *
 * @throws ProxyError if the certificates cannot be read
 */
export async function whyUnreachable(address: UpstreamAddress, settings: UpstreamTlsSettings): Promise<string | null> {
  const tls = address.tls ? await UpstreamTls.open(settings) : null;
  return new Promise(resolve => {
    new UpstreamAttempt(address, tls, null, TIMEOUT, {
      reached: () => {},
      connected: broker => {
        broker.socket.on("error", () => {});
        broker.destroy();
        resolve(null);
      },
      failed: ({ message }) => resolve(message),
    });
  });
}
