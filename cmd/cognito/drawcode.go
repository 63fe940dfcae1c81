package main

import (
	"os"
	"runtime"
	"strings"

	"github.com/loginwithcognito/cognito/internal/qr"
	"github.com/loginwithcognito/cognito/internal/terminal"
)

// drawCode draws text as a QR code on standard error, if that is a terminal whose window is wide
// enough, and tells whether it did.
func (a *app) drawCode(text string) bool {
	screen, ok := a.stderr.(*os.File)
	if !ok || !terminal.Is(screen) || a.getenv("TERM") == "dumb" {
		return false
	}
	code, err := qr.Encode(text)
	if err != nil { // too long
		return false
	}
	columns, rows := terminal.Size(screen)
	quiet := 4 // the standard's; two do for what scans screens
	if code.Size+2*quiet > columns || (code.Size+2*quiet+1)/2+3 > rows {
		quiet = 2
	}
	if code.Size+2*quiet > columns {
		return false
	}
	// Consoles of Windows need not know the sequences that set colours.
	colours := a.getenv("NO_COLOR") == "" && runtime.GOOS != "windows"
	_, err = screen.WriteString(halfBlocks(code, quiet, colours))
	return err == nil
}

// halfBlocks writes a code with two modules, one above the other, in each character. Black is drawn
// in black on white, or without colours is what is left dark, as most terminals are.
func halfBlocks(code qr.Code, quiet int, colours bool) string {
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
