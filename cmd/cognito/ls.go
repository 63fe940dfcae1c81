package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
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
bucket_name. With -l, a line is: date, size in bytes, key. The date is local at a terminal, and UTC
elsewhere. A prefix has PRE instead of a size. With -versions, a line is: date, size (DEL for a
delete marker), version ID ("*" before the latest), key. -t and -S put prefixes first. They and
-reverse print nothing before the listing is complete, and sort at most a million lines. A key with
a quote, a backslash or a character that does not print is quoted as in Go or C. With -json, such
characters are escaped as in JSON. If the listing fails, the lines before the failure are valid, and
the exit status is not 0.`,
		example: `cognito ls -own -l
cognito ls -r -json s3://example-bucket/photos/`,
		run: func(ctx context.Context, a *app, args []string) error {
			var l listing
			f := a.serviceFlags()
			recursive := f.Bool("r", false, "list all keys below the prefix, not only one level")
			own := f.Bool("own", false,
				"list below the user's own prefix: IDENTITY_ID/PREFIX")
			f.BoolVar(&l.long, "l", false, "show date and size")
			f.BoolVar(&l.human, "human", false, "show sizes such as 1.2 KiB, not in bytes")
			f.BoolVar(&l.summarize, "summarize", false,
				"write the totals after the listing")
			f.BoolVar(&l.byTime, "t", false, "sort by date, newest first")
			f.BoolVar(&l.bySize, "S", false, "sort by size, largest first")
			f.BoolVar(&l.reverse, "reverse", false, "reverse the order")
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
			} else if l.byTime && l.bySize {
				return usagef("-t excludes -S")
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
	if s.federated != nil {
		return s.federated.IdentityID(ctx)
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
	in                      s3list.ListInput
	long, json, versions    bool
	human, summarize        bool
	byTime, bySize, reverse bool
	virtualHosted           bool
	date                    func(time.Time) string // formats dates, except with -json
}

// maxSorted is the largest number of lines that are sorted, because they are held in memory.
const maxSorted = 1_000_000

// sorts reports whether the order differs from that of the server.
func (l *listing) sorts() bool { return l.byTime || l.bySize || l.reverse }

// sort sorts the lines of a listing. Prefixes have neither date nor size, and come first.
func (l *listing) sort(lines []s3list.Object) {
	sort.SliceStable(lines, func(i, j int) bool {
		a, b := lines[i], lines[j]
		switch {
		case !l.byTime && !l.bySize:
			return false // they are sorted by key
		case a.CommonPrefix != b.CommonPrefix:
			return a.CommonPrefix
		case l.byTime:
			return a.LastModified.After(b.LastModified)
		}
		return a.Size > b.Size
	})
	if l.reverse {
		slices.Reverse(lines)
	}
}

// list lists the bucket and writes one line per object and prefix.
func (l *listing) list(ctx context.Context, s *signedIn) (err error) {
	out := bufio.NewWriterSize(s.a.stdout, 64<<10)
	l.date = func(t time.Time) string { return s.a.date(t, s.a.stdout) }
	progress, width := progressTo(s.a, l.sorts()), 0
	s.a.ending.mu.Lock()
	s.a.progress = progress != io.Discard
	s.a.ending.mu.Unlock()
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
	var lines []s3list.Object // to sort
	for object, failed := range list(ctx, l.in) {
		switch err = failed; {
		case err != nil:
		case !l.sorts():
			err = l.write(out, object)
		case len(lines) == maxSorted:
			err = fmt.Errorf("more than %d lines cannot be sorted: list a longer prefix", maxSorted)
		default:
			lines = append(lines, object)
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
	l.sort(lines)
	for _, object := range lines {
		if err == nil {
			err = l.write(out, object)
		}
	}
	if err == nil && l.summarize {
		err = l.total(out, objects, prefixes, size)
	}
	if flushed := out.Flush(); flushed != nil {
		return flushed
	}
	return err
}

// size formats a number of bytes.
func (l *listing) size(bytes int64) string {
	if l.human {
		return humanSize(bytes)
	}
	return strconv.FormatInt(bytes, 10)
}

// total writes the totals of a complete listing.
func (l *listing) total(out io.Writer, objects, prefixes, size int64) error {
	if l.json {
		line, err := terminal.JSONLine(struct {
			Objects  int64 `json:"total_objects"`
			Prefixes int64 `json:"total_prefixes"`
			Size     int64 `json:"total_size"`
		}{objects, prefixes, size})
		if err == nil {
			_, err = out.Write(line)
		}
		return err
	}
	// The first and the last line are those of "aws s3 ls --summarize".
	_, err := fmt.Fprintf(out, "\nTotal Objects: %d\nTotal Prefixes: %d\n   Total Size: %s\n",
		objects, prefixes, l.size(size))
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
	date, size := "", l.size(o.Size)
	if !o.LastModified.IsZero() {
		date = l.date(o.LastModified)
	}
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
	_, err := fmt.Fprintf(out, "%20s  %12s  %s%s\n", date, size, version, key)
	return err
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
	}{o.Key, o.Size, "", o.ETag, o.StorageClass, o.VersionID, nil, o.DeleteMarker}
	if !o.LastModified.IsZero() {
		line.LastModified = o.LastModified.UTC().Format(time.RFC3339Nano)
	}
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
// [io.Discard] if the lines show the progress, because they go to a terminal and are not sorted. It
// also does if standard output is a pipe: a pager uses the same terminal.
func progressTo(a *app, sorted bool) io.Writer {
	if !onTerminal(a.stderr) || a.getenv("TERM") == "dumb" || a.debug ||
		onTerminal(a.stdout) && !sorted {
		return io.Discard
	}
	if file, ok := a.stdout.(*os.File); ok {
		info, err := file.Stat()
		if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0 {
			return io.Discard
		}
	}
	return a.stderr
}

// date formats a time that is written to w: in local time if w is a terminal, and otherwise as in
// RFC 3339, in UTC.
func (a *app) date(t time.Time, w io.Writer) string {
	if onTerminal(w) {
		return t.Local().Format(time.DateTime)
	}
	return t.UTC().Format(time.RFC3339)
}

// onTerminal reports whether w is a terminal.
func onTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && terminal.Is(file)
}
