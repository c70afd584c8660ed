"""Scenarios of healthy clients, by pika's SelectConnection: pika-select.py PORT SCENARIO QUEUE."""

import pika
from pace import CHANNEL_SIZES, SIZES, SMALL_FRAME_SIZES, body, headers, port, queue, run


class Exchange:
    """On each of several channels at a time: publishes all without waiting, and consumes it."""

    def __init__(self, sizes, channels=1, **options):
        self.sizes = sizes
        self.left = channels
        self.channels = channels
        parameters = pika.ConnectionParameters(host="127.0.0.1", port=port, **options)
        self.connection = pika.SelectConnection(parameters, on_open_callback=self.opened, on_close_callback=self.closed)
        self.connection.ioloop.start()

    def opened(self, _connection):
        for number in range(self.channels):
            self.connection.channel(on_open_callback=lambda channel, name=f"{queue} {number}": self.begin(channel, name))

    def begin(self, channel, name):
        confirmed = lambda _frame: self.publish(channel, name)
        channel.queue_declare(
            name, auto_delete=True, callback=lambda _frame: channel.confirm_delivery(lambda _method: None, confirmed)
        )

    def publish(self, channel, name):
        for number, size in enumerate(self.sizes):
            channel.basic_publish("", name, body(size), pika.BasicProperties(headers=headers(number)))
        count = 0

        def consumed(own, method, _properties, _body):
            nonlocal count
            count += 1
            if count % 7 == 0 or count == len(self.sizes):
                own.basic_ack(method.delivery_tag, multiple=True)
            if count == len(self.sizes):
                own.close()

        channel.add_on_close_callback(lambda *_: self.done())
        channel.basic_consume(name, consumed)

    def done(self):
        self.left -= 1
        if self.left == 0:
            self.connection.close()

    def closed(self, connection, _reason):
        connection.ioloop.stop()


run(
    {
        "confirms": lambda: Exchange(SIZES),
        "batch": lambda: Exchange(range(300)),
        "small-frames": lambda: Exchange(SMALL_FRAME_SIZES, frame_max=4096),
        "channels": lambda: Exchange(CHANNEL_SIZES * 2, 20),
    }
)
