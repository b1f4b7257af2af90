package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

func pingPong(n uint64) time.Duration {
	there, back, done := make(chan uint64), make(chan uint64), make(chan bool)
	go func() {
		for value := range there {
			back <- value + 1
		}
		close(done)
	}()
	start := time.Now()
	for value := range n {
		there <- value
		check(<-back == value+1)
	}
	took := time.Since(start)
	close(there)
	<-done
	return took
}

func ring(n uint64) time.Duration {
	const members = 503
	first, done := make(chan uint64), make(chan uint64, 1)
	var all sync.WaitGroup
	in := first
	for member := range members {
		out := make(chan uint64)
		if member == members-1 {
			out = first
		}
		before := in
		all.Add(1)
		go func() {
			defer all.Done()
			for left := range before {
				if left == 0 {
					done <- 0
					return
				}
				out <- left - 1
			}
		}()
		in = out
	}
	start := time.Now()
	first <- n
	<-done
	// The rest waits for what never comes: there is nothing that ends a goroutine from outside.
	return time.Since(start)
}

func sky(up chan uint64, number, size uint64) {
	if size == 1 {
		up <- number
		return
	}
	children := make(chan uint64, 10)
	for child := range uint64(10) {
		go sky(children, number+child*(size/10), size/10)
	}
	var sum uint64
	for range 10 {
		sum += <-children
	}
	up <- sum
}

func skynetOnce(size uint64) time.Duration {
	start := time.Now()
	up := make(chan uint64, 10)
	go sky(up, 0, size)
	check(<-up == size*(size-1)/2)
	return time.Since(start)
}

func skynetOf(row string, size uint64) {
	skynetOnce(1_000)
	var took time.Duration
	rounds := 0
	for took < enough {
		took += skynetOnce(size)
		rounds++
	}
	figure(row, float64(took)/float64(rounds), "ns")
}

func sieve(primes uint64) time.Duration {
	start := time.Now()
	in := make(chan uint64)
	go func(out chan uint64) {
		for number := uint64(2); ; number++ {
			out <- number
		}
	}(in)
	for range primes {
		prime := <-in
		out := make(chan uint64)
		go func(before chan uint64) {
			for number := range before {
				if number%prime != 0 {
					out <- number
				}
			}
		}(in)
		in = out
	}
	return time.Since(start)
}

const width = 8

func hash(value uint64) uint64 {
	for step := range uint64(64) {
		value = (value ^ step) * 0x9e3779b97f4a7c15
	}
	return value
}

func pipeline(n uint64) time.Duration {
	took, sum := fan(n, hash)
	var expected uint64
	for value := range n {
		expected += hash(value)
	}
	check(sum == expected)
	return took
}

func fan(n uint64, work func(uint64) uint64) (time.Duration, uint64) {
	start := time.Now()
	out := make(chan uint64, 128)
	var feeds [width]chan uint64
	var workers sync.WaitGroup
	for worker := range feeds {
		in := make(chan uint64, 128)
		feeds[worker] = in
		workers.Add(1)
		go func() {
			defer workers.Done()
			for value := range in {
				out <- work(value)
			}
		}()
	}
	go func() {
		for value := range n {
			feeds[value%width] <- value
		}
		for _, feed := range feeds {
			close(feed)
		}
		workers.Wait()
		close(out)
	}()
	var sum uint64
	for value := range out {
		sum += value
	}
	return time.Since(start), sum
}

func filePipeline() {
	const files, words = 2_000, 700
	folder, err := os.MkdirTemp("", "rustroutines-workload-go")
	check(err == nil)
	defer os.RemoveAll(folder)
	for number := range files {
		text := bytes.Repeat([]byte(fmt.Sprintf("%d ", number)), words)
		check(os.WriteFile(filepath.Join(folder, strconv.Itoa(number)), text, 0o644) == nil)
	}
	all := func() time.Duration {
		took, sum := fan(files, func(number uint64) uint64 {
			text, err := os.ReadFile(filepath.Join(folder, strconv.FormatUint(number, 10)))
			check(err == nil)
			return uint64(len(bytes.Fields(text)))
		})
		check(sum == files*words)
		return took
	}
	all()
	took := all() + all() + all()
	figure("file_pipeline/8", float64(took)/(3*files), "ns")
}

// Go has no handles to join: a channel for each brings the value.
func oneByOne(n uint64) time.Duration {
	start := time.Now()
	for number := range n {
		done := make(chan uint64, 1)
		go func() { done <- number }()
		check(<-done == number)
	}
	return time.Since(start)
}

// Of many, a place for each takes the value, and a wait group tells when all have come.
func burst(n uint64) time.Duration {
	start := time.Now()
	values := make([]uint64, n)
	var all sync.WaitGroup
	all.Add(int(n))
	for number := range n {
		go func() {
			values[number] = number
			all.Done()
		}()
	}
	all.Wait()
	var sum uint64
	for _, value := range values {
		sum += value
	}
	check(sum == n*(n-1)/2)
	return time.Since(start)
}
