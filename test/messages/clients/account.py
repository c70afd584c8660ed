"""A life of messages, and what the client knows of each, as JSON lines: account.py PORT NAME. All programs here do the same."""

import json
import sys

import pika

port, name = int(sys.argv[1]), sys.argv[2]


def tell(operation, message_id, outcome, **more):
    print(json.dumps({"operation": operation, "messageId": message_id, "outcome": outcome, **more}))


def publish(routing_key, kind, number, mandatory=False):
    message_id = f"{name}-{kind}-{number}"
    try:
        properties = pika.BasicProperties(message_id=message_id)
        channel.basic_publish("", routing_key, f"body of {message_id}".encode(), properties, mandatory=mandatory)
        tell("publish", message_id, "confirmed")
    except pika.exceptions.UnroutableError as error:
        tell("publish", message_id, "returned", code=error.messages[0].method.reply_code)
    except pika.exceptions.NackError:
        tell("publish", message_id, "nacked")


connection = pika.BlockingConnection(pika.ConnectionParameters(host="127.0.0.1", port=port))
channel = connection.channel()
channel.queue_declare(queue=name, exclusive=True)
full = {"x-max-length": 1, "x-overflow": "reject-publish"}
channel.queue_declare(queue=f"{name}-full", exclusive=True, arguments=full)
channel.confirm_delivery()
for number in range(6):
    publish(name, "task", number)
    publish(f"{name}-nowhere", "lost", number, mandatory=True)
    publish(f"{name}-full", "full", number)

consumer = connection.channel()
received = []


def receive(_channel, method, properties, _body):
    received.append((method.delivery_tag, properties.message_id))
    if len(received) == 6:
        consumer.stop_consuming()


consumer.basic_consume(name, receive)
consumer.start_consuming()
tags = [tag for tag, _ in received]
consumer.basic_ack(tags[0])
consumer.basic_ack(tags[2], multiple=True)
consumer.basic_nack(tags[3], requeue=False)
consumer.basic_reject(tags[4], requeue=False)
consumer.close()
for (tag, message_id), outcome in zip(received, ["acked", "acked", "acked", "nacked", "rejected", "requeued"]):
    tell("deliver", message_id, outcome, deliveryTag=tag)

getter = connection.channel()
method, properties, _ = getter.basic_get(name)
getter.basic_reject(method.delivery_tag, requeue=True)
tell("get", properties.message_id, "requeued", deliveryTag=method.delivery_tag)
method, properties, _ = getter.basic_get(name)
getter.basic_ack(method.delivery_tag)
tell("get", properties.message_id, "acked", deliveryTag=method.delivery_tag)
publish(name, "task", 6)
method, properties, _ = getter.basic_get(name, auto_ack=True)
tell("get", properties.message_id, "auto-acked", deliveryTag=method.delivery_tag)
connection.close()
