package main

import (
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// serveFiles serves the files of a folder as the example `http` does: opened, looked at and read in one go, and
// answered from memory.
func serveFiles(folder string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err == nil)
	fmt.Println("listening on", listener.Addr())
	answer := func(response http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodGet {
			response.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimLeft(request.URL.Path, "/")
		if !filepath.IsLocal(name) {
			response.WriteHeader(http.StatusNotFound)
			return
		}
		bytes, err := readRegular(filepath.Join(folder, name))
		if err != nil {
			response.WriteHeader(http.StatusNotFound)
			return
		}
		header := response.Header()
		// The others send none.
		header["Date"] = nil
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Length", fmt.Sprint(len(bytes)))
		// Who asked may have gone.
		_, _ = response.Write(bytes)
	}
	server := http.Server{
		Handler:           http.HandlerFunc(answer),
		ReadHeaderTimeout: 15 * time.Second,
		IdleTimeout:       15 * time.Second,
	}
	check(server.Serve(listener) == nil)
}

// readRegular reads a file whole, in as many pieces as it takes for one that doesn't grow.
func readRegular(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil || !about.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	bytes := make([]byte, about.Size())
	_, err = io.ReadFull(file, bytes)
	return bytes, err
}
