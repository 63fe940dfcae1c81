package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxBuffered is how much of a body that cannot be read twice is kept in memory to be hashed.
const maxBuffered = 16 << 20

// resolvePayloadHash returns the last line of the canonical request.
func resolvePayloadHash(req *http.Request, given string) (string, error) {
	switch {
	case given == UnsignedPayload && req.URL.Scheme != "https":
		return "", errors.New("sigv4: UnsignedPayload over plain http would protect the body from nobody: use https, or pass the hash")
	case given != "" && given != UnsignedPayload && (len(given) != 64 || strings.Trim(given, "0123456789abcdef") != ""):
		return "", errors.New("sigv4: the payload hash is not 64 lower-case hexadecimal digits: pass hex.EncodeToString of the SHA-256, or \"\"")
	case given != "":
		return given, nil
	case req.Body == nil || req.Body == http.NoBody:
		return emptySHA256, nil
	}
	hash := sha256.New()
	n, err := copyBody(hash, req)
	switch {
	case err != nil:
		return "", fmt.Errorf("sigv4: reading the body to hash it: %w", err)
	case req.ContentLength > 0 && req.ContentLength != n:
		return "", fmt.Errorf("sigv4: the body has %d bytes and Request.ContentLength says %d: correct it", n, req.ContentLength)
	}
	req.ContentLength = n // where it was unknown: Amazon S3 takes no chunked transfer coding
	sum := hash.Sum(make([]byte, 0, sha256.Size))
	return string(hex.AppendEncode(make([]byte, 0, 2*sha256.Size), sum)), nil
}

// copyBody writes the body to w and leaves it as it was, to be sent.
func copyBody(w io.Writer, req *http.Request) (int64, error) {
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return 0, err
		}
		defer body.Close()
		return io.Copy(w, body)
	}
	if seeker, ok := req.Body.(io.Seeker); ok {
		if start, err := seeker.Seek(0, io.SeekCurrent); err == nil { // a pipe is an os.File too and cannot seek
			n, err := io.Copy(w, req.Body)
			_, rewind := seeker.Seek(start, io.SeekStart)
			return n, errors.Join(err, rewind)
		}
	}
	body := req.Body
	data, err := io.ReadAll(io.LimitReader(body, maxBuffered+1))
	if err == nil && len(data) > maxBuffered {
		err = errors.New("it is above 16 MiB and cannot be read twice: set Request.GetBody, or use an io.ReadSeeker such as an os.File, or pass its hash or UnsignedPayload")
	}
	if err != nil { // nothing is lost: what was read comes first again
		req.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(data), body), body}
		return 0, err
	}
	body.Close()
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	req.Body, _ = req.GetBody()
	w.Write(data)
	return int64(len(data)), nil
}
