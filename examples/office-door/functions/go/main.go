// The office door in Go: one program for both functions, which are told apart by their handlers' names.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

type answer struct {
	Message string `json:"message"`
}

func main() {
	settings, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	policy := managedPolicy{client: iam.NewFromConfig(settings), arn: os.Getenv("POLICY_ARN")}
	handlers := map[string]any{
		"add.handler":   adder{policy}.handle,
		"reset.handler": resetter{policy, s3.NewFromConfig(settings)}.handle,
	}
	handler, isKnown := handlers[os.Getenv("_HANDLER")]
	if !isKnown {
		log.Fatalf("no handler has the name %q", os.Getenv("_HANDLER"))
	}
	lambda.Start(handler)
}
