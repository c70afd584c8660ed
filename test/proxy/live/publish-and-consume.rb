# Publishes with confirms, consumes, compares: publish-and-consume.rb PORT QUEUE SIZES.
require "bunny"
require "timeout"

port, queue_name, sizes = ARGV
pattern = (0...251).map(&:chr).join.b
bodies = sizes.split(",").map { |size| (pattern * (size.to_i / 251 + 1))[0, size.to_i] }
connection = Bunny.new(host: "127.0.0.1", port: port.to_i, automatically_recover: false)
connection.start
channel = connection.create_channel
queue = channel.queue(queue_name)
channel.confirm_select
bodies.each_with_index do |body, number|
  channel.default_exchange.publish(body, routing_key: queue_name, message_id: number.to_s, headers: { "n" => number })
end
confirmed = channel.wait_for_confirms
received = Queue.new
queue.subscribe(manual_ack: true) do |delivery, _properties, body|
  channel.ack(delivery.delivery_tag)
  received << body
end
consumed = Timeout.timeout(20) { Array.new(bodies.length) { received.pop } }
connection.close
puts confirmed && consumed == bodies ? "same" : "not the same"
