# Scenarios of healthy clients, by Bunny: bunny.rb PORT SCENARIO QUEUE.
require "bunny"
require "timeout"

PORT, SCENARIO, QUEUE = ARGV
SIZES = [0, 1, 100, 4096, 131_063, 131_064, 131_065, 262_128, 1_000_000].freeze
SMALL_FRAME_SIZES = [0, 1, 4087, 4088, 4089, 8176, 20_000].freeze
CHANNEL_SIZES = [10, 200, 1500, 5000, 20_000, 140_000, 0].freeze
PATTERN = (0...251).map(&:chr).join.b

def body(size)
  (PATTERN * (size / 251 + 1))[0, size]
end

def headers(number)
  { "n" => number, "traceparent" => "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }
end

def ready
  puts "ready"
  $stdout.flush
  $stdin.gets
end

def connected(**options)
  quiet = Logger.new(IO::NULL)
  connection = Bunny.new(host: "127.0.0.1", port: PORT.to_i, connection_name: QUEUE, logger: quiet,
                         network_recovery_interval: 0.2, **options)
  connection.start
end

def exchange(connection, sizes, name, multiple = 1)
  channel = connection.create_channel
  channel.prefetch(20)
  queue = channel.queue(name, auto_delete: true)
  channel.confirm_select
  sizes.each_with_index do |size, number|
    channel.default_exchange.publish(body(size), routing_key: name, headers: headers(number))
  end
  channel.wait_for_confirms
  left = sizes.length
  done = Queue.new
  queue.subscribe(manual_ack: true) do |delivery, _properties, _body|
    left -= 1
    channel.ack(delivery.delivery_tag, multiple > 1) if (left % multiple).zero?
    done << true if left.zero?
  end
  Timeout.timeout(20) { done.pop }
  channel.close
end

def in_one_connection(sizes, multiple = 1, **options)
  connection = connected(**options)
  exchange(connection, sizes, QUEUE, multiple)
  connection.close
end

def failing(connection)
  yield connection.create_channel
  sleep 0.3
rescue Bunny::ChannelLevelException
  nil
end

SCENARIOS = {
  "confirms" => -> { in_one_connection(SIZES) },
  "batch" => -> { in_one_connection(Array(0...200), 20) },
  "small-frames" => -> { in_one_connection(SMALL_FRAME_SIZES, frame_max: 4096) },
  "channels" => lambda {
    connection = connected
    Array.new(20) { |n| Thread.new { exchange(connection, CHANNEL_SIZES * 2, "#{QUEUE} #{n}", 7) } }.each(&:join)
    connection.close
  },
  "transactions" => lambda {
    connection = connected
    channel = connection.create_channel
    queue = channel.queue(QUEUE, auto_delete: true)
    channel.tx_select
    3.times { |n| queue.publish(body(n * 1000)) }
    channel.tx_commit
    queue.publish(body(10))
    channel.tx_rollback
    connection.close
  },
  "rpc" => lambda {
    connection = connected
    server = connection.create_channel
    server.queue(QUEUE, auto_delete: true).subscribe do |_delivery, properties, request|
      server.default_exchange.publish(request, routing_key: properties.reply_to, correlation_id: properties.correlation_id)
    end
    client = connection.create_channel
    answers = Queue.new
    client.basic_consume("amq.rabbitmq.reply-to", "", true) { answers << true }
    20.times do |n|
      client.default_exchange.publish(body(n * 300), routing_key: QUEUE, reply_to: "amq.rabbitmq.reply-to", correlation_id: n.to_s)
      Timeout.timeout(20) { answers.pop }
    end
    connection.close
  },
  "churn" => lambda {
    connection = connected
    60.times do |n|
      channel = connection.create_channel
      channel.queue(QUEUE, auto_delete: true).publish(body(n * 100))
      channel.close
    end
    connection.close
  },
  "soft-errors" => lambda {
    connection = connected
    failing(connection) { |channel| channel.queue("no #{QUEUE}", passive: true) }
    connection.create_channel.queue(QUEUE, auto_delete: true)
    failing(connection) { |channel| channel.queue(QUEUE, durable: true) }
    failing(connection) { |channel| channel.basic_publish(body(10), "no #{QUEUE}", "key") }
    connection.close
  },
  "restart" => lambda {
    connection = connected
    exchange(connection, [1, 2, 3], QUEUE)
    ready
    ready
    Timeout.timeout(20) { sleep 0.05 until connection.open? }
    exchange(connection, [1, 2, 3], QUEUE)
    connection.close
  },
  "killed" => lambda {
    exchange(connected, [1, 2, 3], QUEUE)
    ready
  },
  "tls" => -> { in_one_connection(SIZES, tls: true, verify_peer: false, tls_silence_warnings: true) },
}.freeze

SCENARIOS.fetch(SCENARIO).call
puts "done"
