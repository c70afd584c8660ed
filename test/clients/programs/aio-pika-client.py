"""Scenarios of healthy clients, by aio-pika: aio-pika-client.py PORT SCENARIO QUEUE."""

import asyncio

import aio_pika
from pace import CHANNEL_SIZES, SIZES, body, headers, port, queue, ready, run


def connected(query=""):
    return aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/{query}", client_properties={"connection_name": queue})


async def exchange(connection, sizes, name=queue):
    channel = await connection.channel()
    await channel.set_qos(20)
    target = await channel.declare_queue(name, auto_delete=True)
    messages = [aio_pika.Message(body(size), headers=headers(number)) for number, size in enumerate(sizes)]
    await asyncio.gather(*(channel.default_exchange.publish(message, name) for message in messages))
    left = len(sizes)
    async with target.iterator() as consumed:
        async for message in consumed:
            await message.ack()
            left -= 1
            if left == 0:
                break
    await channel.close()


async def in_one_connection(sizes):
    async with await connected() as connection:
        await exchange(connection, sizes)


async def channels():
    async with await connected() as connection:
        await asyncio.gather(*(exchange(connection, CHANNEL_SIZES * 2, f"{queue}-{n}") for n in range(20)))


async def transactions():
    async with await connected() as connection:
        channel = await connection.channel(publisher_confirms=False)
        await channel.declare_queue(queue, auto_delete=True)
        async with channel.transaction():
            for number in range(3):
                await channel.default_exchange.publish(aio_pika.Message(body(number * 1000)), queue)


async def churn():
    async with await connected() as connection:
        for number in range(60):
            async with connection.channel() as channel:
                await channel.declare_queue(queue, auto_delete=True)
                await channel.default_exchange.publish(aio_pika.Message(body(number * 100)), queue)


async def soft_errors():
    async with await connected() as connection:
        for passive in (True, True):
            try:
                await (await connection.channel()).declare_queue(f"no-{queue}", passive=passive)
            except aio_pika.exceptions.ChannelClosed:
                pass
        await (await connection.channel()).declare_queue(queue, auto_delete=True)
        try:
            await (await connection.channel()).declare_queue(queue, durable=True)
        except aio_pika.exceptions.ChannelClosed:
            pass


async def killed():
    await exchange(await connected(), [1, 2, 3])
    ready()


run(
    {
        "confirms": lambda: asyncio.run(in_one_connection(SIZES)),
        "batch": lambda: asyncio.run(in_one_connection(range(300))),
        "channels": lambda: asyncio.run(channels()),
        "transactions": lambda: asyncio.run(transactions()),
        "churn": lambda: asyncio.run(churn()),
        "soft-errors": lambda: asyncio.run(soft_errors()),
        "killed": lambda: asyncio.run(killed()),
    }
)
