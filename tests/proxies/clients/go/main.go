// A `Signal` stream of grpc-go: each line of standard input is a message in Base64, and so is each line of output. The last
// line is "status N". Usage: grpc-go-client HOST:PORT
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"
)

// Messages are bytes: the test encodes and decodes them.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

func (rawCodec) Unmarshal(bytes []byte, message any) error {
	*message.(*[]byte) = bytes
	return nil
}

func main() {
	encoding.RegisterCodec(rawCodec{})
	channel, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	description := &grpc.StreamDesc{StreamName: "Signal", ClientStreams: true, ServerStreams: true}
	stream, err := channel.NewStream(context.Background(), description, "/wigwag.v1.SignalingService/Signal")
	if err != nil {
		log.Fatal(err)
	}
	go send(stream)
	for {
		var message []byte
		if err = stream.RecvMsg(&message); err != nil {
			break
		}
		fmt.Println(base64.StdEncoding.EncodeToString(message))
	}
	if err == io.EOF {
		err = nil
	}
	fmt.Println("status", int(status.Code(err)))
}

func send(stream grpc.ClientStream) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		message, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			log.Fatal(err)
		}
		// The cause of an error comes from RecvMsg.
		if stream.SendMsg(&message) != nil {
			return
		}
	}
	stream.CloseSend()
}
