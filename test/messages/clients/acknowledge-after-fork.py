"""A consumer that forks with its connection: child and parent both acknowledge the one delivery. Prints what the broker said."""

import os
import sys

import pika

connection = pika.BlockingConnection(pika.ConnectionParameters(host="127.0.0.1", port=int(sys.argv[1])))
channel = connection.channel()
queue = channel.queue_declare(queue="", exclusive=True).method.queue
channel.basic_publish("", queue, b"one task")
delivery, _, _ = next(channel.consume(queue))

child = os.fork()
if child != 0:
    os.waitpid(child, 0)
channel.basic_ack(delivery.delivery_tag)
if child == 0:
    os._exit(0)
try:
    connection.process_data_events(time_limit=10)
    channel.queue_declare(queue=queue, passive=True)
except pika.exceptions.ChannelClosedByBroker as error:
    print(error.reply_code, error.reply_text)
connection.close()
