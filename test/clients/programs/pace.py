"""What the programs of Python here share: the arguments PORT SCENARIO QUEUE, and how they keep pace with the test."""

import sys

port, scenario, queue = int(sys.argv[1]), sys.argv[2], sys.argv[3]
SIZES = [0, 1, 100, 4096, 131_063, 131_064, 131_065, 262_128, 1_000_000]
SMALL_FRAME_SIZES = [0, 1, 4087, 4088, 4089, 8176, 20_000]
CHANNEL_SIZES = [10, 200, 1500, 5000, 20_000, 140_000, 0]


def body(size):
    return bytes(i % 251 for i in range(size))


def headers(number):
    return {"n": number, "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


def ready():
    """Tells the test that it may do its part, and waits until it has."""
    print("ready", flush=True)
    sys.stdin.readline()


def run(scenarios):
    scenarios[scenario]()
    print("done", flush=True)
