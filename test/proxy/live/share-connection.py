"""Threads that share one BlockingConnection, which pika forbids: share-connection.py PORT NAME.

Each publishes on a channel of its own until something breaks or the messages are used up. Prints "broken: WHY" or "done".
"""

import sys
import threading

import pika

THREADS = 6
MESSAGES = 60
BODY_OCTETS = 20_000

port, name = int(sys.argv[1]), sys.argv[2]
parameters = pika.ConnectionParameters(
    host="127.0.0.1", port=port, heartbeat=0, client_properties={"connection_name": name}
)
connection = pika.BlockingConnection(parameters)
channels = [connection.channel() for _ in range(THREADS)]
channels[0].queue_declare(queue=name, durable=True)
failures = []
begin = threading.Barrier(THREADS)


def publish(number, channel):
    begin.wait()
    try:
        for message in range(MESSAGES):
            if failures:
                return
            # What a tracing library writes: a trace for each thread, a span for each message.
            traceparent = f"00-{number + 1:032x}-{number + 1:08x}{message + 1:08x}-01"
            properties = pika.BasicProperties(
                message_id=f"t{number}-{message}", headers={"traceparent": traceparent}
            )
            channel.basic_publish("", name, bytes([97 + number]) * BODY_OCTETS, properties)
    except Exception as error:  # whatever pika's own state is by now
        failures.append(f"{type(error).__name__} {error}")


threads = [
    threading.Thread(target=publish, args=each, daemon=True) for each in enumerate(channels)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"broken: {failures[0]}" if failures else "done")
