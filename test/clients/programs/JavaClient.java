// Scenarios of healthy clients, by RabbitMQ's Java client: JavaClient PORT SCENARIO QUEUE.
import com.rabbitmq.client.*;
import java.io.IOException;
import java.util.*;
import java.util.concurrent.*;

public class JavaClient {
    interface Act { void on(Channel channel) throws Exception; }

    static final int[] SIZES = {0, 1, 100, 4096, 131_063, 131_064, 131_065, 262_128, 1_000_000};
    static final int[] SMALL_FRAME_SIZES = {0, 1, 4087, 4088, 4089, 8176, 20_000};
    static final int[] CHANNEL_SIZES = {10, 200, 1500, 5000, 20_000, 140_000, 0, 10, 200, 1500, 5000, 20_000, 140_000, 0};
    static int port;
    static String queue;

    static byte[] body(int size) {
        byte[] octets = new byte[size];
        for (int i = 0; i < size; i++) octets[i] = (byte) (i % 251);
        return octets;
    }

    static AMQP.BasicProperties.Builder properties(int number) {
        String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        return new AMQP.BasicProperties.Builder().headers(Map.of("n", number, "traceparent", trace));
    }

    static Connection connected(int frameMax, boolean isEncrypted) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setHost("127.0.0.1");
        factory.setPort(port);
        factory.setRequestedFrameMax(frameMax);
        factory.setNetworkRecoveryInterval(200);
        if (isEncrypted) factory.useSslProtocol();
        return factory.newConnection(queue);
    }

    static void declare(Channel channel, String name) throws IOException {
        channel.queueDeclare(name, false, false, true, null);
    }

    static void exchange(Connection connection, int[] sizes, String name, int multiple) throws Exception {
        Channel channel = connection.createChannel();
        channel.basicQos(20);
        declare(channel, name);
        channel.confirmSelect();
        for (int n = 0; n < sizes.length; n++) channel.basicPublish("", name, properties(n).build(), body(sizes[n]));
        channel.waitForConfirmsOrDie(20_000);
        CountDownLatch left = new CountDownLatch(sizes.length);
        channel.basicConsume(name, false, new DefaultConsumer(channel) {
            @Override
            public void handleDelivery(String tag, Envelope envelope, AMQP.BasicProperties its, byte[] body) throws IOException {
                if ((left.getCount() - 1) % multiple == 0) channel.basicAck(envelope.getDeliveryTag(), multiple > 1);
                left.countDown();
            }
        });
        left.await();
        channel.close();
    }

    static void inOneConnection(int[] sizes, int multiple, int frameMax, boolean isEncrypted) throws Exception {
        Connection connection = connected(frameMax, isEncrypted);
        exchange(connection, sizes, queue, multiple);
        connection.close();
    }

    static void channels() throws Exception {
        Connection connection = connected(0, false);
        ExecutorService threads = Executors.newFixedThreadPool(20);
        List<Future<?>> all = new ArrayList<>();
        for (int n = 0; n < 20; n++) {
            String name = queue + " " + n;
            all.add(threads.submit(() -> { exchange(connection, CHANNEL_SIZES, name, 7); return null; }));
        }
        for (Future<?> each : all) each.get();
        threads.shutdown();
        connection.close();
    }

    static void transactions() throws Exception {
        Connection connection = connected(0, false);
        Channel channel = connection.createChannel();
        declare(channel, queue);
        channel.txSelect();
        for (int n = 0; n < 3; n++) channel.basicPublish("", queue, null, body(n * 1000));
        channel.txCommit();
        channel.basicPublish("", queue, null, body(10));
        channel.txRollback();
        connection.close();
    }

    static void rpc() throws Exception {
        Connection connection = connected(0, false);
        Channel serving = connection.createChannel();
        declare(serving, queue);
        RpcServer server = new RpcServer(serving, queue) {
            @Override
            public byte[] handleCall(byte[] request, AMQP.BasicProperties reply) { return request; }
        };
        Thread thread = new Thread(() -> { try { server.mainloop(); } catch (Exception over) { } });
        thread.start();
        RpcClient client = new RpcClient(connection.createChannel(), "", queue, 20_000);
        for (int n = 0; n < 20; n++) client.primitiveCall(body(n * 300));
        client.close();
        connection.close();
    }

    static void churn() throws Exception {
        Connection connection = connected(0, false);
        for (int n = 0; n < 60; n++) {
            Channel channel = connection.createChannel();
            declare(channel, queue);
            channel.basicPublish("", queue, null, body(n * 100));
            channel.close();
        }
        connection.close();
    }

    static void failing(Connection connection, Act act) throws Exception {
        Channel channel = connection.createChannel();
        CountDownLatch closed = new CountDownLatch(1);
        channel.addShutdownListener(cause -> closed.countDown());
        try { act.on(channel); } catch (IOException expected) { }
        closed.await();
    }

    static void softErrors() throws Exception {
        Connection connection = connected(0, false);
        declare(connection.createChannel(), queue);
        failing(connection, channel -> channel.queueDeclarePassive("no " + queue));
        failing(connection, channel -> channel.queueDeclare(queue, true, false, true, null));
        failing(connection, channel -> channel.basicPublish("no " + queue, "key", null, body(10)));
        failing(connection, channel -> channel.basicAck(7, false));
        connection.close();
    }

    static void ready() throws IOException {
        System.out.println("ready");
        while (System.in.read() != '\n') { }
    }

    static void restart() throws Exception {
        Connection connection = connected(0, false);
        exchange(connection, new int[] {1, 2, 3}, queue, 1);
        CountDownLatch recovered = new CountDownLatch(1);
        ((Recoverable) connection).addRecoveryListener(new RecoveryListener() {
            @Override public void handleRecovery(Recoverable it) { recovered.countDown(); }
            @Override public void handleRecoveryStarted(Recoverable it) { }
        });
        ready();
        ready();
        recovered.await();
        exchange(connection, new int[] {1, 2, 3}, queue, 1);
        connection.close();
    }

    static int[] numbers(int count) {
        int[] all = new int[count];
        for (int n = 0; n < count; n++) all[n] = n;
        return all;
    }

    public static void main(String[] args) throws Exception {
        port = Integer.parseInt(args[0]);
        queue = args[2];
        switch (args[1]) {
            case "confirms": inOneConnection(SIZES, 1, 0, false); break;
            case "batch": inOneConnection(numbers(300), 20, 0, false); break;
            case "small-frames": inOneConnection(SMALL_FRAME_SIZES, 1, 4096, false); break;
            case "unlimited": inOneConnection(SIZES, 1, 0, false); break;
            case "channels": channels(); break;
            case "transactions": transactions(); break;
            case "rpc": rpc(); break;
            case "churn": churn(); break;
            case "soft-errors": softErrors(); break;
            case "restart": restart(); break;
            case "killed": exchange(connected(0, false), new int[] {1, 2, 3}, queue, 1); ready(); break;
            case "tls": inOneConnection(SIZES, 1, 0, true); break;
            default: throw new IllegalArgumentException(args[1]);
        }
        System.out.println("done");
        System.exit(0);
    }
}
