# As account.py, by Bunny: account.rb PORT NAME. Publishes do not wait for each other.
require "bunny"
require "json"
require "timeout"

PORT, NAME = ARGV

def tell(operation, message_id, outcome, **more)
  puts JSON.generate({ operation: operation, messageId: message_id, outcome: outcome, **more })
end

connection = Bunny.new(host: "127.0.0.1", port: PORT.to_i, automatically_recover: false)
connection.start
channel = connection.create_channel
queue = channel.queue(NAME, exclusive: true)
full = { "x-max-length" => 1, "x-overflow" => "reject-publish" }
channel.queue("#{NAME}-full", exclusive: true, arguments: full)
channel.confirm_select
returned = {}
exchange = channel.default_exchange
exchange.on_return { |info, properties, _body| returned[properties.message_id] = info.reply_code }

sent = {}
publish = lambda do |routing_key, kind, number, mandatory = false|
  message_id = "#{NAME}-#{kind}-#{number}"
  sent[channel.next_publish_seq_no] = message_id
  exchange.publish("body of #{message_id}", routing_key: routing_key, message_id: message_id, mandatory: mandatory)
end
6.times do |number|
  publish.call(NAME, "task", number)
  publish.call("#{NAME}-nowhere", "lost", number, true)
  publish.call("#{NAME}-full", "full", number)
end
channel.wait_for_confirms
nacked = channel.nacked_set.to_a
tell_sent = lambda do
  sent.each do |number, id|
    if returned.key?(id)
      tell("publish", id, "returned", code: returned[id])
    else
      tell("publish", id, nacked.include?(number) ? "nacked" : "confirmed")
    end
  end
  sent.clear
end
tell_sent.call

consumer = connection.create_channel
deliveries = Queue.new
consumer.queue(NAME, exclusive: true, passive: true).subscribe(manual_ack: true) do |info, properties, _body|
  deliveries << [info.delivery_tag.to_i, properties.message_id]
end
received = Timeout.timeout(20) { Array.new(6) { deliveries.pop } }
tags = received.map(&:first)
consumer.ack(tags[0])
consumer.ack(tags[2], true)
consumer.nack(tags[3], false, false)
consumer.reject(tags[4], false)
consumer.close
received.zip(%w[acked acked acked nacked rejected requeued]) do |(tag, id), outcome|
  tell("deliver", id, outcome, deliveryTag: tag)
end

getter = connection.create_channel
tell_got = lambda do |(info, properties, _body), outcome|
  tell("get", properties[:message_id], outcome, deliveryTag: info.delivery_tag.to_i)
end
first = getter.basic_get(NAME, manual_ack: true)
getter.reject(first[0].delivery_tag, true)
tell_got.call(first, "requeued")
again = getter.basic_get(NAME, manual_ack: true)
getter.ack(again[0].delivery_tag)
tell_got.call(again, "acked")
publish.call(NAME, "task", 6)
channel.wait_for_confirms
tell_sent.call
tell_got.call(getter.basic_get(NAME, manual_ack: false), "auto-acked")
connection.close
