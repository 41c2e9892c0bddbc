package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// resetter puts the policy back to its baseline, which lies in S3: nobody deletes that by accident.
type resetter struct {
	policy  managedPolicy
	objects *s3.Client
}

func (r resetter) handle(ctx context.Context) (answer, error) {
	found, err := r.objects.GetObject(ctx, &s3.GetObjectInput{
		Bucket: aws.String(os.Getenv("BUCKET")),
		Key:    aws.String(os.Getenv("KEY")),
	})
	if err != nil {
		return answer{}, err
	}
	defer found.Body.Close()
	baseline := document{}
	if err := json.NewDecoder(found.Body).Decode(&baseline); err != nil {
		return answer{}, err
	}
	if len(addressesOf(baseline)) == 0 {
		return answer{}, errors.New("the baseline lists no address")
	}
	versions, err := r.policy.versions(ctx)
	if err != nil {
		return answer{}, err
	}
	now, err := r.policy.document(ctx, defaultOf(versions))
	if err != nil {
		return answer{}, err
	}
	if reflect.DeepEqual(now, baseline) {
		return answer{"nothing to reset"}, nil
	}
	made, err := r.policy.makeDefault(ctx, baseline)
	if err != nil {
		return answer{}, err
	}
	return answer{fmt.Sprintf("reset by v%d", made)}, nil
}
