"""Scenarios of healthy clients, by pika's BlockingConnection: pika-blocking.py PORT SCENARIO QUEUE."""

import ssl

import pika
from pace import CHANNEL_SIZES, SIZES, SMALL_FRAME_SIZES, body, headers, port, queue, ready, run


def connected(**options):
    properties = {"connection_name": queue}
    parameters = pika.ConnectionParameters(host="127.0.0.1", port=port, client_properties=properties, **options)
    return pika.BlockingConnection(parameters)


def publish(channel, name, number, size):
    channel.basic_publish("", name, body(size), pika.BasicProperties(headers=headers(number)))


def consume(channel, name, count, multiple=1):
    channel.basic_qos(prefetch_count=20)
    left = count
    for method, _, _ in channel.consume(name, inactivity_timeout=20):
        left -= 1
        if left % multiple == 0:
            channel.basic_ack(method.delivery_tag, multiple=multiple > 1)
        if left == 0:
            break
    channel.cancel()


def exchange(connection, sizes, multiple=1, confirms=True):
    channel = connection.channel()
    channel.queue_declare(queue, auto_delete=True)
    if confirms:
        channel.confirm_delivery()
    for number, size in enumerate(sizes):
        publish(channel, queue, number, size)
    consume(channel, queue, len(sizes), multiple)
    channel.close()


def in_one_connection(sizes, multiple=1, confirms=True, **options):
    connection = connected(**options)
    exchange(connection, sizes, multiple, confirms)
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
        consume(channel, f"{queue} {number}", 14, 7)
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
    publish(channel, queue, 4, 10)
    channel.tx_commit()
    connection.close()


def rpc():
    connection = connected()
    server, client = connection.channel(), connection.channel()
    server.queue_declare(queue, auto_delete=True)

    def serve(channel, method, properties, request):
        reply = pika.BasicProperties(correlation_id=properties.correlation_id, headers=properties.headers)
        channel.basic_publish("", properties.reply_to, request, reply)
        channel.basic_ack(method.delivery_tag)

    server.basic_consume(queue, serve)
    answers = []
    client.basic_consume("amq.rabbitmq.reply-to", lambda *answer: answers.append(answer), auto_ack=True)
    for number in range(20):
        asking = {"reply_to": "amq.rabbitmq.reply-to", "correlation_id": str(number), "headers": headers(number)}
        client.basic_publish("", queue, body(number * 300), pika.BasicProperties(**asking))
        while len(answers) <= number:
            connection.process_data_events(time_limit=20)
    connection.close()


def churn():
    connection = connected()
    for number in range(60):
        channel = connection.channel()
        channel.queue_declare(queue, auto_delete=True)
        publish(channel, queue, number, number * 100)
        publish(channel, queue, number, 10)
        channel.close()
    connection.close()


def soft_errors():
    connection = connected()

    def failing(act):
        channel = connection.channel()
        try:
            act(channel)
            while channel.is_open:
                connection.process_data_events(time_limit=1)
        except pika.exceptions.ChannelClosedByBroker:
            pass

    failing(lambda channel: channel.queue_declare(f"no {queue}", passive=True))
    failing(lambda channel: channel.queue_declare(f"no {queue}", passive=True))
    keeper = connection.channel()
    keeper.queue_declare(queue, auto_delete=True)
    failing(lambda channel: channel.queue_declare(queue, durable=True))
    failing(lambda channel: channel.basic_publish(f"no {queue}", "key", body(10)))
    failing(lambda channel: channel.exchange_declare("amq.mine", "topic"))
    failing(lambda channel: channel.basic_ack(7))
    connection.close()


def returns():
    connection = connected()
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, auto_delete=True)
    for number in range(10):
        try:
            channel.basic_publish("", queue if number % 2 else f"no {queue}", body(number * 1000), mandatory=True)
        except pika.exceptions.UnroutableError:
            pass
    for number in range(6):
        method, _, _ = channel.basic_get(queue, auto_ack=number == 0)
        if method is not None and number == 1:
            channel.basic_nack(method.delivery_tag)
        elif method is not None and number > 1:
            channel.basic_ack(method.delivery_tag)
    connection.close()


def blocked():
    connection = connected()
    channel = connection.channel()
    channel.queue_declare(queue, auto_delete=True)
    ready()
    # The broker reads this, and nothing behind it until the alarm is over.
    publish(channel, queue, 0, 10)
    ready()
    connection.process_data_events(time_limit=1)
    publish(channel, queue, 1, 10)
    connection.close()


def restart():
    connection = connected()
    exchange(connection, [1, 2, 3])
    ready()
    try:
        while connection.is_open:
            connection.process_data_events(time_limit=5)
    except pika.exceptions.AMQPConnectionError:
        pass
    ready()
    in_one_connection([1, 2, 3])


def killed():
    connection = connected()
    exchange(connection, [1, 2, 3])
    ready()


def tls():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    in_one_connection(SIZES, ssl_options=pika.SSLOptions(context))


run(
    {
        "confirms": lambda: in_one_connection(SIZES),
        "no-confirms": lambda: in_one_connection(range(300), 20, False),
        "batch": lambda: in_one_connection(range(200), 20),
        "small-frames": lambda: in_one_connection(SMALL_FRAME_SIZES, frame_max=4096),
        "channels": channels,
        "transactions": transactions,
        "rpc": rpc,
        "churn": churn,
        "soft-errors": soft_errors,
        "returns": returns,
        "blocked": blocked,
        "restart": restart,
        "killed": killed,
        "tls": tls,
    }
)
