package sts

import (
	"regexp"
	"strings"
	"testing"
)

// TestResponseIsStrict checks every element of a response that the client reads. A duplicate, or an
// element that contains one, makes the response an error. An element in another case is ignored.
func TestResponseIsStrict(t *testing.T) {
	const foreign = "Zm9yZWlnbg"
	c, _ := respond(200, success)
	want, err := c.AssumeRoleWithWebIdentity(t.Context(), good)
	if err != nil {
		t.Fatalf("AssumeRoleWithWebIdentity: %v", err)
	}
	elements := regexp.MustCompile(`<(\w+)>([^<>]+)</\w+>`).FindAllStringSubmatch(success, -1)
	checked := 0
	for _, e := range elements {
		element, name := e[0], e[1]
		if name == "RequestId" {
			continue
		}
		checked++
		other := "<" + name + ">" + foreign + "</" + name + ">"
		for _, text := range []string{
			other + element,
			element + other,
			element + element,
			element + strings.ReplaceAll(other, name, "x:"+name),
			"<" + name + "/>" + element,
		} {
			c, _ := respond(200, strings.Replace(success, element, text, 1))
			if got, err := c.AssumeRoleWithWebIdentity(t.Context(), good); err == nil {
				t.Errorf("%s: AssumeRoleWithWebIdentity = %+v, want an error", text, got)
			} else if strings.Contains(err.Error(), foreign) {
				t.Errorf("%s: the error quotes a value: %v", text, err)
			}
		}
		for _, text := range []string{
			strings.ReplaceAll(other, name, strings.ToLower(name)) + element,
			element + strings.ReplaceAll(other, name, strings.ToUpper(name)),
		} {
			c, _ := respond(200, strings.Replace(success, element, text, 1))
			got, err := c.AssumeRoleWithWebIdentity(t.Context(), good)
			if err == nil && got != want {
				t.Errorf("%s: AssumeRoleWithWebIdentity = %+v, want %+v", text, got, want)
			}
		}
	}
	// A container in two parts has each element only once.
	for _, container := range []string{
		"Credentials", "AssumedRoleUser", "AssumeRoleWithWebIdentityResult",
	} {
		before, inside, _ := strings.Cut(success, "<"+container+">")
		first := regexp.MustCompile(`<(\w+)>[^<>]+</\w+>`).FindString(inside)
		parted := strings.Replace(inside, first, first+"</"+container+"><"+container+">", 1)
		c, _ := respond(200, before+"<"+container+">"+parted)
		if _, err := c.AssumeRoleWithWebIdentity(t.Context(), good); err == nil {
			t.Errorf("AssumeRoleWithWebIdentity succeeded, want an error for two %s", container)
		}
	}
	if checked < 8 {
		t.Errorf("checked %d elements, want at least 8", checked)
	}
}
