/** What a text names that stands between client and broker, or is run by another party. */
import { PatternIndex } from "./known-lines/pattern-index.ts";

const BETWEEN: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["amqproxy", /amqproxy|upstream read loop|UPSTREAM_ERROR|\bUpstream (?:connection )?closed/i],
  ["Envoy", /\benvoy\b|upstream connect error/i],
  ["Istio", /\bistio(?:-proxy)?\b/i],
  ["Linkerd", /\blinkerd\b/i],
  ["HAProxy", /\bhaproxy\b/i],
  ["nginx", /\bnginx\b/i],
  ["Traefik", /\btraefik\b/i],
  ["Caddy", /\bcaddy\b/i],
  ["stunnel", /\bstunnel\b/i],
  ["an AWS load balancer", /\bNLB\b|\bELB\b|elb\.amazonaws\.com|AWS load balancer/],
  ["Amazon MQ", /mq\.[\w-]{1,30}\.amazonaws\.com|Amazon ?MQ/i],
  ["Azure", /servicebus\.windows\.net|cloudapp\.azure\.com|\bAzure\b/i],
  ["CloudAMQP", /cloudamqp\.com|rmq\.cloudamqp|\bCloudAMQP\b(?!\/)/],
  ["a PROXY protocol", /PROXY protocol|proxy_protocol/i],
];

const PATTERNS = new PatternIndex(BETWEEN.map(([, pattern]) => pattern));

/** The first that the text names, or null. */
export function betweenIn(text: string): string | null {
  return BETWEEN[PATTERNS.first(text)]?.[0] ?? null;
}
