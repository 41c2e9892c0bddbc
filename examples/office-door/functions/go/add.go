package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// adder lists one more address from where users may work: a new version of the policy, in force at once.
type adder struct{ policy managedPolicy }

type request struct {
	SourceIp string `json:"SourceIp"`
}

func (a adder) handle(ctx context.Context, asked request) (answer, error) {
	address, err := singlePublicAddress(asked.SourceIp)
	if err != nil {
		return answer{}, err
	}
	versions, err := a.policy.versions(ctx)
	if err != nil {
		return answer{}, err
	}
	current, err := a.policy.document(ctx, defaultOf(versions))
	if err != nil {
		return answer{}, err
	}
	others := addressesOf(current)
	if isIn(address, others) {
		return answer{fmt.Sprintf("%s is listed already", address)}, nil
	}
	at := newestOf(versions)
	for count := 0; count < 10; count++ {
		listed := append(append([]netip.Prefix{}, others...), address)
		made, err := a.policy.makeDefault(ctx, withAddresses(current, listed))
		if err != nil {
			return answer{}, err
		}
		merged, hasMore, err := a.withWhatCameBetween(ctx, others, at, made)
		if err != nil {
			return answer{}, err
		}
		if !hasMore {
			return answer{fmt.Sprintf("%s is listed", address)}, nil
		}
		others = without(merged, address)
		at = made
	}
	return answer{}, errors.New("the policy changes too fast")
}

// Two calls at once: the later version does not know of the earlier one. Ids are in order, so whoever comes later finds
// the earlier ones between those that were there and its own, and takes their addresses over. A version that has fewer
// is a reset, which counts.
func (a adder) withWhatCameBetween(
	ctx context.Context, known []netip.Prefix, after, before int,
) (merged []netip.Prefix, hasMore bool, err error) {
	versions, err := a.policy.versions(ctx)
	if err != nil {
		return nil, false, err
	}
	between := []types.PolicyVersion{}
	for _, version := range versions {
		if number := numberOf(version); after < number && number < before {
			between = append(between, version)
		}
	}
	sort.Slice(between, func(one, other int) bool {
		return numberOf(between[one]) < numberOf(between[other])
	})
	for _, version := range between {
		document, err := a.policy.document(ctx, version)
		if err != nil {
			return nil, false, err
		}
		found := addressesOf(document)
		if len(without(known, found...)) > 0 {
			known = found
		} else {
			known = append(known, without(found, known...)...)
		}
	}
	return known, len(between) > 0, nil
}

// What nobody calls from, or what is no single caller.
var notPublic = prefixes(strings.Fields(`
	0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
	192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3
	::/8 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8`))

func singlePublicAddress(text string) (netip.Prefix, error) {
	also := prefixes(strings.Fields(os.Getenv("ALSO_PUBLIC")))
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, errors.New("SourceIp is not a public address")
	}
	single := netip.PrefixFrom(address, address.BitLen())
	if isIn(single, notPublic) && !isIn(single, also) {
		return netip.Prefix{}, errors.New("SourceIp is not a public address")
	}
	return single, nil
}
