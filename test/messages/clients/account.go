// As account.py, by amqp091-go: account PORT NAME. Publishes do not wait for each other.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

func tell(operation, messageID, outcome string, more map[string]interface{}) {
	line := map[string]interface{}{"operation": operation, "messageId": messageID, "outcome": outcome}
	for key, value := range more {
		line[key] = value
	}
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	port, name := os.Args[1], os.Args[2]
	connection, err := amqp.Dial("amqp://guest:guest@127.0.0.1:" + port)
	check(err)
	channel, err := connection.Channel()
	check(err)
	_, err = channel.QueueDeclare(name, false, false, true, false, nil)
	check(err)
	full := amqp.Table{"x-max-length": 1, "x-overflow": "reject-publish"}
	_, err = channel.QueueDeclare(name+"-full", false, false, true, false, full)
	check(err)
	check(channel.Confirm(false))
	returns := channel.NotifyReturn(make(chan amqp.Return, 32))

	var sent []string
	// Listeners of NotifyPublish are told of an ack where a multiple one comes behind a nack that came early: each message
	// is asked for its own.
	var confirms []*amqp.DeferredConfirmation
	publish := func(key, kind string, number int, mandatory bool) {
		id := fmt.Sprintf("%s-%s-%d", name, kind, number)
		sent = append(sent, id)
		message := amqp.Publishing{MessageId: id, Body: []byte("body of " + id)}
		confirm, err := channel.PublishWithDeferredConfirm("", key, mandatory, false, message)
		check(err)
		confirms = append(confirms, confirm)
	}
	// Confirms come in the order of what was sent; a return comes before its confirm.
	tellSent := func(from int) {
		acked := map[uint64]bool{}
		for _, confirm := range confirms[from:] {
			acked[confirm.DeliveryTag] = confirm.Wait()
		}
		returned := map[string]uint16{}
		for len(returns) > 0 {
			back := <-returns
			returned[back.MessageId] = back.ReplyCode
		}
		for i, id := range sent[from:] {
			if code, ok := returned[id]; ok {
				tell("publish", id, "returned", map[string]interface{}{"code": code})
			} else if acked[uint64(from+i+1)] {
				tell("publish", id, "confirmed", nil)
			} else {
				tell("publish", id, "nacked", nil)
			}
		}
	}
	for number := 0; number < 6; number++ {
		publish(name, "task", number, false)
		publish(name+"-nowhere", "lost", number, true)
		publish(name+"-full", "full", number, false)
	}
	tellSent(0)

	consumer, err := connection.Channel()
	check(err)
	deliveries, err := consumer.Consume(name, "", false, false, false, false, nil)
	check(err)
	var received []amqp.Delivery
	for len(received) < 6 {
		select {
		case delivery := <-deliveries:
			received = append(received, delivery)
		case <-time.After(20 * time.Second):
			log.Fatal("no delivery came")
		}
	}
	check(received[0].Ack(false))
	check(received[2].Ack(true))
	check(received[3].Nack(false, false))
	check(received[4].Reject(false))
	check(consumer.Close())
	for i, outcome := range []string{"acked", "acked", "acked", "nacked", "rejected", "requeued"} {
		tell("deliver", received[i].MessageId, outcome, map[string]interface{}{"deliveryTag": received[i].DeliveryTag})
	}

	getter, err := connection.Channel()
	check(err)
	get := func(autoAck bool, settle func(amqp.Delivery) error, outcome string) {
		got, _, err := getter.Get(name, autoAck)
		check(err)
		check(settle(got))
		tell("get", got.MessageId, outcome, map[string]interface{}{"deliveryTag": got.DeliveryTag})
	}
	get(false, func(got amqp.Delivery) error { return got.Reject(true) }, "requeued")
	get(false, func(got amqp.Delivery) error { return got.Ack(false) }, "acked")
	publish(name, "task", 6, false)
	tellSent(len(sent) - 1)
	get(true, func(amqp.Delivery) error { return nil }, "auto-acked")
	check(connection.Close())
}
