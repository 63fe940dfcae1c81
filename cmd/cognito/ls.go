package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/loginwithcognito/cognito"
	"github.com/loginwithcognito/cognito/cmd/cognito/internal/state"
	"github.com/loginwithcognito/cognito/internal/terminal"
	"github.com/loginwithcognito/cognito/s3list"
)

func lsCommand() command {
	return command{
		name: "ls", args: "[s3://BUCKET/PREFIX]",
		summary: `List the objects of an S3 bucket.
Each line is a full key, or a prefix with its "/". The default bucket is the environment's
bucket_name. With -l, a line is: date (UTC), size, key. A prefix has PRE instead of a size. With
-versions, a line is: date, size (DEL for a delete marker), version ID ("*" before the latest), key.
A key with a quote, a backslash or a character that does not print is quoted as in Go or C. With
-json, such characters are escaped as in JSON. If the listing fails, the lines before the failure
are valid, and the exit status is not 0.`,
		example: `cognito ls -own -l
cognito ls -r -json s3://example-bucket/photos/`,
		run: func(ctx context.Context, a *app, args []string) error {
			var l listing
			f := a.serviceFlags()
			recursive := f.Bool("r", false, "list all keys below the prefix, not only one level")
			own := f.Bool("own", false,
				"list below the user's own prefix: IDENTITY_ID/PREFIX")
			f.BoolVar(&l.long, "l", false,
				"show date and size, and write the totals to standard error")
			f.BoolVar(&l.json, "json", false, "write one JSON object per line")
			f.BoolVar(&l.versions, "versions", false,
				"list all versions and delete markers, in long form")
			f.BoolVar(&l.virtualHosted, "virtual-hosted", false,
				"put the bucket into the host name of endpoints.s3, not the path")
			f.IntVar(&l.in.Parallel, "parallel", 8,
				"request at most this many `pages` at once, 1 to 64")
			words, err := a.parse(f, args, 0, 1)
			if err != nil {
				return err
			}
			if l.in.Parallel < 1 || l.in.Parallel > 64 {
				return usagef("-parallel %d: must be from 1 to 64", l.in.Parallel)
			}
			if len(words) > 0 {
				rest, ok := strings.CutPrefix(words[0], "s3://")
				if l.in.Bucket, l.in.Prefix, _ = strings.Cut(rest, "/"); !ok || l.in.Bucket == "" {
					return usagef("%q does not have the form s3://BUCKET/PREFIX", words[0])
				}
			}
			s, err := a.open(ctx)
			if err != nil {
				return err
			}
			if l.in.Bucket = cmp.Or(l.in.Bucket, s.env.BucketName); l.in.Bucket == "" {
				return usagef("missing bucket: pass s3://BUCKET/PREFIX, or set bucket_name in " +
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

// identityID returns the user's identity ID, from the stored session or from the identity pool.
func (s *signedIn) identityID(ctx context.Context) (id string, err error) {
	if err := s.hasIdentities(); err != nil {
		return "", err
	}
	if r, err := s.keep.Load(); err == nil {
		if saved := r.SavedSession(); saved != nil && saved.IdentityID != "" &&
			saved.IdentityPoolID == s.env.IdentityPoolID {
			return saved.IdentityID, nil
		}
	}
	err = s.with(ctx, func(_ *state.Record, session *cognito.Session) error {
		id, err = session.IdentityID(ctx)
		return err
	})
	return id, err
}

// s3 returns an S3 client with the user's credentials.
func (s *signedIn) s3() *s3list.Client {
	fips, dualStack := s.a.hosts()
	return &s3list.Client{
		Region:      s.a.serviceRegion(s.env),
		Endpoint:    s.env.Endpoints.S3,
		FIPS:        fips,
		DualStack:   dualStack,
		HTTPClient:  s.client.HTTPClient,
		Credentials: s.credentials,
	}
}

// A listing holds what to list and the output format.
type listing struct {
	in                   s3list.ListInput
	long, json, versions bool
	virtualHosted        bool
}

// list lists the bucket and writes one line per object and prefix.
func (l *listing) list(ctx context.Context, s *signedIn) (err error) {
	out := bufio.NewWriterSize(s.a.stdout, 64<<10)
	progress, width := progressTo(s.a), 0
	// Progress is called at most ten times a second.
	l.in.Progress = func(p s3list.Progress) {
		width, _ = fmt.Fprintf(progress, "\r%d keys", p.Keys)
		out.Flush()
	}
	client := s.s3()
	client.VirtualHosted = l.virtualHosted
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
		fmt.Fprintf(progress, "\r%*s\r", width-len("\r"), "") // erase the progress
	}
	if flushed := out.Flush(); flushed != nil {
		return flushed
	}
	if err == nil && l.long && !l.json {
		fmt.Fprintf(s.a.stderr, "%d objects, %d prefixes, %s\n", objects, prefixes, humanSize(size))
	}
	return err
}

// write writes the line of o.
func (l *listing) write(out io.Writer, o s3list.Object) error {
	if l.json {
		line, err := terminal.JSONLine(jsonOf(o, l.versions))
		if err == nil {
			_, err = out.Write(line)
		}
		return err
	}
	key := terminal.Quoted(o.Key)
	if !l.long && !l.versions {
		_, err := fmt.Fprintln(out, key)
		return err
	}
	date, size := dateOf(o, time.RFC3339), humanSize(o.Size)
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
		version = fmt.Sprintf("%s%-32s  ", mark, terminal.Printable(o.VersionID))
	}
	_, err := fmt.Fprintf(out, "%20s  %10s  %s%s\n", date, size, version, key)
	return err
}

// dateOf returns the time of an object, or "" if the server does not send it.
func dateOf(o s3list.Object, format string) string {
	if o.LastModified.IsZero() {
		return ""
	}
	return o.LastModified.UTC().Format(format)
}

// jsonOf returns the value that -json writes for an object.
func jsonOf(o s3list.Object, versions bool) any {
	if o.CommonPrefix {
		return struct {
			Prefix string `json:"prefix"`
		}{o.Key}
	}
	line := struct {
		Key          string `json:"key"`
		Size         int64  `json:"size"`
		LastModified string `json:"last_modified,omitempty"`
		ETag         string `json:"etag,omitempty"`
		StorageClass string `json:"storage_class,omitempty"`
		VersionID    string `json:"version_id,omitempty"`
		IsLatest     *bool  `json:"is_latest,omitempty"`
		DeleteMarker bool   `json:"delete_marker,omitempty"`
	}{o.Key, o.Size, dateOf(o, time.RFC3339Nano), o.ETag, o.StorageClass,
		o.VersionID, nil, o.DeleteMarker}
	if versions {
		line.IsLatest = &o.IsLatest
	}
	return line
}

// humanSize formats a number of bytes, such as "1.2 KiB".
func humanSize(bytes int64) string {
	if bytes < 1024 {
		return strconv.FormatInt(bytes, 10) + " B"
	}
	size, unit := float64(bytes), -1
	for ; size >= 1023.95; unit++ { // 1023.95 would be shown as 1024.0
		size /= 1024
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + "KMGTPE"[unit:unit+1] + "iB"
}

// progressTo returns the terminal on which to show the progress of a listing. It returns
// [io.Discard] if the listing itself goes to a terminal, because the lines show the progress.
func progressTo(a *app) io.Writer {
	if !onTerminal(a.stderr) || onTerminal(a.stdout) || a.getenv("TERM") == "dumb" {
		return io.Discard
	}
	return a.stderr
}

// onTerminal reports whether w is a terminal.
func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && terminal.Is(file)
}
