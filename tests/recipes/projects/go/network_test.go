package tests

import (
	"net"
	"os"
	"testing"
	"time"
)

func TestClientsAreTold(t *testing.T) {
	if os.Getenv("HF_HUB_OFFLINE") != "1" {
		t.Fatal("HF_HUB_OFFLINE is not 1")
	}
}

func TestLeaks(t *testing.T) {
	connection, err := net.DialTimeout("tcp", "192.0.2.1:443", time.Second)
	if err == nil {
		connection.Close()
	}
}
