<?php
// Publishes with confirms, consumes, compares: publish-and-consume.php PORT QUEUE SIZES.
require_once 'PhpAmqpLib/autoload.php';

use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

[, $port, $queue, $sizes] = $argv;
$pattern = implode('', array_map('chr', range(0, 250)));
$bodies = [];
foreach (explode(',', $sizes) as $size) {
    $bodies[] = substr(str_repeat($pattern, intdiv((int) $size, 251) + 1), 0, (int) $size);
}
$connection = new AMQPStreamConnection('127.0.0.1', (int) $port, 'guest', 'guest');
$channel = $connection->channel();
$channel->queue_declare($queue, false, false, false, false);
$channel->confirm_select();
foreach ($bodies as $number => $body) {
    $properties = ['message_id' => (string) $number, 'application_headers' => new AMQPTable(['n' => $number])];
    $channel->basic_publish(new AMQPMessage($body, $properties), '', $queue);
}
$channel->wait_for_pending_acks(20);
$consumed = [];
$channel->basic_consume($queue, '', false, false, false, false, function ($message) use (&$consumed) {
    $consumed[] = $message->getBody();
    $message->ack();
});
while (count($consumed) < count($bodies)) {
    $channel->wait(null, false, 20);
}
$channel->close();
$connection->close();
echo $consumed === $bodies ? "same\n" : "not the same\n";
