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
	rounds     = 10
	// As much as the others have, but for tokio.
	ahead  = 128 << 10
	behind = 128 << 10
)

// filing gives the job that does it in some rounds, of which the first is not measured.
func filing(row string, number, expected int, run func(folder string) int) func() {
	return func() {
		folder, err := os.MkdirTemp("", "rustroutines-files-")
		check(err == nil)
		switch row {
		case "files/lines", "files/reads":
			check(os.WriteFile(filepath.Join(folder, "large"), []byte(strings.Repeat(line, lines)), 0o644) == nil)
		case "files/whole", "files/metadata":
			small := []byte(strings.Repeat("\x01", smallSize))
			for n := range smallFiles {
				check(os.WriteFile(filepath.Join(folder, strconv.Itoa(n)), small, 0o644) == nil)
			}
		}
		var took time.Duration
		for round := range rounds + 1 {
			begin := time.Now()
			check(run(folder) == expected)
			if round > 0 {
				took += time.Since(begin)
			}
			// As in `files.rs`.
			os.Remove(filepath.Join(folder, "written"))
		}
		check(os.RemoveAll(folder) == nil)
		figure(row, float64(took)/float64(number)/rounds, "ns")
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

// sumUp has several look after a share of the small files each, and adds up what they find.
func sumUp(folder string, look func(path string) int) (sum int) {
	sums := make([]int, readers)
	var all sync.WaitGroup
	for reader := range readers {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := reader; n < smallFiles; n += readers {
				sums[reader] += look(filepath.Join(folder, strconv.Itoa(n)))
			}
		}()
	}
	all.Wait()
	for _, one := range sums {
		sum += one
	}
	return sum
}

func readWhole(folder string) int {
	return sumUp(folder, func(path string) int {
		bytes, err := os.ReadFile(path)
		check(err == nil)
		return len(bytes)
	})
}

func lookAt(folder string) int {
	return sumUp(folder, func(path string) int {
		known, err := os.Stat(path)
		check(err == nil)
		return int(known.Size())
	})
}
