<?php
// As account.py, by php-amqplib: account.php PORT NAME. Publishes do not wait for each other.
require_once 'PhpAmqpLib/autoload.php';

use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

[, $port, $name] = $argv;

function tell(string $operation, string $id, string $outcome, array $more = []): void
{
    echo json_encode(['operation' => $operation, 'messageId' => $id, 'outcome' => $outcome] + $more), "\n";
}

$connection = new AMQPStreamConnection('127.0.0.1', (int) $port, 'guest', 'guest');
$channel = $connection->channel();
$channel->queue_declare($name, false, false, true, false);
$full = new AMQPTable(['x-max-length' => 1, 'x-overflow' => 'reject-publish']);
$channel->queue_declare("$name-full", false, false, true, false, false, $full);
$returned = [];
$channel->set_return_listener(function ($code, $text, $exchange, $key, $message) use (&$returned) {
    $returned[$message->get('message_id')] = $code;
});
$channel->set_ack_handler(function ($message) use (&$returned) {
    $id = $message->get('message_id');
    if (isset($returned[$id])) {
        tell('publish', $id, 'returned', ['code' => $returned[$id]]);
    } else {
        tell('publish', $id, 'confirmed');
    }
});
$channel->set_nack_handler(fn ($message) => tell('publish', $message->get('message_id'), 'nacked'));
$channel->confirm_select();

$publish = function (string $key, string $kind, int $number, bool $mandatory = false) use ($channel, $name) {
    $id = "$name-$kind-$number";
    $channel->basic_publish(new AMQPMessage("body of $id", ['message_id' => $id]), '', $key, $mandatory);
};
for ($number = 0; $number < 6; $number++) {
    $publish($name, 'task', $number);
    $publish("$name-nowhere", 'lost', $number, true);
    $publish("$name-full", 'full', $number);
}
$channel->wait_for_pending_acks_returns(20);

$consumer = $connection->channel();
$received = [];
$consumer->basic_consume($name, '', false, false, false, false, function ($message) use (&$received) {
    $received[] = $message;
});
while (count($received) < 6) {
    $consumer->wait(null, false, 20);
}
$received[0]->ack();
$received[2]->ack(true);
$received[3]->nack();
$received[4]->reject(false);
$consumer->close();
foreach (['acked', 'acked', 'acked', 'nacked', 'rejected', 'requeued'] as $i => $outcome) {
    tell('deliver', $received[$i]->get('message_id'), $outcome, ['deliveryTag' => $received[$i]->getDeliveryTag()]);
}

$getter = $connection->channel();
$tellGot = function ($message, string $outcome) {
    tell('get', $message->get('message_id'), $outcome, ['deliveryTag' => $message->getDeliveryTag()]);
};
$first = $getter->basic_get($name);
$first->reject(true);
$tellGot($first, 'requeued');
$again = $getter->basic_get($name);
$again->ack();
$tellGot($again, 'acked');
$publish($name, 'task', 6);
$channel->wait_for_pending_acks(20);
$tellGot($getter->basic_get($name, true), 'auto-acked');
$connection->close();
