package cognitotest

import "net/http"

type Object struct{ Body []byte }

type Bucket struct {
	Name, Region string
	Objects      map[string]Object
}

func (s *Server) serveS3(w http.ResponseWriter, r *http.Request, body []byte) { http.Error(w, "not yet", 501) }
