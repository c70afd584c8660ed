/** The URL by which a command finds its broker: parsed, and written again with the proxy in the broker's place. */
import { endpointText, hostAndPortIn, parseUpstream, type UpstreamAddress } from "../proxy/address.ts";
import { ProxyError } from "../proxy/proxy-error.ts";
import type { Endpoint } from "../report/report.ts";

export interface BrokerUrl {
  upstream: UpstreamAddress;
  /** User and password, as they were written, with the `@` behind them; empty if there is none. */
  userinfo: string;
  /** Virtual host and parameters, as they were written: `/%2f?heartbeat=10`. */
  rest: string;
}

/**
 * Query parameters for TLS: those that RabbitMQ names (https://www.rabbitmq.com/docs/uri-query-parameters), and pika's.
 * Without TLS some clients refuse them (Bunny), and others use TLS because of them (pika).
 */
const TLS_PARAMETERS = new Set([
  "cacertfile",
  "certfile",
  "keyfile",
  "verify",
  "fail_if_no_peer_cert",
  "server_name_indication",
  "ssl_options",
]);

/** @throws ProxyError, whose message holds no credentials */
export function parseBrokerUrl(text: string): BrokerUrl {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? "";
  const { start, end } = hostAndPortIn(text, scheme.length);
  return {
    upstream: parseUpstream(scheme + text.slice(start, end)),
    userinfo: text.slice(scheme.length, start),
    rest: text.slice(end),
  };
}

/** The URL for a client that must connect to the proxy, which does not use TLS. */
export function urlAt({ address, port }: Endpoint, { upstream, userinfo, rest }: BrokerUrl): string {
  return `amqp://${userinfo}${endpointText(address, port)}${upstream.tls ? withoutTls(rest) : rest}`;
}

/** The same broker's URL, which may have other credentials and another virtual host; null if it is none. */
export function sameBroker(text: string | undefined, { upstream }: BrokerUrl): BrokerUrl | null {
  if (text === undefined) return null;
  try {
    const other = parseBrokerUrl(text);
    return other.upstream.shown === upstream.shown ? other : null;
  } catch (error) {
    if (error instanceof ProxyError) return null;
    throw error;
  }
}

function withoutTls(rest: string): string {
  return rest.replace(/\?[^#]*/, query => {
    const kept = query
      .slice(1)
      .split("&")
      .filter(parameter => !TLS_PARAMETERS.has(parameter.split("=")[0]!));
    return kept.length === 0 ? "" : `?${kept.join("&")}`;
  });
}
