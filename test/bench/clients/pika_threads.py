"""pika_threads.py URL OCTETS MESSAGES THREADS

Threads publish on one BlockingConnection, each on a channel of its own. pika has no lock, and says so: a connection
belongs to one thread. Nothing of pika is changed here.
"""
import logging
import os
import sys
import threading

import pika

logging.getLogger("pika").setLevel(logging.CRITICAL + 1)

url = sys.argv[1]
octets, messages, threads = (int(argument) for argument in sys.argv[2:])
connection = pika.BlockingConnection(pika.URLParameters(url))
channels = [connection.channel() for _ in range(threads)]


def publish(i):
    properties = pika.BasicProperties(headers={"thread": i})
    body = bytes([ord("a") + i]) * octets
    for _ in range(messages // threads):
        # Nobody reads the queue of this name: there is none, and the broker drops what comes for it.
        channels[i].basic_publish("", "squeeze", body, properties)


def give_up(failure):
    """pika has noticed what was done to it. Without the long good-bye of a connection that is broken."""
    print(f"{failure.exc_type.__name__}: {failure.exc_value}", file=sys.stderr)
    os._exit(1)


threading.excepthook = give_up
publishers = [threading.Thread(target=publish, args=(i,)) for i in range(threads)]
for publisher in publishers:
    publisher.start()
for publisher in publishers:
    publisher.join()
connection.close()
