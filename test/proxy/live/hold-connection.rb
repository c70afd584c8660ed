# Publishes a message, says "open", and closes when it is told to: hold-connection.rb PORT.
require "bunny"

connection = Bunny.new(host: "127.0.0.1", port: ARGV[0].to_i, automatically_recover: false, log_level: :fatal)
connection.start
channel = connection.create_channel
queue = channel.queue("held by bunny", auto_delete: true)
channel.default_exchange.publish("hi", routing_key: queue.name)
puts "open"
$stdout.flush
$stdin.gets
connection.close
