package s3list_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/loginwithcognito/cognito/s3list"
)

// TestFormsOfOtherServers lists documents in the forms of other servers: with fields that are
// missing, dates in other forms, unknown elements, and in any order. Every key is listed.
func TestFormsOfOtherServers(t *testing.T) {
	const (
		declaration = `<?xml version="1.0" encoding="UTF-8"?>`
		namespace   = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
		modified    = "<LastModified>2026-06-25T10:00:00.000Z</LastModified>"
		file        = "<Contents><Key>dir/file</Key>" + modified +
			"<ETag>&quot;x&quot;</ETag><Size>3</Size></Contents>"
	)
	for _, test := range []struct{ name, root, content string }{
		{
			name: "directory marker without size and date",
			root: declaration + "<ListBucketResult" + namespace + ">",
			content: "<Name>b</Name><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>" +
				"<IsTruncated>false</IsTruncated><Contents><Key>dir/</Key></Contents>" + file,
		},
		{
			name: "no IsTruncated",
			root: declaration + "<ListBucketResult" + namespace + ">",
			content: "<Name>b</Name><MaxKeys>1000</MaxKeys><Contents><Key>dir/</Key>" + modified +
				"</Contents>" + file,
		},
		{
			name:    "byte order mark",
			root:    "\uFEFF" + declaration + "<ListBucketResult>",
			content: "<Contents><Key>dir/</Key></Contents>" + file,
		},
		{
			name: "no declaration, no namespace",
			root: "<ListBucketResult>",
			content: "<Contents><Key>dir/</Key><Size/></Contents>" + file +
				"<IsTruncated>false</IsTruncated>",
		},
		{
			name: "unknown elements, content before the header",
			root: declaration + `<ListBucketResult xmlns="http://doc.s3.amazonaws.com/2006-03-01">`,
			content: "<Contents><Key>dir/</Key><Generation>1</Generation><MetaGeneration>1" +
				"</MetaGeneration>" + modified + "<Size>0</Size></Contents>" + file +
				"<Prefix></Prefix><Marker/><NextMarker/><IsTruncated>false</IsTruncated>",
		},
		{
			name: "prefixed names, line breaks",
			root: declaration + "\n" + `<s3:ListBucketResult xmlns:s3="urn:x">`,
			content: "\n\t<s3:IsTruncated>false</s3:IsTruncated>\n\t<s3:Contents>\n" +
				"<s3:Key>dir/</s3:Key>\n</s3:Contents>\n" + file + "\n",
		},
		{
			name: "empty optional fields",
			root: declaration + "<ListBucketResult" + namespace + ">",
			content: "<IsTruncated>false</IsTruncated><NextContinuationToken/>" +
				"<Contents><Key>dir/</Key><LastModified/><ETag/><Size/><StorageClass/>" +
				"<Owner><ID/><DisplayName/></Owner></Contents>" + file,
		},
	} {
		end := "</ListBucketResult>"
		if strings.Contains(test.root, "<s3:") {
			end = "</s3:ListBucketResult>"
		}
		body := test.root + test.content + end
		got, err := listForm(t, body)
		if want := []string{"dir/", "dir/file"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: List = %q, %v, want %q", test.name, got, err, want)
		}
		// The same document, cut anywhere, is an error.
		for _, at := range []int{len(body) - 1, len(body) - len(end), len(body) / 2} {
			if got, err := listForm(t, body[:at]); err == nil {
				t.Errorf("%s, cut after %d bytes: List = %q, want an error", test.name, at, got)
			}
		}
	}
	for _, date := range []string{
		":2024-10-11T13:22:41Z",
		"2009-10-12T17:50:30",
		"2009-10-12T17:50:30+0000",
		"Mon, 12 Oct 2009 17:50:30 GMT",
		"1255369830",
		"",
	} {
		body := "<ListBucketResult><IsTruncated>false</IsTruncated>" +
			"<Contents><Key>dir/</Key><LastModified>" + date + "</LastModified></Contents>" + file +
			"</ListBucketResult>"
		got, err := listForm(t, body)
		if want := []string{"dir/", "dir/file"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("LastModified %q: List = %q, %v, want %q", date, got, err, want)
		}
	}
}

// listForm returns the keys of a listing whose only page is body.
func listForm(t *testing.T, body string) (keys []string, err error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.Write([]byte(body))
	}))
	defer server.Close()
	client := &s3list.Client{Region: "us-east-1", Endpoint: server.URL}
	for object, err := range client.Objects(t.Context(), "example-bucket", "") {
		if err != nil {
			return keys, err
		}
		keys = append(keys, object.Key)
	}
	return keys, nil
}
