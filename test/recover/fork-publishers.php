<?php

/**
 * Processes that share a connection, as a fork without care makes them: fork-publishers.php PORT QUEUE.
 *
 * Opens a connection of php-amqplib's and a channel for each child, publishes on the first one, then forks. Each child
 * publishes messages of its own until the connection breaks under it. All of a message can be told from its id.
 */

require 'PhpAmqpLib/autoload.php';

use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

const CHILDREN = 3;
const MESSAGES = 5;
const BODY_OCTETS = 60000;

[, $port, $queue] = $argv;
$connection = new AMQPStreamConnection('127.0.0.1', (int) $port, 'guest', 'guest');
$channels = [];
for ($child = 0; $child < CHILDREN; $child++) {
    $channels[] = $connection->channel();
}
$channels[0]->queue_declare($queue, false, true, false, false);

function publish($channel, string $writer, int $number, string $queue): void
{
    $id = "$writer-$number";
    $body = substr(str_repeat("message $id. ", BODY_OCTETS), 0, BODY_OCTETS);
    $headers = new AMQPTable(['writer' => $writer, 'number' => $number]);
    $properties = ['message_id' => $id, 'delivery_mode' => 2, 'application_headers' => $headers];
    $channel->basic_publish(new AMQPMessage($body, $properties), '', $queue);
}

for ($number = 0; $number < MESSAGES; $number++) {
    publish($channels[0], 'parent', $number, $queue);
}
// None begins before all are there.
[$gate, $start] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, STREAM_IPPROTO_IP);
$children = [];
foreach ($channels as $child => $channel) {
    $pid = pcntl_fork();
    if ($pid !== 0) {
        $children[] = $pid;
        continue;
    }
    try {
        fclose($start);
        fread($gate, 1);
        for ($number = 0; $number < MESSAGES; $number++) {
            publish($channel, "child$child", $number, $queue);
        }
    } catch (\Throwable) {
        // The connection broke.
    }
    // What ends a process of PHP would close the connection.
    posix_kill(posix_getpid(), SIGKILL);
}
fclose($start);
foreach ($children as $pid) {
    pcntl_waitpid($pid, $status);
}
posix_kill(posix_getpid(), SIGKILL);
