package credserver

import (
	"context"
	"net"
	"slices"
	"sync"
)

// maxConnections limits the number of simultaneous connections. It is far below common limits of
// file descriptors.
const maxConnections = 128

// A connections listener limits the number of open connections, so that programs without the token
// cannot exhaust the file descriptors. If there are too many, it closes the oldest connection that
// has not sent the token.
type connections struct {
	net.Listener

	mu   sync.Mutex
	open []*connection // in the order of acceptance
}

// A connection is an open connection.
type connection struct {
	net.Conn
	of      *connections
	trusted bool // reports whether the client sent the token
}

// Accept waits for a connection.
func (l *connections) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	added := &connection{Conn: conn, of: l}
	l.mu.Lock()
	l.open = append(l.open, added)
	var surplus *connection
	if len(l.open) > maxConnections {
		surplus = added
		if i := slices.IndexFunc(l.open, func(c *connection) bool { return !c.trusted }); i >= 0 {
			surplus = l.open[i]
		}
	}
	l.mu.Unlock()
	if surplus != nil {
		surplus.Close()
	}
	return added, nil
}

// Close closes the connection.
func (c *connection) Close() error {
	c.of.mu.Lock()
	c.of.open = slices.DeleteFunc(c.of.open, func(other *connection) bool { return other == c })
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// connectionKey is the key of a request's connection in its context.
type connectionKey struct{}

// withConnection returns a context with the connection of a request.
func withConnection(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, conn)
}

// trust marks the connection of a request that has the token.
func trust(ctx context.Context) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.of.mu.Lock()
		c.trusted = true
		c.of.mu.Unlock()
	}
}
