package main

import (
	"fmt"
	"net"
	"net/http"
	"time"
)

// lister is a program that lists a bucket.
type lister struct {
	name, pkg, bucket string
	args              []string // after the name of the bucket
}

// The names of the buckets.
const (
	deep = "deep"
	flat = "flat"
)

var keysOf = map[string]func(n int) []string{deep: deepKeys, flat: flatKeys}

// pagesAtOnce is the number of parallel requests of our program when it lists in parallel.
const pagesAtOnce = "32"

// The programs that list. even lists a bucket without folders.
var (
	peers = []lister{
		{awsSDK, listAWS, deep, nil},
		{minioGo, listMinio, deep, nil},
		{floor, listFloor, deep, nil},
	}
	own = []lister{
		{ours, listOurs, deep, nil},
		{parallel, listOurs, deep, []string{pagesAtOnce}},
	}
	even = lister{parallel + ", no folders", listOurs, flat, []string{pagesAtOnce}}
)

// serve serves a handler on a loopback address.
func serve(handler http.Handler) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	return listener.Addr().String(), func() { server.Close() }, nil
}

// listings measures every lister. rendered is passed to newBucket.
func (p programs) listings(title string, keys, rounds int, delay time.Duration, rendered bool,
	listers ...lister) (*table, error) {
	t := &table{
		title: title,
		notes: []string{fmt.Sprintf("%s keys over loopback, with 1,000 keys in a response and a "+
			"delay of %v before each response. CPU is the time of the whole process, including "+
			"its start. The floor reads the same pages one after the other and discards them. "+
			"Keys are names of logs in folders by hour. Those with \"no folders\" look like "+
			"hashes.", number(float64(keys)), delay)},
		refs: []string{awsSDK, minioGo, floor},
	}
	handler := &listing{delay: delay, buckets: map[string]*bucket{}}
	for _, l := range listers {
		if handler.buckets[l.bucket] == nil {
			handler.buckets[l.bucket] = newBucket(keysOf[l.bucket](keys), rendered)
		}
	}
	address, stop, err := serve(handler)
	if err != nil {
		return nil, err
	}
	defer stop()
	contenders := make([]contender, len(listers))
	for i, l := range listers {
		contenders[i] = contender{l.name, func() error {
			before := handler.requests.Load()
			u, err := p.run(l.pkg, "", nil, append([]string{address, l.bucket}, l.args...)...)
			if err != nil {
				return err
			}
			var seen, size, peak int64
			if _, err := fmt.Sscan(string(u.out), &seen, &size, &peak); err != nil {
				return err
			}
			n := int64(keys)
			if want := n * (n - 1) / 2; seen != n || size != want && l.name != floor {
				return fmt.Errorf("listed %d keys with a total size of %d, want %d keys and %d",
					seen, size, n, want)
			}
			t.add(cpuPerKey, l.name, float64(u.cpu.Nanoseconds())/1e3/float64(keys))
			t.add(wallTime, l.name, u.wall.Seconds())
			t.add(peakMemory, l.name, float64(peak)*1024/1e6)
			t.add("requests", l.name, float64(handler.requests.Load()-before))
			return nil
		}}
	}
	if err := interleave(rounds, contenders); err != nil {
		return nil, fmt.Errorf("listing %d keys: %w", keys, err)
	}
	return t, nil
}
