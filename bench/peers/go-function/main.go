// A function for `provided.*`: the Lambda Runtime API spoken by Go's standard library alone.
package main

import (
	"io"
	"net/http"
	"os"
	"strings"
)

const answer = `{"statusCode":200,"body":"{\"hello\":\"world\"}"}`

func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(api + "next")
		if err != nil {
			os.Exit(1)
		}
		drain(next)
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		said, err := http.Post(api+id+"/response", "application/json", strings.NewReader(answer))
		if err != nil {
			os.Exit(1)
		}
		drain(said)
	}
}

// drain reads to the end, so that the connection is used again.
func drain(response *http.Response) {
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
}
