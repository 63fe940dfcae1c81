package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/s3list"
)

func lsCommand() command {
	return command{
		name: "ls", args: "[s3://BUCKET/PREFIX]",
		summary: `List the objects of an S3 bucket: one key a line, whole, and prefixes with the "/" at their end.
Without a bucket it is the environment's bucket_name. With -l a line is: date (UTC), size, key; a prefix has PRE in place of
the size. With -versions it is: date, size (DEL for a delete marker), version id ("*" before the latest), key. A key that a
terminal can't show as it is, or that holds a quote or a backslash, is quoted as in Go or C; -json writes it as JSON does.
What was listed stays when the listing breaks off; the exit status then is not 0.`,
		example: `cognito ls -own -l
cognito ls -r -json s3://example-bucket/photos/`,
		run: func(ctx context.Context, a *app, args []string) error {
			var l listing
			f := a.serviceFlags()
			recursive := f.Bool("r", false, "list all keys below the prefix, not one level")
			own := f.Bool("own", false,
				"list below the caller's own prefix, IDENTITY_ID/, and PREFIX below that")
			f.BoolVar(&l.long, "l", false,
				"show date and size, and at the end a sum on standard error")
			f.BoolVar(&l.json, "json", false, "write one JSON object a line")
			f.BoolVar(&l.versions, "versions", false,
				"list all versions and delete markers, as -l does")
			f.IntVar(&l.in.Parallel, "parallel", 8, "at most so many `pages` at once, 1 to 64")
			words, err := a.parse(f, args, 0, 1)
			if err != nil {
				return err
			}
			if l.in.Parallel < 1 || l.in.Parallel > 64 {
				return usagef("-parallel is %d: it must be from 1 to 64", l.in.Parallel)
			}
			if len(words) > 0 {
				rest, ok := strings.CutPrefix(words[0], "s3://")
				if l.in.Bucket, l.in.Prefix, _ = strings.Cut(rest, "/"); !ok || l.in.Bucket == "" {
					return usagef("%q is not of the form s3://BUCKET/PREFIX", words[0])
				}
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			if l.in.Bucket = cmp.Or(l.in.Bucket, s.env.BucketName); l.in.Bucket == "" {
				return usagef("no bucket: name one (s3://BUCKET/PREFIX), or set bucket_name in " +
					"the environment")
			}
			if *own {
				id, err := s.identityID(ctx)
				if err != nil {
					return err
				}
				l.in.Prefix = id + "/" + l.in.Prefix
			}
			if !*recursive {
				l.in.Delimiter = "/"
			}
			return l.list(ctx, s)
		},
	}
}

// identityID is the user's identity in the identity pool: as it is kept, or asked for.
func (s *signedIn) identityID(ctx context.Context) (id string, err error) {
	if err := s.hasIdentities(); err != nil {
		return "", err
	}
	if r, err := s.keep.load(); err == nil {
		if saved := r.session(); saved != nil && saved.IdentityID != "" &&
			saved.IdentityPoolID == s.env.IdentityPoolID {
			return saved.IdentityID, nil
		}
	}
	err = s.with(ctx, func(_ *record, session *cognito.Session) error {
		id, err = session.IdentityID(ctx)
		return err
	})
	return id, err
}

// s3 is the client of S3 with the user's credentials.
func (s *signedIn) s3() *s3list.Client {
	fips, dualStack := s.a.hosts()
	return &s3list.Client{
		Region:    s.a.serviceRegion(s.env),
		Endpoint:  s.env.Endpoints.S3,
		FIPS:      fips,
		DualStack: dualStack, HTTPClient: s.client.HTTPClient, Credentials: s.credentials,
	}
}

// A listing is what to list, and how to write it.
type listing struct {
	in                   s3list.ListInput
	long, json, versions bool
}

// list lists, and writes line by line.
func (l *listing) list(ctx context.Context, s *signedIn) (err error) {
	out := bufio.NewWriterSize(s.a.stdout, 64<<10)
	progress, width := progressTo(s.a), 0
	// at most ten times a second: what is there is shown then
	l.in.Progress = func(p s3list.Progress) {
		width, _ = fmt.Fprintf(progress, "\r%d keys", p.Keys)
		out.Flush()
	}
	client := s.s3()
	list := client.List
	if l.versions {
		list = client.Versions
	}
	var objects, prefixes, size int64
	for object, failed := range list(ctx, l.in) {
		if err = failed; err == nil {
			err = l.write(out, object)
		}
		if err != nil {
			break
		}
		if object.CommonPrefix {
			prefixes++
		} else {
			objects++
			size += object.Size
		}
	}
	if width > 0 {
		fmt.Fprintf(progress, "\r%*s\r", width-len("\r"), "") // nothing of it stays
	}
	if flushed := out.Flush(); flushed != nil {
		return flushed
	}
	if err == nil && l.long && !l.json {
		fmt.Fprintf(s.a.stderr, "%d objects, %d prefixes, %s\n", objects, prefixes, humanSize(size))
	}
	return err
}

// write writes one line.
func (l *listing) write(out io.Writer, o s3list.Object) error {
	if l.json {
		line, err := jsonLine(jsonOf(o, l.versions))
		if err == nil {
			_, err = out.Write(line)
		}
		return err
	}
	key := quoted(o.Key)
	if !l.long && !l.versions {
		_, err := fmt.Fprintln(out, key)
		return err
	}
	date, size := o.LastModified.UTC().Format(time.RFC3339), humanSize(o.Size)
	switch {
	case o.CommonPrefix:
		date, size = "", "PRE"
	case o.DeleteMarker:
		size = "DEL"
	}
	version := ""
	if l.versions {
		mark := " "
		if o.IsLatest {
			mark = "*"
		}
		version = fmt.Sprintf("%s%-32s  ", mark, printable(o.VersionID))
	}
	_, err := fmt.Fprintf(out, "%20s  %10s  %s%s\n", date, size, version, key)
	return err
}

// jsonOf is what -json writes of an object.
func jsonOf(o s3list.Object, versions bool) any {
	if o.CommonPrefix {
		return struct {
			Prefix string `json:"prefix"`
		}{o.Key}
	}
	line := struct {
		Key          string `json:"key"`
		Size         int64  `json:"size"`
		LastModified string `json:"last_modified"`
		ETag         string `json:"etag,omitempty"`
		StorageClass string `json:"storage_class,omitempty"`
		VersionID    string `json:"version_id,omitempty"`
		IsLatest     *bool  `json:"is_latest,omitempty"`
		DeleteMarker bool   `json:"delete_marker,omitempty"`
	}{o.Key, o.Size, o.LastModified.UTC().Format(time.RFC3339Nano), o.ETag, o.StorageClass,
		o.VersionID, nil, o.DeleteMarker}
	if versions {
		line.IsLatest = &o.IsLatest
	}
	return line
}

// jsonLine is v as JSON on one line in which nothing steers a terminal: what can't be printed is
// escaped.
func jsonLine(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	line := make([]byte, 0, text.Len())
	for _, r := range strings.TrimSuffix(text.String(), "\n") {
		if unicode.IsPrint(r) {
			line = append(line, string(r)...)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			line = fmt.Appendf(line, `\u%04x`, unit)
		}
	}
	return append(line, '\n'), nil
}

// quoted is a name from a server as it is, or quoted where it would steer the terminal or looks
// quoted itself.
func quoted(s string) string {
	if q := strconv.Quote(s); len(q) != len(s)+2 {
		return q
	}
	return s
}

// humanSize is a number of bytes for people: "1.2 KiB".
func humanSize(bytes int64) string {
	if bytes < 1024 {
		return strconv.FormatInt(bytes, 10) + " B"
	}
	size, unit := float64(bytes), -1
	for ; size >= 1023.95; unit++ { // which would be shown as 1024.0
		size /= 1024
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + "KMGTPE"[unit:unit+1] + "iB"
}

// progressTo is the terminal that shows how far a listing has come. Where the listing itself goes
// to one, that is progress enough.
func progressTo(a *app) io.Writer {
	if !onTerminal(a.stderr) || onTerminal(a.stdout) || a.getenv("TERM") == "dumb" {
		return io.Discard
	}
	return a.stderr
}

func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && terminal.Is(file)
}
