"""Scenarios of healthy clients, by Celery: celery-tasks.py PORT SCENARIO QUEUE. A worker, and who asks it."""

import subprocess
import sys

from celery import Celery
from pace import port, queue, run

app = Celery("tasks", broker=f"amqp://guest:guest@127.0.0.1:{port}//", backend="rpc://")
app.conf.update(task_default_queue=queue, broker_connection_retry=False)


@app.task(name="double")
def double(text):
    return text * 2


def work():
    app.worker_main(["worker", "--pool=solo", "--loglevel=ERROR", "--without-gossip", "--without-mingle"])


def tasks():
    worker = subprocess.Popen([sys.executable, __file__, str(port), "worker", queue], stdout=subprocess.DEVNULL)
    results = [double.delay("x" * number * 100) for number in range(20)]
    assert [len(result.get(timeout=20)) for result in results] == [number * 200 for number in range(20)]
    app.control.shutdown()
    worker.wait(20)


run({"tasks": tasks, "worker": work})
