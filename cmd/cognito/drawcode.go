package main

import (
	"os"
	"runtime"
	"strings"

	"github.com/loginwithcognito/cognito/internal/qr"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// drawCode returns text as a QR code for standard error. It returns "" unless that is a terminal
// whose window shows the whole code and a prompt.
func (a *app) drawCode(text string) string {
	screen, ok := a.stderr.(*os.File)
	if !ok || !terminal.Is(screen) || a.getenv("TERM") == "dumb" {
		return ""
	}
	code, err := qr.Encode(text)
	if err != nil { // text is too long
		return ""
	}
	columns, rows := terminal.Size(screen)
	fits := func(quiet, lines int) bool {
		size := code.Size + 2*quiet
		return size <= columns && (size+1)/2+lines <= rows
	}
	// ISO/IEC 18004 requires a quiet zone of four modules. Apps that scan screens need only two.
	quiet := 4
	if !fits(quiet, 3) { // the two lines before the code, and the prompt
		quiet = 2
	}
	if !fits(quiet, 1) {
		return ""
	}
	// Older Windows consoles do not support colour sequences.
	colours := a.getenv("NO_COLOR") == "" && runtime.GOOS != "windows"
	return halfBlocks(code, quiet, colours)
}

// halfBlocks renders code with two vertically adjacent modules per character. With colours, it
// draws black on white. Without, it assumes a dark background and leaves black modules blank.
func halfBlocks(code qr.Code, quiet int, colours bool) string {
	// The index has bit 0 set if the upper module is black, and bit 1 for the lower one.
	blocks, begin, end := []string{" ", "▀", "▄", "█"}, "\x1b[30;47m", "\x1b[0m\n"
	if !colours {
		blocks, begin, end = []string{"█", "▄", "▀", " "}, "", "\n"
	}
	var b strings.Builder
	for y := -quiet; y < code.Size+quiet; y += 2 {
		b.WriteString(begin)
		for x := -quiet; x < code.Size+quiet; x++ {
			block := 0
			if code.Black(x, y) {
				block |= 1
			}
			if code.Black(x, y+1) {
				block |= 2
			}
			b.WriteString(blocks[block])
		}
		b.WriteString(end)
	}
	return b.String()
}
