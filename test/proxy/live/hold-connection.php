<?php
// Publishes a message, says "open", and closes when it is told to: hold-connection.php PORT.
require_once 'PhpAmqpLib/autoload.php';

use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Message\AMQPMessage;

$connection = new AMQPStreamConnection('127.0.0.1', (int) $argv[1], 'guest', 'guest');
$channel = $connection->channel();
$channel->queue_declare('held by php', false, false, false, true);
$channel->basic_publish(new AMQPMessage('hi'), '', 'held by php');
echo "open\n";
stream_set_blocking(STDIN, false);
while (fgets(STDIN) === false) {
    try {
        $channel->wait(null, false, 0.05);
    } catch (PhpAmqpLib\Exception\AMQPTimeoutException $none) {
    }
}
$connection->close();
