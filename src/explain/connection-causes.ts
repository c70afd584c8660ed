/** What ends connections, channels and handshakes without a broken frame, and what breaks reading at the client: as data. */
import type { CauseText } from "./cause-text.ts";

export type ConnectionCauseId =
  | "read-abandoned"
  | "stream-cut"
  | "header-refused"
  | "broker-of-amqp-1-0"
  | "stream-client"
  | "something-before-header"
  | "tls-answered"
  | "plain-answered"
  | "http-answered"
  | "client-decoder"
  | "in-between"
  | "blocked-client"
  | "heartbeat-too-short"
  | "frozen-client"
  | "idle-limit"
  | "network-lost"
  | "broker-silent"
  | "client-ended"
  | "no-goodbye"
  | "slow-consumer"
  | "broker-restarted"
  | "closed-by-hand"
  | "earlier-error"
  | "slow-handshake"
  | "tls-waiting"
  | "tls-shared-session"
  | "tls-damaged"
  | "tls-settings"
  | "nothing-listens"
  | "name-unknown"
  | "service-name-unknown"
  | "service-unreachable"
  | "wrong-credentials"
  | "guest-remote"
  | "newer-field-kind"
  | "late-reply"
  | "address-silent"
  | "broker-bug";

export const CONNECTION_CAUSES: Readonly<Record<ConnectionCauseId, CauseText>> = {
  "read-abandoned": {
    title: "A read gave up in the middle of a frame (timeout, cancel, signal), and reading went on later",
    confirm:
      "In the application's log, just before: a read timeout, a cancelled task, a signal or an exception that was caught. A capture on the client's host shows that the frames arrive whole.",
    remedy:
      "After a read that failed or timed out, close the connection and open another. Set the read timeout above the heartbeat.",
    now: "Close the connection after a read that failed or timed out.",
  },
  "stream-cut": {
    title: "The stream was cut short: the connection ended in the middle of a frame",
    confirm:
      "A capture shows FIN or RST inside a frame, and who sent it. The broker's log says at that time whom it closed, and why (missed heartbeats, a send that timed out).",
    remedy:
      "Find what ended the connection: broker, load balancer, NAT or a slow network. The client may reconnect; nothing it read is corrupt.",
    now: "Find out what ended the connection; let the client reconnect.",
  },
  "header-refused": {
    title: "The server refused the client's protocol header: it wants another version, mostly AMQP 1.0",
    confirm:
      "The octets are “AMQP” and a version: 0 1 0 0 and 3 1 0 0 are AMQP 1.0 (ActiveMQ, Artemis, Azure Service Bus, Qpid; RabbitMQ 4 too, to what it cannot read), 0 0 9 1 is RabbitMQ, 1 1 0 10 is Qpid's 0-10.",
    remedy:
      "Connect to a broker that speaks AMQP 0-9-1, or use a client for the version the server names. If it names 0 0 9 1, something stood before the client's header.",
    now: "Connect to a broker that speaks AMQP 0-9-1.",
  },
  "broker-of-amqp-1-0": {
    title: "The broker speaks AMQP 1.0, and the client AMQP 0-9-1",
    confirm: "The protocol header in the message: 0 0 9 1 is AMQP 0-9-1; 0 1 0 0 and 3 1 0 0 are AMQP 1.0.",
    remedy: "Use a client for AMQP 1.0 (Qpid, rhea, AMQP.Net Lite), or a broker for AMQP 0-9-1 (RabbitMQ, LavinMQ).",
    now: "Use a client for AMQP 1.0, or a broker for AMQP 0-9-1.",
  },
  "stream-client": {
    title: "A client of RabbitMQ's stream protocol speaks to AMQP's port",
    confirm:
      "rabbitmq-diagnostics listeners shows the stream port, 5552; ss -tnp on the peer's host shows which program it is.",
    remedy: "Let it connect to port 5552 (TLS: 5551), with the plugin on: rabbitmq-plugins enable rabbitmq_stream.",
    now: "Use port 5552, and enable the plugin rabbitmq_stream.",
  },
  "something-before-header": {
    title: "Something stood before the client's protocol header (PROXY header, TLS, an earlier write)",
    confirm: "A capture at the broker shows the first octets that reached it: they must be “AMQP”.",
    remedy:
      "Switch PROXY protocol on at both ends or at neither (proxy_protocol = true in rabbitmq.conf), and connect once per socket.",
    now: "Switch PROXY protocol on at both ends, or at neither.",
  },
  "tls-answered": {
    title: "A TLS port answered a client that speaks plain AMQP (5671 is TLS, 5672 is not)",
    confirm: "openssl s_client -connect HOST:PORT completes a TLS handshake.",
    remedy: "Use TLS in the client (amqps://, port 5671, its SSL option), or the plain port 5672.",
    now: "Use TLS in the client (amqps://), or the plain port 5672.",
  },
  "plain-answered": {
    title: "A client that speaks TLS met a port without TLS, or the other way round",
    confirm: "The first octets in a capture: 16 03 is TLS, 41 4d 51 50 is plain AMQP. 5671 is TLS, 5672 is plain.",
    remedy: "amqps:// with 5671, amqp:// with 5672; the same at every proxy between.",
    now: "Use amqps:// with 5671 and amqp:// with 5672.",
  },
  "http-answered": {
    title: "An HTTP server answered in the broker's place (15672, a proxy, a web page)",
    confirm: "curl -v http://HOST:PORT/ gets an answer.",
    remedy:
      "The AMQP port: 5672, or 5671 with TLS. 15672 is the management interface. Let no HTTP proxy stand before it.",
    now: "Use AMQP's port: 5672, or 5671 with TLS.",
  },
  "client-decoder": {
    title: "The client's decoder cannot take what the broker rightly sends",
    confirm:
      "A capture of the same moment is in order (ghostframe inspect trace.pcap). It comes with certain messages, or with certain orders of frames.",
    remedy:
      "Upgrade the client. Other channels' frames and heartbeats may stand between a content header and its body.",
  },
  "in-between": {
    title: "A proxy, mesh or load balancer stands between client and broker, and may be the one who did it",
    confirm: "Its own log at that time; a capture on both of its sides. Does it stop when the client connects past it?",
    remedy:
      "Give it TCP pass-through for this port, an idle limit above the heartbeat interval, and one connection to the broker per client.",
    now: "Give it TCP pass-through, and an idle limit above heartbeats.",
  },
  "blocked-client": {
    title: "The client was too busy to send heartbeats: one thread or event loop does the work and the heartbeats",
    confirm:
      "In the client's log at that time: one long task, callback, query or collection. The connection dies about two heartbeat intervals after it began.",
    remedy:
      "Move the work to a worker of its own, so that heartbeats go on; or serve the connection during the work. A longer heartbeat only buys time.",
    now: "Move the work to a worker of its own, so heartbeats go on.",
  },
  "heartbeat-too-short": {
    title: "The heartbeat interval is too short for this client or network",
    confirm: "The interval that was agreed on: rabbitmqctl list_connections name timeout.",
    remedy: "30 to 60 seconds suits most. Below 10 seconds a short pause is taken for a dead peer.",
  },
  "frozen-client": {
    title: "The client's process or machine stood still (paused VM, sleeping laptop, debugger, lack of memory)",
    confirm: "A gap in everything the client logs; the hypervisor's or the container's events at that time.",
    remedy: "Cure the pause. The client must reconnect after it, as it must after any loss.",
  },
  "idle-limit": {
    title: "A NAT, firewall or load balancer dropped the connection while it was idle",
    confirm:
      "It dies after the same time of silence each time: 60 s (HAProxy, nginx), 240 s (Azure), 350 s (AWS NLB) are usual. Does it stop with a heartbeat below that?",
    remedy: "A heartbeat of less than half that limit (30 s), or TCP keepalive, or a higher limit there.",
    now: "Set a heartbeat below half of its idle limit: 30 s.",
  },
  "network-lost": {
    title: "The network between client and broker failed",
    confirm: "Other connections of the same hosts died at the same time; retransmissions in a capture.",
    remedy: "Let the client reconnect, with pauses that grow. Find the fault with captures on both hosts.",
  },
  "broker-silent": {
    title: "The broker, or what stands for it, sent nothing in time (overload, a node that stopped, a stalled network)",
    confirm: "The broker's own log and load at that time: memory or disk alarms, a node that left the cluster.",
    remedy: "Cure the broker's load. Let the client reconnect.",
  },
  "client-ended": {
    title: "The client's process ended, was killed, or closed the socket without saying goodbye",
    confirm:
      "At that time on the client's host: a restart, a deployment, an exit of a script, a kill for lack of memory.",
    remedy: "Close the connection (connection.close) before the program ends. By itself it does no harm.",
  },
  "no-goodbye": {
    title: "The client never closes its connections: a new one for every message or request",
    confirm: "rabbitmqctl list_connections shows many that are short; the log has as many of these lines.",
    remedy: "Keep a connection open and use it again, or close it properly.",
  },
  "slow-consumer": {
    title: "The client does not read: the broker's send buffer stayed full until the send timed out",
    confirm:
      "ss -tn on the broker's host shows a large Send-Q for that peer. The client works on a message and does not read meanwhile, or hangs.",
    remedy: "A prefetch limit (basic.qos), and reading on a thread or loop that the work does not block.",
    now: "Set a prefetch limit (basic.qos), and read while working.",
  },
  "broker-restarted": {
    title: "The broker was stopped, restarted or put into maintenance",
    confirm: "The broker's log says so at that time.",
    remedy: "Let the client reconnect, with pauses that grow. Nothing is corrupt.",
  },
  "closed-by-hand": {
    title:
      "Somebody closed the connection: in the management interface, by rabbitmqctl, or by deleting its user or vhost",
    confirm: "The reason in the text, and who was at work at that time.",
    remedy: "Ask them. The client may reconnect.",
  },
  "earlier-error": {
    title: "An earlier error closed the channel or the connection, and this is its consequence",
    confirm:
      "Earlier in the client's or the broker's log: a channel or connection exception (404, 406, 501, 505), a missed heartbeat, a close by the program itself.",
    remedy: "Explain that first error instead. React to a close by opening a new channel before going on.",
  },
  "slow-handshake": {
    title: "The handshake took too long: a slow network, an overloaded client or broker",
    confirm: "The line comes 10 seconds after “accepting AMQP connection” (handshake_timeout), at times of load.",
    remedy: "Cure the load; handshake_timeout in rabbitmq.conf may be raised.",
  },
  "tls-waiting": {
    title: "A TLS setting that does not fit the port: one side waits for the other",
    confirm: "Does the client use amqps:// on 5672, or amqp:// on 5671?",
    remedy: "TLS with 5671, none with 5672.",
  },
  "tls-shared-session": {
    title:
      "Two processes or threads write into one TLS session: it was opened before a fork, or is shared without a lock",
    confirm:
      "On the client's host, ss -tnp shows one local port with several processes; or a socket that several threads write to. TLS counts its records, so a second writer's cannot be verified.",
    remedy: "Connect after the fork, in each process; one connection per thread, or a lock around every write.",
    now: "Connect after the fork, or once for each thread.",
  },
  "tls-damaged": {
    title: "Something between changed the octets of the TLS stream",
    confirm: "Captures on both sides of every proxy differ. Rare: TCP's checksum must have failed to notice.",
    remedy: "Connect past proxies, VPNs and inspecting firewalls, to see whether it stops.",
    now: "Connect past proxies and VPNs, to see whether it stops.",
  },
  "tls-settings": {
    title: "The two sides do not agree on TLS: certificate, name, version or cipher",
    confirm: "openssl s_client -connect HOST:5671 -servername HOST names what fails.",
    remedy: "Set the right CA, certificate and host name on both sides; a TLS version that both allow.",
    now: "Set the right CA, certificate and host name on both sides.",
  },
  "nothing-listens": {
    title: "Nothing listens at that address and port: the broker is down, still starting, or elsewhere",
    confirm:
      "nc -vz HOST PORT; rabbitmq-diagnostics listeners on the broker. In containers localhost is not the broker.",
    remedy: "Start the broker, or correct host and port. Let the client try again until it is up.",
  },
  "name-unknown": {
    title: "The broker's host name cannot be resolved",
    confirm: "getent hosts NAME on the client's host, or inside its container.",
    remedy: "Correct the name or the DNS.",
  },
  "service-name-unknown": {
    title: "The broker's host cannot resolve the name of a service that the broker asks",
    confirm: "getent hosts NAME on the broker's host, or inside its container or pod.",
    remedy:
      "Correct the name, or the DNS of the broker's host (in Kubernetes: the cluster's DNS, the pod's dnsPolicy).",
    now: "Correct the name, or the DNS of the broker's host.",
  },
  "service-unreachable": {
    title: "A service that the broker asks over HTTP does not answer (Kubernetes API, Consul, etcd, a login service)",
    confirm: "curl -v of its address, from the broker's host or inside its pod.",
    remedy: "Start that service, or let the broker reach it (network policy, service account, proxy settings).",
    now: "Let the broker's host reach that service.",
  },
  "wrong-credentials": {
    title: "User name or password is wrong, or the authentication mechanism is not offered",
    confirm:
      "rabbitmqctl authenticate_user NAME asks for the password. In URLs special characters must be percent-encoded.",
    remedy: "Correct the credentials, or create the user.",
  },
  "guest-remote": {
    title: "The user guest may connect from localhost only",
    confirm: "The user is guest, and the client is on another host or in another container.",
    remedy: "Create a user of your own with permissions on the vhost.",
  },
  "newer-field-kind": {
    title: "A header or argument has a kind of value that the reader does not know, or a wrong length before it",
    confirm:
      "The first octet of the dumped value is the kind where it is a letter (“i”, “L”, “u”, …). It comes with the same messages every time.",
    remedy: "Send that header as a string, a long (I, l) or a boolean, or upgrade client and broker.",
    now: "Send that value as a string, a long or a boolean.",
  },
  "late-reply": {
    title: "A message inside the broker came after its time: an answer that nobody waits for any more",
    confirm:
      "It comes at times of load, of a node that leaves the cluster, or with a channel that is just being closed.",
    remedy: "Upgrade the broker if it returns often. No octet of the client's is at fault.",
  },
  "address-silent": {
    title: "Packets to that address are dropped: firewall, security group, wrong host",
    confirm: "nc -vz HOST PORT waits and times out. A capture shows SYN again and again without an answer.",
    remedy: "Correct the address, or open the port in the firewall.",
  },
  "broker-bug": {
    title: "A fault in the broker itself",
    confirm: "Search the text in the broker's issues, with its version; look for a crash report at that time.",
    remedy: "Upgrade the broker.",
  },
};
