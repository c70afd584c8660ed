// Scenarios of healthy clients, by amqp091-go: amqp091 PORT SCENARIO QUEUE.
package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"log"
	"os"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"
)

var port, scenario, queue = os.Args[1], os.Args[2], os.Args[3]
var sizes = []int{0, 1, 100, 4096, 131_063, 131_064, 131_065, 262_128, 1_000_000}
var smallFrameSizes = []int{0, 1, 4087, 4088, 4089, 8176, 20_000}
var channelSizes = []int{10, 200, 1500, 5000, 20_000, 140_000, 0, 10, 200, 1500, 5000, 20_000, 140_000, 0}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func body(size int) []byte {
	octets := make([]byte, size)
	for i := range octets {
		octets[i] = byte(i % 251)
	}
	return octets
}

func publishing(number, size int) amqp.Publishing {
	trace := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	return amqp.Publishing{Headers: amqp.Table{"n": int32(number), "traceparent": trace}, Body: body(size)}
}

func ready() {
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
}

func connected(frameSize int) *amqp.Connection {
	connection, err := amqp.DialConfig("amqp://guest:guest@127.0.0.1:"+port+"/", amqp.Config{FrameSize: frameSize})
	must(err)
	return connection
}

func opened(connection *amqp.Connection, name string) *amqp.Channel {
	channel, err := connection.Channel()
	must(err)
	_, err = channel.QueueDeclare(name, false, true, false, false, nil)
	must(err)
	return channel
}

func exchange(connection *amqp.Connection, sizes []int, name string, multiple int) {
	channel := opened(connection, name)
	must(channel.Qos(20, 0, false))
	must(channel.Confirm(false))
	confirms := channel.NotifyPublish(make(chan amqp.Confirmation, len(sizes)))
	for number, size := range sizes {
		must(channel.Publish("", name, false, false, publishing(number, size)))
	}
	for range sizes {
		<-confirms
	}
	deliveries, err := channel.Consume(name, "", false, false, false, false, nil)
	must(err)
	for left := len(sizes) - 1; left >= 0; left-- {
		delivery := <-deliveries
		if left%multiple == 0 {
			must(delivery.Ack(multiple > 1))
		}
	}
	must(channel.Close())
}

func inOneConnection(sizes []int, multiple, frameSize int) {
	connection := connected(frameSize)
	exchange(connection, sizes, queue, multiple)
	must(connection.Close())
}

func channels() {
	connection := connected(0)
	var all sync.WaitGroup
	for n := 0; n < 20; n++ {
		all.Add(1)
		go func(name string) {
			defer all.Done()
			exchange(connection, channelSizes, name, 7)
		}(fmt.Sprintf("%s %d", queue, n))
	}
	all.Wait()
	must(connection.Close())
}

func transactions() {
	connection := connected(0)
	channel := opened(connection, queue)
	must(channel.Tx())
	for n := 0; n < 3; n++ {
		must(channel.Publish("", queue, false, false, publishing(n, n*1000)))
	}
	must(channel.TxCommit())
	must(channel.Publish("", queue, false, false, publishing(3, 10)))
	must(channel.TxRollback())
	must(connection.Close())
}

func churn() {
	connection := connected(0)
	for n := 0; n < 60; n++ {
		channel := opened(connection, queue)
		must(channel.Publish("", queue, false, false, publishing(n, n*100)))
		must(channel.Close())
	}
	must(connection.Close())
}

func softErrors() {
	connection := connected(0)
	keeper := opened(connection, queue)
	defer keeper.Close()
	failing := func(act func(channel *amqp.Channel)) {
		channel, err := connection.Channel()
		must(err)
		closed := channel.NotifyClose(make(chan *amqp.Error, 1))
		act(channel)
		<-closed
	}
	failing(func(channel *amqp.Channel) { channel.QueueDeclarePassive("no "+queue, false, true, false, false, nil) })
	failing(func(channel *amqp.Channel) { channel.QueueDeclare(queue, true, true, false, false, nil) })
	failing(func(channel *amqp.Channel) { channel.Publish("no "+queue, "key", false, false, publishing(0, 10)) })
	must(connection.Close())
}

func killed() {
	exchange(connected(0), []int{1, 2, 3}, queue, 1)
	ready()
}

func overTls() {
	connection, err := amqp.DialTLS("amqps://guest:guest@127.0.0.1:"+port+"/", &tls.Config{InsecureSkipVerify: true})
	must(err)
	exchange(connection, sizes, queue, 1)
	must(connection.Close())
}

func numbers(count int) []int {
	all := make([]int, count)
	for n := range all {
		all[n] = n
	}
	return all
}

func main() {
	scenarios := map[string]func(){
		"confirms":     func() { inOneConnection(sizes, 1, 0) },
		"batch":        func() { inOneConnection(numbers(300), 20, 0) },
		"small-frames": func() { inOneConnection(smallFrameSizes, 1, 4096) },
		"channels":     channels,
		"transactions": transactions,
		"churn":        churn,
		"soft-errors":  softErrors,
		"killed":       killed,
		"tls":          overTls,
	}
	scenarios[scenario]()
	fmt.Println("done")
}
