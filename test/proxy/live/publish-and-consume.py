"""Publishes with confirms, consumes, compares: publish-and-consume.py PORT QUEUE SIZES."""

import sys

import pika

port, queue = int(sys.argv[1]), sys.argv[2]
bodies = [bytes(i % 251 for i in range(int(size))) for size in sys.argv[3].split(",")]
connection = pika.BlockingConnection(pika.ConnectionParameters(host="127.0.0.1", port=port))
channel = connection.channel()
channel.queue_declare(queue=queue)
channel.confirm_delivery()
for number, body in enumerate(bodies):
    channel.basic_publish("", queue, body, pika.BasicProperties(message_id=str(number), headers={"n": number}))
consumed = []
for method, properties, body in channel.consume(queue, inactivity_timeout=20):
    if method is None:
        break
    consumed.append(body)
    channel.basic_ack(method.delivery_tag)
    if len(consumed) == len(bodies):
        break
channel.cancel()
connection.close()
print("same" if consumed == bodies else f"not the same: {len(consumed)} of {len(bodies)}")
