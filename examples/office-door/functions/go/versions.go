package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// managedPolicy has new default versions, of which IAM keeps five.
type managedPolicy struct {
	client *iam.Client
	arn    string
}

const (
	kept  = 5
	tries = 10
)

// `v12` is 12: ids only ever go up.
func numberOf(version types.PolicyVersion) int {
	number, _ := strconv.Atoi((*version.VersionId)[1:])
	return number
}

func newestOf(versions []types.PolicyVersion) int {
	newest := 0
	for _, version := range versions {
		if number := numberOf(version); number > newest {
			newest = number
		}
	}
	return newest
}

func defaultOf(versions []types.PolicyVersion) types.PolicyVersion {
	for _, version := range versions {
		if version.IsDefaultVersion {
			return version
		}
	}
	panic("a policy has a default version")
}

func (p managedPolicy) versions(ctx context.Context) ([]types.PolicyVersion, error) {
	found, err := p.client.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &p.arn})
	if err != nil {
		return nil, err
	}
	return found.Versions, nil
}

func (p managedPolicy) document(ctx context.Context, version types.PolicyVersion) (document, error) {
	found, err := p.client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{
		PolicyArn: &p.arn,
		VersionId: version.VersionId,
	})
	if err != nil {
		return nil, err
	}
	text, err := url.QueryUnescape(*found.PolicyVersion.Document)
	if err != nil {
		return nil, err
	}
	read := document{}
	return read, json.Unmarshal([]byte(text), &read)
}

// makeDefault adds a version that is in force at once; the oldest that is not makes room for it. Returns its number.
func (p managedPolicy) makeDefault(ctx context.Context, what document) (int, error) {
	text, err := json.Marshal(what)
	if err != nil {
		return 0, err
	}
	for count := 0; count < tries; count++ {
		if err := p.makeRoom(ctx); err != nil {
			return 0, err
		}
		made, err := p.client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{
			PolicyArn:      &p.arn,
			PolicyDocument: aws.String(string(text)),
			SetAsDefault:   true,
		})
		if err == nil {
			return numberOf(*made.PolicyVersion), nil
		}
		if !wasSlower(err) {
			return 0, err
		}
	}
	return 0, errors.New("the policy has no room for another version")
}

func (p managedPolicy) makeRoom(ctx context.Context) error {
	versions, err := p.versions(ctx)
	if err != nil || len(versions) < kept {
		return err
	}
	var oldest *types.PolicyVersion
	for at := range versions {
		version := &versions[at]
		if !version.IsDefaultVersion && (oldest == nil || numberOf(*version) < numberOf(*oldest)) {
			oldest = version
		}
	}
	_, err = p.client.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{
		PolicyArn: &p.arn,
		VersionId: oldest.VersionId,
	})
	if wasSlower(err) {
		return nil
	}
	return err
}

// wasSlower: somebody else made or deleted a version first.
func wasSlower(err error) bool {
	var gone *types.NoSuchEntityException
	var inUse *types.DeleteConflictException
	var full *types.LimitExceededException
	return errors.As(err, &gone) || errors.As(err, &inUse) || errors.As(err, &full)
}
