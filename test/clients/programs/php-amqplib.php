<?php
// Scenarios of healthy clients, by php-amqplib: php-amqplib.php PORT SCENARIO QUEUE.
require_once 'PhpAmqpLib/autoload.php';

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPProtocolChannelException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

[, $port, $scenario, $queue] = $argv;
const SIZES = [0, 1, 100, 4096, 131063, 131064, 131065, 262128, 1000000];
const CHANNEL_SIZES = [10, 200, 1500, 5000, 20000, 140000, 0];

function body(int $size): string
{
    static $pattern = null;
    $pattern ??= implode('', array_map('chr', range(0, 250)));
    return substr(str_repeat($pattern, intdiv($size, 251) + 1), 0, $size);
}

function message(int $number, int $size): AMQPMessage
{
    $trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    return new AMQPMessage(body($size), ['application_headers' => new AMQPTable(['n' => $number, 'traceparent' => $trace])]);
}

function ready(): void
{
    echo "ready\n";
    fgets(STDIN);
}

function consume(AMQPChannel $channel, string $name, int $count, int $multiple = 1): void
{
    $left = $count;
    $channel->basic_qos(0, 20, false);
    $channel->basic_consume($name, '', false, false, false, false, function ($message) use (&$left, $multiple) {
        $left--;
        if ($left % $multiple === 0) {
            $message->ack($multiple > 1);
        }
    });
    while ($left > 0) {
        $channel->wait(null, false, 20);
    }
}

function exchange(AMQPStreamConnection $connection, array $sizes, string $name, int $multiple = 1): void
{
    $channel = $connection->channel();
    $channel->queue_declare($name);
    $channel->confirm_select();
    foreach ($sizes as $number => $size) {
        $channel->basic_publish(message($number, $size), '', $name);
    }
    $channel->wait_for_pending_acks(20);
    consume($channel, $name, count($sizes), $multiple);
    $channel->close();
}

function failing(AMQPStreamConnection $connection, callable $act): void
{
    $channel = $connection->channel();
    try {
        $act($channel);
        $channel->wait(null, false, 5);
    } catch (AMQPProtocolChannelException $expected) {
    }
}

$connection = new AMQPStreamConnection('127.0.0.1', (int) $port, 'guest', 'guest');
$scenarios = [
    'confirms' => fn () => exchange($connection, SIZES, $queue),
    'batch' => fn () => exchange($connection, range(0, 199), $queue, 20),
    'channels' => function () use ($connection, $queue) {
        $channels = [];
        for ($n = 0; $n < 20; $n++) {
            $channels[$n] = $connection->channel();
            $channels[$n]->queue_declare("$queue $n");
        }
        for ($turn = 0; $turn < 14; $turn++) {
            foreach ($channels as $n => $channel) {
                $channel->basic_publish(message($turn, CHANNEL_SIZES[$turn % 7]), '', "$queue $n");
            }
        }
        foreach ($channels as $n => $channel) {
            consume($channel, "$queue $n", 14, 7);
        }
    },
    'batched-publishes' => function () use ($connection, $queue) {
        $channel = $connection->channel();
        $channel->queue_declare($queue);
        for ($n = 0; $n < 60; $n++) {
            $channel->batch_basic_publish(message($n, $n * 500), '', $queue);
        }
        $channel->publish_batch();
        consume($channel, $queue, 60, 20);
    },
    'transactions' => function () use ($connection, $queue) {
        $channel = $connection->channel();
        $channel->queue_declare($queue);
        $channel->tx_select();
        for ($n = 0; $n < 3; $n++) {
            $channel->basic_publish(message($n, $n * 1000), '', $queue);
        }
        $channel->tx_commit();
        $channel->basic_publish(message(3, 10), '', $queue);
        $channel->tx_rollback();
        $channel->close();
    },
    'churn' => function () use ($connection, $queue) {
        for ($n = 0; $n < 60; $n++) {
            $channel = $connection->channel();
            $channel->queue_declare($queue);
            $channel->basic_publish(message($n, $n * 100), '', $queue);
            $channel->close();
        }
    },
    'soft-errors' => function () use ($connection, $queue) {
        failing($connection, fn ($channel) => $channel->queue_declare("no $queue", true));
        $connection->channel()->queue_declare($queue);
        failing($connection, fn ($channel) => $channel->queue_declare($queue, false, true));
        failing($connection, fn ($channel) => $channel->basic_publish(message(0, 10), "no $queue", 'key'));
    },
    'killed' => function () use ($connection, $queue) {
        exchange($connection, [1, 2, 3], $queue);
        ready();
    },
];
$scenarios[$scenario]();
$connection->close();
echo "done\n";
