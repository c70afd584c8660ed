"""Scenarios of healthy clients, by py-amqp: py-amqp.py PORT SCENARIO QUEUE."""

import amqp
from pace import CHANNEL_SIZES, SIZES, SMALL_FRAME_SIZES, body, headers, port, queue, ready, run


def connected(**options):
    connection = amqp.Connection(f"127.0.0.1:{port}", client_properties={"connection_name": queue}, **options)
    connection.connect()
    return connection


def publish(channel, name, number, size):
    message = amqp.Message(body(size), application_headers=headers(number))
    channel.basic_publish(message, routing_key=name)


def consume(connection, channel, name, count, multiple=1):
    left = count

    def consumed(message):
        nonlocal left
        left -= 1
        if left % multiple == 0:
            channel.basic_ack(message.delivery_tag, multiple=multiple > 1)

    channel.basic_qos(0, 20, False)
    channel.basic_consume(name, callback=consumed)
    while left > 0:
        connection.drain_events(timeout=20)


def in_one_connection(sizes, multiple=1, **options):
    connection = connected(confirm_publish=True, **options)
    channel = connection.channel()
    channel.queue_declare(queue, auto_delete=True)
    for number, size in enumerate(sizes):
        publish(channel, queue, number, size)
    consume(connection, channel, queue, len(sizes), multiple)
    channel.close()
    connection.close()


def channels():
    connection = connected()
    opened = [connection.channel() for _ in range(20)]
    for number, channel in enumerate(opened):
        channel.queue_declare(f"{queue} {number}", auto_delete=True)
    for turn in range(14):
        for number, channel in enumerate(opened):
            publish(channel, f"{queue} {number}", turn, CHANNEL_SIZES[turn % 7])
    for number, channel in enumerate(opened):
        consume(connection, channel, f"{queue} {number}", 14, 7)
    connection.close()


def transactions():
    connection = connected()
    channel = connection.channel()
    channel.queue_declare(queue, auto_delete=True)
    channel.tx_select()
    for number in range(3):
        publish(channel, queue, number, number * 1000)
    channel.tx_commit()
    publish(channel, queue, 3, 10)
    channel.tx_rollback()
    connection.close()


def churn():
    connection = connected()
    for number in range(60):
        channel = connection.channel()
        channel.queue_declare(queue, auto_delete=True)
        publish(channel, queue, number, number * 100)
        channel.close()
    connection.close()


def soft_errors():
    connection = connected()

    def failing(act):
        channel = connection.channel()
        try:
            act(channel)
            while channel.is_open:
                connection.drain_events(timeout=5)
        except amqp.exceptions.ChannelError:
            pass

    failing(lambda channel: channel.queue_declare(f"no {queue}", passive=True))
    keeper = connection.channel()
    keeper.queue_declare(queue, auto_delete=True)
    failing(lambda channel: channel.queue_declare(queue, durable=True))
    failing(lambda channel: channel.basic_publish(amqp.Message(b"lost"), f"no {queue}", "key"))
    connection.close()


def killed():
    connection = connected()
    channel = connection.channel()
    channel.queue_declare(queue, auto_delete=True)
    publish(channel, queue, 0, 10)
    connection.channel().close()
    ready()


run(
    {
        "confirms": lambda: in_one_connection(SIZES),
        "batch": lambda: in_one_connection(range(200), 20),
        "small-frames": lambda: in_one_connection(SMALL_FRAME_SIZES, frame_max=4096),
        "channels": channels,
        "transactions": transactions,
        "churn": churn,
        "soft-errors": soft_errors,
        "killed": killed,
    }
)
