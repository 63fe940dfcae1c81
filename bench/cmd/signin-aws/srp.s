// A function without a body, as go:linkname makes one, is compiled only beside a file like this.
