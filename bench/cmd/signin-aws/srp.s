// The compiler accepts a function without a body, which go:linkname needs, only if the package has
// an assembly file.
