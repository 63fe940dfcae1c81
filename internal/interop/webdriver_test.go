package interop

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/loginwithcognito/cognito/cognitotest"
)

// A chromium is a running browser, which the tests control through its driver (W3C: WebDriver).
type chromium struct {
	session string // the URL of the session
	domains *domains
}

// domains serves the hosts below amazoncognito.com to the browser, over TLS.
type domains struct {
	mu    sync.Mutex
	hosts map[string]http.Handler
}

func (d *domains) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	handler := d.hosts[r.Host]
	d.mu.Unlock()
	if handler == nil {
		http.NotFound(w, r)
		return
	}
	handler.ServeHTTP(w, r)
}

// serve makes a handler serve a host.
func (d *domains) serve(host string, handler http.Handler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hosts[host] = handler
}

// unreachable is a port of localhost that the browser cannot open, as if it ran on another machine.
const unreachable = "8402"

// startChromium starts a browser with a new profile. It ends with the test. All hosts below
// amazoncognito.com and amazonaws.com are those of its domains.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	b := &chromium{domains: &domains{hosts: make(map[string]http.Handler)}}
	server := httptest.NewTLSServer(b.domains)
	t.Cleanup(server.Close)
	key := sha256.Sum256(server.Certificate().RawSubjectPublicKeyInfo)
	address := server.Listener.Addr().String()
	driver := startDriver(t)
	var created struct{ SessionID string }
	call(t, http.MethodPost, driver+"/session", map[string]any{
		"capabilities": map[string]any{"alwaysMatch": map[string]any{
			"browserName": "chrome",
			"timeouts":    map[string]int{"implicit": 20_000, "pageLoad": 60_000},
			"goog:chromeOptions": map[string]any{
				"binary": tool(t, "chromium"),
				"args": []string{
					"--headless=new",
					"--no-sandbox",
					"--disable-gpu",
					"--disable-quic",
					"--no-first-run",
					"--disable-background-networking",
					"--disable-component-update",
					"--disable-sync",
					"--disable-dev-shm-usage",
					"--user-data-dir=" + t.TempDir(),
					"--host-resolver-rules=MAP *.amazoncognito.com " + address +
						", MAP *.amazonaws.com " + address +
						", MAP localhost:" + unreachable + " ^NOTFOUND",
					"--ignore-certificate-errors-spki-list=" +
						base64.StdEncoding.EncodeToString(key[:]),
				},
			},
			"goog:loggingPrefs": map[string]string{"browser": "ALL", "performance": "ALL"},
		}},
	}, &created)
	b.session = driver + "/session/" + created.SessionID
	t.Cleanup(func() { call(t, http.MethodDelete, b.session, nil, nil) })
	return b
}

// startDriver starts the browser's driver and returns its URL.
func startDriver(t *testing.T) string {
	t.Helper()
	p := new(process)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, tool(t, "chromedriver"), "--port=0")
	cmd.Env = environment(t)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = p
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	port := make(chan string, 1)
	started := regexp.MustCompile(`started successfully on port (\d+)`)
	go func() {
		defer close(read)
		defer close(port)
		buffer := make([]byte, 4096)
		for {
			n, err := stdout.Read(buffer)
			p.Write(buffer[:n])
			if found := started.FindStringSubmatch(p.String()); found != nil {
				port <- found[1]
				io.Copy(io.Discard, stdout)
				return
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-read
		cmd.Wait()
	})
	found := <-port
	if found == "" {
		t.Fatalf("chromedriver did not print its port:\n%s", p)
	}
	return "http://127.0.0.1:" + found
}

// call sends a command to a driver and decodes the value of its response.
func call(t *testing.T, method, url string, parameters, value any) {
	t.Helper()
	if err := tryCall(method, url, parameters, value); err != nil {
		t.Fatalf("%s %s: %v", method, url[strings.LastIndex(url, "/"):], err)
	}
}

func tryCall(method, url string, parameters, value any) error {
	var body io.Reader
	if method == http.MethodPost {
		if parameters == nil {
			parameters = struct{}{}
		}
		text, err := json.Marshal(parameters)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Timeout: 2 * time.Minute}).Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var out struct{ Value json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var failed struct{ Error, Message string }
		err := json.Unmarshal(out.Value, &failed)
		return errors.Join(err, fmt.Errorf("%s: %s", failed.Error, failed.Message))
	}
	if value == nil {
		return nil
	}
	return json.Unmarshal(out.Value, value)
}

// open opens a page and waits until it is loaded.
func (b *chromium) open(t *testing.T, url string) {
	t.Helper()
	call(t, http.MethodPost, b.session+"/url", map[string]string{"url": url}, nil)
}

// address returns the address that the browser shows.
func (b *chromium) address(t *testing.T) (url string) {
	t.Helper()
	call(t, http.MethodGet, b.session+"/url", nil, &url)
	return url
}

// find waits for an element, which is described with XPath, and returns its URL.
func (b *chromium) find(t *testing.T, path string) string {
	t.Helper()
	var found map[string]string
	err := tryCall(http.MethodPost, b.session+"/element",
		map[string]string{"using": "xpath", "value": path}, &found)
	if err != nil {
		var source string
		call(t, http.MethodGet, b.session+"/source", nil, &source)
		t.Fatalf("%s is not on the page %s: %v\n%s", path, b.address(t), err, source)
	}
	return b.session + "/element/" + found["element-6066-11e4-a52e-4f735466cecf"]
}

// heading waits for a page with a heading.
func (b *chromium) heading(t *testing.T, text string) {
	t.Helper()
	b.find(t, "//h1[.='"+text+"']")
}

// fill enters text into the empty field with a name.
func (b *chromium) fill(t *testing.T, name, text string) {
	t.Helper()
	field := b.find(t, "//input[@name='"+name+"']")
	call(t, http.MethodPost, field+"/value", map[string]string{"text": text}, nil)
}

// click clicks on an element, which is described with XPath.
func (b *chromium) click(t *testing.T, path string) {
	t.Helper()
	call(t, http.MethodPost, b.find(t, path)+"/click", nil, nil)
}

// signIn fills in and sends the form of a login page.
func (b *chromium) signIn(t *testing.T, user, password string) {
	t.Helper()
	b.fill(t, "username", user)
	b.fill(t, "password", password)
	b.click(t, "//button[.='Continue']")
}

// evaluate returns the result of an expression in the page.
func (b *chromium) evaluate(t *testing.T, expression string, value any) {
	t.Helper()
	call(t, http.MethodPost, b.session+"/execute/sync",
		map[string]any{"script": "return " + expression, "args": []any{}}, value)
}

// command sends a command of Chrome's own protocol.
func (b *chromium) command(t *testing.T, name string, parameters any) {
	t.Helper()
	call(t, http.MethodPost, b.session+"/goog/cdp/execute",
		map[string]any{"cmd": name, "params": parameters}, nil)
}

// log returns the messages of a log since the last call.
func (b *chromium) log(t *testing.T, kind string) (messages []string) {
	t.Helper()
	var entries []struct{ Message string }
	call(t, http.MethodPost, b.session+"/se/log", map[string]string{"type": kind}, &entries)
	for _, entry := range entries {
		messages = append(messages, entry.Message)
	}
	return messages
}

// remote returns the network address from which the browser has loaded a page since the last call.
func (b *chromium) remote(t *testing.T, page string) (ip string) {
	t.Helper()
	for _, text := range b.log(t, "performance") {
		var entry struct {
			Message struct {
				Method string
				Params struct {
					Response struct{ URL, RemoteIPAddress string }
				}
			}
		}
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			t.Fatal(err)
		}
		response := entry.Message.Params.Response
		if entry.Message.Method == "Network.responseReceived" &&
			strings.HasPrefix(response.URL, page) {
			ip = response.RemoteIPAddress
		}
	}
	return ip
}

// pool makes a stand-in serve a domain of its own, so that its cookies are new.
func (b *chromium) pool(t *testing.T) (server *cognitotest.Server, pool *cognitotest.UserPool) {
	t.Helper()
	server = cognitotest.Example()
	pool = &server.UserPools[0]
	_, name, _ := strings.Cut(t.Name(), "/")
	host := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(name), "-")
	pool.Domain = host + ".auth." + region + ".amazoncognito.com"
	b.domains.serve(pool.Domain, server)
	return server, pool
}
