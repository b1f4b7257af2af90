package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// resident gives the memory that this process has, in bytes.
func resident() float64 {
	status, err := os.ReadFile("/proc/self/status")
	check(err == nil)
	for _, line := range strings.Split(string(status), "\n") {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			size, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			check(err == nil)
			return size * 1024
		}
	}
	panic("a process has memory")
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// parked gives how many bytes each of n waiting goroutines takes, and how long it takes to make one.
func parked(n uint64, makeWait func() func()) (bytes, made float64) {
	time.Sleep(time.Millisecond)
	before, start := resident(), time.Now()
	var waiting atomic.Uint64
	for range n {
		wait := makeWait()
		go func() {
			waiting.Add(1)
			wait()
		}()
	}
	for waiting.Load() < n {
		time.Sleep(time.Millisecond)
	}
	took := time.Since(start)
	time.Sleep(100 * time.Millisecond)
	return max(resident()-before, 0) / float64(n), float64(took) / float64(n)
}

func parkedOnChannels(n uint64) (bytes, made float64) {
	kept := make([]chan uint64, 0, n)
	bytes, made = parked(n, func() func() {
		c := make(chan uint64, 1)
		kept = append(kept, c)
		return func() { <-c }
	})
	runtime.KeepAlive(kept)
	return bytes, made
}

func sleeps(n uint64) {
	cpu := processorTime()
	late := make([]time.Duration, n)
	var all sync.WaitGroup
	all.Add(int(n))
	for number := range n {
		sleep := time.Duration(1+number*0x9e3779b97f4a7c15%1_000) * time.Millisecond
		go func() {
			start := time.Now()
			time.Sleep(sleep)
			late[number] = time.Since(start) - sleep
			all.Done()
		}()
	}
	all.Wait()
	cpu = processorTime() - cpu
	var sum time.Duration
	for _, one := range late {
		check(one >= 0)
		sum += one
	}
	figure(fmt.Sprintf("sleeps_cpu/%d", n), float64(cpu)/float64(n), "ns")
	figure(fmt.Sprintf("sleeps_late/%d", n), float64(slices.Max(late)), "ns")
	figure(fmt.Sprintf("sleeps_late_mean/%d", n), float64(sum)/float64(n), "ns")
}

// A cost is what the threads of this process but the first have cost.
type cost struct{ sleeps, processor float64 }

func costNow() (sum cost) {
	tasks, err := filepath.Glob("/proc/self/task/*")
	check(err == nil)
	for _, task := range tasks {
		if filepath.Base(task) == strconv.Itoa(os.Getpid()) {
			continue
		}
		// A thread may end while one looks.
		status, _ := os.ReadFile(filepath.Join(task, "status"))
		for _, line := range strings.Split(string(status), "\n") {
			if rest, found := strings.CutPrefix(line, "voluntary_ctxt_switches:"); found {
				number, _ := strconv.ParseFloat(strings.TrimSpace(rest), 64)
				sum.sleeps += number
			}
		}
		stat, _ := os.ReadFile(filepath.Join(task, "schedstat"))
		if fields := strings.Fields(string(stat)); len(fields) > 0 {
			number, _ := strconv.ParseFloat(fields[0], 64)
			sum.processor += number
		}
	}
	return sum
}

const messages = 5_000

func (before cost) print(what string) {
	now := costNow()
	figure("light_load/"+what+"_sleeps", (now.sleeps-before.sleeps)/messages, "sleeps")
	figure("light_load/"+what+"_cpu", (now.processor-before.processor)/messages, "ns")
}

func lightInside() {
	done := make(chan bool)
	before := costNow()
	go func() {
		c := make(chan uint64, 1024)
		go func() {
			for message := range uint64(messages) {
				time.Sleep(time.Millisecond)
				c <- message
			}
			close(c)
		}()
		for range c {
		}
		close(done)
	}()
	<-done
	before.print("inside")
}

func lightOutside() {
	c, done := make(chan time.Duration, 1024), make(chan []time.Duration)
	begin := time.Now()
	go func() {
		var took []time.Duration
		for sent := range c {
			took = append(took, time.Since(begin)-sent)
		}
		done <- took
	}()
	before := costNow()
	for range messages {
		// A sleep of the thread's, not of the goroutine's.
		pause := syscall.NsecToTimespec(int64(time.Millisecond))
		for syscall.Nanosleep(&pause, &pause) == syscall.EINTR {
		}
		c <- time.Since(begin)
	}
	close(c)
	took := <-done
	slices.Sort(took)
	figure("light_load/outside_arrival", float64(took[len(took)/2]), "ns")
	before.print("outside")
}

func compute() {
	for begin := time.Now(); time.Since(begin) < time.Second; {
	}
}

// block is a sleep of the thread's, as any call that blocks.
func block() {
	pause := syscall.NsecToTimespec(int64(time.Second))
	for syscall.Nanosleep(&pause, &pause) == syscall.EINTR {
	}
}

func starvation(what string, keep func(), hop bool) {
	var late []time.Duration
	for range 5 {
		late = append(late, starvationRound(keep, hop)...)
	}
	slices.Sort(late)
	of := func(share float64) float64 { return float64(late[int(float64(len(late)-1)*share)]) }
	figure("starvation/"+what+"_latest", of(1), "ns")
	figure("starvation/"+what+"_99_of_100", of(0.99), "ns")
}

func starvationRound(keep func(), hop bool) []time.Duration {
	const tick = time.Millisecond
	begin, workers := time.Now(), runtime.GOMAXPROCS(0)
	var kept atomic.Int64
	ticks, through, direct := make(chan time.Duration, 1), make(chan []time.Duration, 1), make(chan []time.Duration, 1)
	go func() {
		var late []time.Duration
		for due := range ticks {
			late = append(late, max(time.Since(begin)-due, 0))
		}
		through <- late
	}()
	go func() {
		var late []time.Duration
		for kept.Load() < int64(workers) {
			due := time.Since(begin) + tick
			time.Sleep(tick)
			late = append(late, max(time.Since(begin)-due, 0))
			if hop {
				ticks <- due
			}
		}
		close(ticks)
		direct <- late
	}()
	time.Sleep(100 * time.Millisecond)
	for range workers {
		go func() {
			keep()
			kept.Add(1)
		}()
	}
	if hop {
		return <-through
	}
	return <-direct
}

// serve prints a port, and sends back what comes there.
func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err == nil)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		stream, err := listener.Accept()
		check(err == nil)
		go func() {
			defer stream.Close()
			piece := make([]byte, 1024)
			for {
				n, err := stream.Read(piece)
				if err != nil {
					return
				}
				if _, err := stream.Write(piece[:n]); err != nil {
					return
				}
			}
		}()
	}
}
