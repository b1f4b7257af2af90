package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Bytes that are copied, and bytes in the file: those of `copy.rs`.
const (
	copied    = 512 << 20
	copiedOut = 256 << 20
)

// copying gives the job that measures a copy, of which a MiB is printed. It has a folder for so long.
func copying(row string, bytes int64, copy func(folder string) int64) func() {
	return func() {
		folder, err := os.MkdirTemp("", "rustroutines-copy-")
		check(err == nil)
		if row == "copy/file_to_file" || row == "copy/file_to_tcp" {
			sevens := make([]byte, copiedOut)
			for n := range sevens {
				sevens[n] = 7
			}
			check(os.WriteFile(filepath.Join(folder, "from"), sevens, 0o644) == nil)
		}
		begin := time.Now()
		check(copy(folder) == bytes)
		took := time.Since(begin)
		check(os.RemoveAll(folder) == nil)
		figure(row, float64(took)/float64(bytes>>20), "ns")
	}
}

// pairOf gives two ends of a connection: one for the copy, and one that blocks its thread, as in the others' benchmarks.
func pairOf() (*net.TCPConn, int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err == nil)
	one, err := net.Dial("tcp", listener.Addr().String())
	check(err == nil)
	other, err := listener.Accept()
	check(err == nil)
	check(listener.Close() == nil)
	file, err := other.(*net.TCPConn).File()
	check(err == nil)
	end, err := syscall.Dup(int(file.Fd()))
	check(err == nil)
	check(file.Close() == nil && other.Close() == nil)
	check(syscall.SetNonblock(end, false) == nil)
	return one.(*net.TCPConn), end
}

// feed writes it all.
func feed(end int) {
	piece := make([]byte, 256<<10)
	for n := range piece {
		piece[n] = 7
	}
	for range copied / len(piece) {
		for rest := piece; len(rest) > 0; {
			n, err := syscall.Write(end, rest)
			check(err == nil)
			rest = rest[n:]
		}
	}
	check(syscall.Shutdown(end, syscall.SHUT_WR) == nil)
}

// eat reads to the end, and says how much that was.
func eat(end int) <-chan int64 {
	eaten := make(chan int64, 1)
	go func() {
		piece, sum := make([]byte, 256<<10), int64(0)
		for {
			n, err := syscall.Read(end, piece)
			check(err == nil)
			if n == 0 {
				eaten <- sum
				return
			}
			sum += int64(n)
		}
	}()
	return eaten
}

// forth copies all from one to the other, and closes that.
func forth(from, to *net.TCPConn) int64 {
	count, err := io.Copy(to, from)
	check(err == nil)
	check(to.CloseWrite() == nil)
	return count
}

func tcpToTCP(string) int64 {
	from, source := pairOf()
	to, drain := pairOf()
	go feed(source)
	eaten := eat(drain)
	count := forth(from, to)
	check(<-eaten == count)
	return count
}

func tcpBothWays(string) int64 {
	one, left := pairOf()
	other, right := pairOf()
	go feed(left)
	go feed(right)
	eatenLeft, eatenRight := eat(left), eat(right)
	back := make(chan int64, 1)
	go func() { back <- forth(other, one) }()
	count := forth(one, other) + <-back
	check(<-eatenLeft+<-eatenRight == count)
	return count
}

func fileToFile(folder string) int64 {
	from, err := os.Open(filepath.Join(folder, "from"))
	check(err == nil)
	defer from.Close()
	to, err := os.Create(filepath.Join(folder, "to"))
	check(err == nil)
	count, err := io.Copy(to, from)
	check(err == nil && to.Close() == nil)
	return count
}

func fileToTCP(folder string) int64 {
	to, drain := pairOf()
	eaten := eat(drain)
	from, err := os.Open(filepath.Join(folder, "from"))
	check(err == nil)
	defer from.Close()
	count, err := io.Copy(to, from)
	check(err == nil && to.Close() == nil)
	check(<-eaten == count)
	return count
}
