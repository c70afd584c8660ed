"""Scenarios of healthy clients, by Kombu: kombu-library.py PORT SCENARIO QUEUE."""

from kombu import Connection, Consumer, Producer, Queue
from pace import SIZES, body, headers, port, queue, run


def connected(**options):
    return Connection(f"amqp://guest:guest@127.0.0.1:{port}//", transport_options=options)


def exchange(sizes, **options):
    target = Queue(queue, durable=False, auto_delete=True)
    binary = {"content_type": "application/octet-stream", "content_encoding": "binary", "declare": [target]}
    with connected(**options) as connection, connection.channel() as channel:
        producer = Producer(channel)
        for number, size in enumerate(sizes):
            producer.publish(body(size), routing_key=queue, headers=headers(number), **binary)
        left = len(sizes)

        def consumed(_body, message):
            nonlocal left
            left -= 1
            message.ack()

        with Consumer(connection, [target], callbacks=[consumed], accept=["application/octet-stream"]):
            while left > 0:
                connection.drain_events(timeout=20)


def simple():
    with connected() as connection, connection.SimpleQueue(queue) as target:
        for number in range(40):
            target.put({"number": number, "text": "x" * number * 100})
        for _ in range(40):
            target.get(timeout=20).ack()


run({"confirms": lambda: exchange(SIZES, confirm_publish=True), "batch": lambda: exchange(range(200)), "simple": simple})
