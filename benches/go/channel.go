package main

import (
	"reflect"
	"runtime"
	"sync"
	"time"
)

func trySendTryRecv(n uint64) time.Duration {
	c := make(chan uint64, 128)
	start := time.Now()
	for value := range n {
		select {
		case c <- value:
		default:
			panic("full")
		}
		select {
		case got := <-c:
			check(got == value)
		default:
			panic("empty")
		}
	}
	return time.Since(start)
}

func sendRecv(n uint64) time.Duration {
	c := make(chan uint64, 128)
	start := time.Now()
	for value := range n {
		c <- value
		check(<-c == value)
	}
	return time.Since(start)
}

// flow has producers send at least n values in all, which consumers take.
func flow(capacity int, producers, consumers, n uint64) time.Duration {
	c, sums := make(chan uint64, capacity), make(chan uint64, consumers)
	each := (n + producers - 1) / producers
	start := time.Now()
	for range consumers {
		go func() {
			var sum uint64
			for value := range c {
				sum += value
			}
			sums <- sum
		}()
	}
	var all sync.WaitGroup
	for range producers {
		all.Add(1)
		go func() {
			defer all.Done()
			for value := range each {
				c <- value + 1
			}
		}()
	}
	all.Wait()
	close(c)
	var sum uint64
	for range consumers {
		sum += <-sums
	}
	check(sum == producers*each*(each+1)/2)
	return time.Since(start)
}

func yields(routines, n uint64) time.Duration {
	each := (n + routines - 1) / routines
	start := time.Now()
	var all sync.WaitGroup
	for range routines {
		all.Add(1)
		go func() {
			defer all.Done()
			for range each {
				runtime.Gosched()
			}
		}()
	}
	all.Wait()
	return time.Since(start)
}

func createCancel(n uint64) time.Duration {
	start := time.Now()
	for range n {
		check(time.NewTimer(10 * time.Second).Stop())
	}
	return time.Since(start)
}

func channels(number, capacity int) []chan uint64 {
	all := make([]chan uint64, number)
	for index := range all {
		all[index] = make(chan uint64, capacity)
	}
	return all
}

func filled(number int) []chan uint64 {
	all := channels(number, 128)
	for _, c := range all {
		for value := range uint64(4) {
			c <- value
		}
	}
	return all
}

// turn says which of so many channels gets this value: all in turn, but not one after the other.
func turn(value uint64, number int) int { return int(value) * 7919 % number }

// waiting has one goroutine receive with a select what another sends, and send it back.
func waiting(number int, n uint64, receive func([]chan uint64) uint64) time.Duration {
	all, back := channels(number, 1), make(chan uint64, 1)
	go func() {
		for range n {
			back <- receive(all)
		}
	}()
	start := time.Now()
	for value := range n {
		all[turn(value, number)] <- value
		check(<-back == value)
	}
	return time.Since(start)
}

func receive2(c []chan uint64) (value uint64) {
	select {
	case value = <-c[0]:
	case value = <-c[1]:
	}
	return value
}

func receive3(c []chan uint64) (value uint64) {
	select {
	case value = <-c[0]:
	case value = <-c[1]:
	case value = <-c[2]:
	}
	return value
}

func receive10(c []chan uint64) (value uint64) {
	select {
	case value = <-c[0]:
	case value = <-c[1]:
	case value = <-c[2]:
	case value = <-c[3]:
	case value = <-c[4]:
	case value = <-c[5]:
	case value = <-c[6]:
	case value = <-c[7]:
	case value = <-c[8]:
	case value = <-c[9]:
	}
	return value
}

func selectWaiting2(n uint64) time.Duration  { return waiting(2, n, receive2) }
func selectWaiting3(n uint64) time.Duration  { return waiting(3, n, receive3) }
func selectWaiting10(n uint64) time.Duration { return waiting(10, n, receive10) }

func selectReady2(n uint64) time.Duration {
	c := filled(2)
	start := time.Now()
	for range n {
		select {
		case value := <-c[0]:
			c[0] <- value
		case value := <-c[1]:
			c[1] <- value
		}
	}
	return time.Since(start)
}

func selectReady3(n uint64) time.Duration {
	c := filled(3)
	start := time.Now()
	for range n {
		select {
		case value := <-c[0]:
			c[0] <- value
		case value := <-c[1]:
			c[1] <- value
		case value := <-c[2]:
			c[2] <- value
		}
	}
	return time.Since(start)
}

func selectReady10(n uint64) time.Duration {
	c := filled(10)
	start := time.Now()
	for range n {
		select {
		case value := <-c[0]:
			c[0] <- value
		case value := <-c[1]:
			c[1] <- value
		case value := <-c[2]:
			c[2] <- value
		case value := <-c[3]:
			c[3] <- value
		case value := <-c[4]:
			c[4] <- value
		case value := <-c[5]:
			c[5] <- value
		case value := <-c[6]:
			c[6] <- value
		case value := <-c[7]:
			c[7] <- value
		case value := <-c[8]:
			c[8] <- value
		case value := <-c[9]:
			c[9] <- value
		}
	}
	return time.Since(start)
}

func selectDefault(n uint64) time.Duration {
	a, b := make(chan uint64, 128), make(chan uint64, 128)
	start := time.Now()
	for range n {
		select {
		case <-a:
			panic("it is empty")
		case <-b:
			panic("it is empty")
		default:
		}
	}
	return time.Since(start)
}

// A select that is put together at run time is package reflect's.
func cases(all []chan uint64) []reflect.SelectCase {
	cases := make([]reflect.SelectCase, len(all))
	for index, c := range all {
		cases[index] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)}
	}
	return cases
}

func selectOneOf(number int, n uint64) time.Duration {
	all := channels(number, 1)
	cases := cases(all)
	start := time.Now()
	for value := range n {
		all[turn(value, number)] <- value
		_, got, _ := reflect.Select(cases)
		check(got.Uint() == value)
	}
	return time.Since(start)
}

func selectOneOfWaiting(number int, n uint64) time.Duration {
	var made []reflect.SelectCase
	return waiting(number, n, func(all []chan uint64) uint64 {
		if made == nil {
			made = cases(all)
		}
		_, value, _ := reflect.Select(made)
		return value.Uint()
	})
}
