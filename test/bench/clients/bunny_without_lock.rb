# ruby bunny_without_lock.rb URL OCTETS MESSAGES THREADS
#
# Threads publish on one connection, each on a channel of its own, as Bunny's documentation asks for. Only the lock around
# the socket is taken out: what is left is any client that writes a message at a time, and forgets that a write may be cut.
require "bunny"

class WithoutLock
  def synchronize
    yield
  end
end

url = ARGV[0]
octets, messages, threads = ARGV.drop(1).map { |argument| Integer(argument) }

session = Bunny.new(url, automatically_recover: false, continuation_timeout: 120_000, log_level: :fatal)
session.start
session.transport.instance_variable_set(:@writes_mutex, WithoutLock.new)

channels = Array.new(threads) { session.create_channel }
publishers = channels.each_with_index.map do |channel, i|
  Thread.new do
    Thread.current.report_on_exception = false
    exchange = channel.default_exchange
    body = ("a".ord + i).chr * octets
    # Nobody reads the queue of this name: there is none, and the broker drops what comes for it.
    (messages / threads).times { exchange.publish(body, routing_key: "squeeze", headers: { "thread" => i }) }
  end
end

begin
  publishers.each(&:join)
  session.close
rescue StandardError, Timeout::Error => e
  warn "#{e.class}: #{e.message}"
  # Without the long good-bye of a session that is broken.
  exit! 1
end
