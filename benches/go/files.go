package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What lies in the folder: as in `files.rs`.
const (
	line       = "sixty-three bytes and a newline, as lines of programs may be, yes\n"
	lines      = (64 << 20) / len(line)
	pieceSize  = 4096
	smallFiles = 2_000
	smallSize  = 2_048
	written    = 500_000
	readers    = 8
	// As much as the others have.
	ahead  = 512 << 10
	behind = 128 << 10
)

// filing gives the job that does it twice, of which the second time is measured.
func filing(row string, number, expected int, run func(folder string) int) func() {
	return func() {
		folder, err := os.MkdirTemp("", "rustroutines-files-")
		check(err == nil)
		check(os.WriteFile(filepath.Join(folder, "large"), []byte(strings.Repeat(line, lines)), 0o644) == nil)
		small := []byte(strings.Repeat("\x01", smallSize))
		for n := range smallFiles {
			check(os.WriteFile(filepath.Join(folder, strconv.Itoa(n)), small, 0o644) == nil)
		}
		check(run(folder) == expected)
		begin := time.Now()
		check(run(folder) == expected)
		took := time.Since(begin)
		check(os.RemoveAll(folder) == nil)
		figure(row, float64(took)/float64(number), "ns")
	}
}

// readLines makes a string of each line, as the others do.
func readLines(folder string) (sum int) {
	file, err := os.Open(filepath.Join(folder, "large"))
	check(err == nil)
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(make([]byte, ahead), ahead)
	for scanner.Scan() {
		sum += len(scanner.Text())
	}
	check(scanner.Err() == nil)
	return sum
}

func readPieces(folder string) (sum int) {
	file, err := os.Open(filepath.Join(folder, "large"))
	check(err == nil)
	defer file.Close()
	reader, piece := bufio.NewReaderSize(file, ahead), make([]byte, pieceSize)
	for {
		n, err := reader.Read(piece)
		sum += n
		if err == io.EOF {
			return sum
		}
		check(err == nil)
	}
}

func writeMessages(folder string) int {
	file, err := os.Create(filepath.Join(folder, "written"))
	check(err == nil)
	writer := bufio.NewWriterSize(file, behind)
	message := []byte(strings.Repeat("\x07", 64))
	for range written {
		_, err := writer.Write(message)
		check(err == nil)
	}
	check(writer.Flush() == nil && file.Close() == nil)
	return written
}

func readWhole(folder string) (sum int) {
	sums := make([]int, readers)
	var all sync.WaitGroup
	for reader := range readers {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := reader; n < smallFiles; n += readers {
				bytes, err := os.ReadFile(filepath.Join(folder, strconv.Itoa(n)))
				check(err == nil)
				sums[reader] += len(bytes)
			}
		}()
	}
	all.Wait()
	for _, one := range sums {
		sum += one
	}
	return sum
}
