"""Threads publish over one connection of pika's: race-publishers.py shared|locked MESSAGES.

Connects to AMQP_URL. "shared" is what pika forbids: each thread publishes as it likes, until the connection breaks or
its MESSAGES are sent. With "locked" they take turns.
"""

import contextlib
import logging
import os
import sys
import threading

import pika

THREADS = 4
BODY = b"x" * 200

logging.disable(logging.CRITICAL)
lock = threading.Lock() if sys.argv[1] == "locked" else contextlib.nullcontext()
messages = int(sys.argv[2])
connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
channels = [connection.channel() for _ in range(THREADS)]
channels[0].queue_declare(queue="race-publishers", auto_delete=True)


def publish(channel):
    for _ in range(messages):
        if connection.is_closed:
            return
        # Threads that pull each other's buffers away make pika fail now and then, and go on.
        with contextlib.suppress(Exception), lock:
            channel.basic_publish("", "race-publishers", BODY)


threads = [threading.Thread(target=publish, args=(each,), daemon=True) for each in channels]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(30)
print("broken" if connection.is_closed else "whole", flush=True)
if sys.argv[1] == "locked":
    connection.close()
# What is left of a broken connection would wait for answers.
os._exit(0)
