"""Publishes a message, says "open", and closes when it is told to: hold-connection.py PORT."""

import sys
import threading

import pika

connection = pika.BlockingConnection(pika.ConnectionParameters(host="127.0.0.1", port=int(sys.argv[1])))
channel = connection.channel()
channel.queue_declare(queue="held by pika", auto_delete=True)
channel.basic_publish("", "held by pika", b"hi")
print("open", flush=True)
told = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), told.set()), daemon=True).start()
while not told.is_set():
    connection.process_data_events(0.05)
connection.close()
