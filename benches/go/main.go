// The workloads of the other benchmarks in Go: the same work, the same names, the same output.
//
//	go run . list            the names of the jobs
//	go run . [PART...]       runs those that have one of these in their names, or all
//	go run . serve           a server for the benchmark `echo`; prints its port
//	go run . http FOLDER     a server for the benchmark `http`; prints where it listens
//
// As many processors are used as RUSTROUTINES_WORKERS says, or as there are.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A measurement takes at least so long, unless once is enough for that.
const enough = 300 * time.Millisecond

type job struct {
	name string
	run  func()
}

// What a light load costs is counted without the first thread, which is the load's then: the first goroutine
// keeps to it. Everywhere else that would only slow it down.
func init() { runtime.LockOSThread() }

func main() {
	if !strings.HasPrefix(os.Getenv("RUSTROUTINES_BENCH_JOB"), "light_load/") {
		runtime.UnlockOSThread()
	}
	use(os.Getenv("RUSTROUTINES_WORKERS"))
	jobs := all()
	if name := os.Getenv("RUSTROUTINES_BENCH_JOB"); name != "" && len(os.Args) == 1 {
		for _, job := range jobs {
			if job.name == name {
				job.run()
				return
			}
		}
		panic("no such job: " + name)
	}
	chosen := os.Args[1:]
	switch {
	case len(chosen) == 1 && chosen[0] == "serve":
		serve()
	case len(chosen) == 2 && chosen[0] == "http":
		serveFiles(chosen[1])
	case len(chosen) == 1 && chosen[0] == "list":
		for _, job := range jobs {
			fmt.Println(job.name)
		}
	default:
		for _, job := range jobs {
			if len(chosen) == 0 || containsAny(job.name, chosen) {
				again(job.name)
			}
		}
	}
}

// again runs a job in a process of its own.
func again(name string) {
	this, err := os.Executable()
	check(err == nil)
	command := exec.Command(this)
	command.Env = append(os.Environ(), "RUSTROUTINES_BENCH_JOB="+name)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	check(command.Run() == nil)
}

func use(processors string) {
	if processors != "" {
		number, err := strconv.Atoi(processors)
		check(err == nil)
		runtime.GOMAXPROCS(number)
	}
}

func containsAny(name string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// all gives the jobs, called `what/go`.
func all() []job {
	jobs := []job{}
	add := func(what string, run func()) { jobs = append(jobs, job{what + "/go", run}) }
	rate := func(what, row string, n uint64, work func(uint64) time.Duration) {
		add(what, func() { timed(row, n, work) })
	}

	rate("spawn_join", "spawn_join/one_by_one", 100_000, oneByOne)
	rate("yield/2", "yield/2", 200_000, func(n uint64) time.Duration { return yields(2, n) })
	rate("yield/1000", "yield/1000", 200_000, func(n uint64) time.Duration { return yields(1_000, n) })
	rate("timer", "timer/create_cancel", 200_000, createCancel)

	rate("try_send_try_recv", "try_send_try_recv/bounded_128", 1_000_000, trySendTryRecv)
	rate("send_recv", "send_recv/bounded_128", 1_000_000, sendRecv)
	for _, shape := range []struct {
		name                 string
		producers, consumers uint64
	}{{"spsc", 1, 1}, {"mpsc_4", 4, 1}, {"mpmc_4x4", 4, 4}} {
		for _, capacity := range []int{0, 128} {
			row := shape.name + "/unbuffered"
			if capacity > 0 {
				row = fmt.Sprintf("%s/bounded_%d", shape.name, capacity)
			}
			rate(row, row, 500_000, func(n uint64) time.Duration {
				return flow(capacity, shape.producers, shape.consumers, n)
			})
		}
	}
	rate("round_trip", "round_trip/unbuffered", 100_000, pingPong)

	rate("select_ready/2", "select_ready/2", 500_000, selectReady2)
	rate("select_ready/3", "select_ready/3", 500_000, selectReady3)
	rate("select_ready/10", "select_ready/10", 200_000, selectReady10)
	rate("select_waiting/2", "select_waiting/2", 100_000, selectWaiting2)
	rate("select_waiting/3", "select_waiting/3", 100_000, selectWaiting3)
	rate("select_waiting/10", "select_waiting/10", 100_000, selectWaiting10)
	rate("select_default", "select_default/2", 1_000_000, selectDefault)
	for _, cases := range []int{1, 10, 100, 1_000} {
		n := uint64(100_000 / cases)
		row := fmt.Sprintf("select_one_of/%d", cases)
		rate(row, row, n, func(n uint64) time.Duration { return selectOneOf(cases, n) })
		waiting := fmt.Sprintf("select_one_of_waiting/%d", cases)
		rate(waiting, waiting, n, func(n uint64) time.Duration { return selectOneOfWaiting(cases, n) })
	}

	rate("ping_pong", "ping_pong/smallest", 100_000, pingPong)
	rate("ring", "ring/503", 200_000, ring)
	rate("pipeline", "pipeline/8", 200_000, pipeline)
	add("sieve", func() {
		sieve(100)
		figure("sieve/2000", float64(sieve(2_000)), "ns")
	})
	add("file_pipeline", filePipeline)
	add("copy/tcp_to_tcp", copying("copy/tcp_to_tcp", copied, tcpToTCP))
	add("copy/tcp_both_ways", copying("copy/tcp_both_ways", 2*copied, tcpBothWays))
	add("copy/file_to_file", copying("copy/file_to_file", copiedOut, fileToFile))
	add("copy/file_to_tcp", copying("copy/file_to_tcp", copiedOut, fileToTCP))
	add("files/lines", filing("files/lines", lines, lines*(len(line)-1), readLines))
	add("files/reads", filing("files/reads", lines*len(line)/pieceSize, lines*len(line), readPieces))
	add("files/writes", filing("files/writes", written, written, writeMessages))
	add("files/whole", filing("files/whole", smallFiles, smallFiles*smallSize, readWhole))
	add("files/metadata", filing("files/metadata", smallFiles, smallFiles*smallSize, lookAt))
	add("skynet/10000", func() { skynetOf("skynet/10000", 10_000) })
	add("skynet/1000000", func() { skynetOf("skynet/1000000", 1_000_000) })
	rate("spawn_burst", "spawn_burst/200000", 200_000, burst)
	add("grow_spawn", func() {
		for n := uint64(1); n <= 1_000_000; n *= 10 {
			timed(fmt.Sprintf("grow_spawn/%d", n), n, burst)
		}
	})
	for _, workers := range []int{1, 2, 4, 8, 16, 32, 64} {
		mpmc := fmt.Sprintf("grow_workers_mpmc/%d", workers)
		add(mpmc, func() {
			runtime.GOMAXPROCS(workers)
			timed(mpmc, 200_000, func(n uint64) time.Duration { return flow(128, 8, 8, n) })
		})
		skynet := fmt.Sprintf("grow_workers_skynet/%d", workers)
		add(skynet, func() {
			runtime.GOMAXPROCS(workers)
			skynetOf(skynet, 100_000)
		})
	}

	add("parked/channel", func() {
		bytes, made := parkedOnChannels(1_000_000)
		figure("parked/channel", bytes, "bytes")
		figure("parked/made_channel", made, "ns")
	})
	add("parked/sleep", func() {
		bytes, made := parked(1_000_000, func() func() { return func() { time.Sleep(time.Hour) } })
		figure("parked/sleep", bytes, "bytes")
		figure("parked/made_sleep", made, "ns")
	})
	for _, n := range []uint64{100, 1_000, 10_000, 100_000, 1_000_000} {
		row := fmt.Sprintf("grow_memory/%d", n)
		add(row, func() {
			bytes, _ := parkedOnChannels(n)
			figure(row, bytes, "bytes")
		})
	}
	for _, n := range []uint64{5_000, 100_000, 1_000_000} {
		add(fmt.Sprintf("sleeps/%d", n), func() { sleeps(n) })
	}
	add("light_load/inside", lightInside)
	add("light_load/outside", lightOutside)
	add("starvation/compute_ticker", func() { starvation("compute_ticker", compute, false) })
	add("starvation/compute_hop", func() { starvation("compute_hop", compute, true) })
	add("starvation/sleep_ticker", func() { starvation("sleep_ticker", block, false) })
	add("starvation/sleep_hop", func() { starvation("sleep_hop", block, true) })
	return jobs
}

// timed prints what one of n operations takes. Before it is measured, a tenth of the work is done.
func timed(row string, n uint64, work func(uint64) time.Duration) {
	work(max(n/10, 1))
	var took time.Duration
	done := uint64(0)
	for took < enough {
		took += work(n)
		done += n
	}
	figure(row, float64(took)/float64(done), "ns")
}

// figure prints one figure: what, of whom, how much. The less, the better.
func figure(row string, value float64, unit string) {
	fmt.Printf("%-44s %-18s %16.2f %s\n", row, "go", value, unit)
}

func check(holds bool) {
	if !holds {
		panic("a check has failed")
	}
}
