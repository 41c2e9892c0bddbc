package main

import (
	"net/netip"
	"strings"
)

// document is a policy with all that it says, whether it is about addresses or not.
type document map[string]any

// eachBlock visits the conditions that list addresses.
func (d document) eachBlock(visit func(block map[string]any, key string)) {
	statements, isList := d["Statement"].([]any)
	if !isList {
		statements = []any{d["Statement"]}
	}
	for _, each := range statements {
		statement, _ := each.(map[string]any)
		condition, _ := statement["Condition"].(map[string]any)
		block, _ := condition["NotIpAddress"].(map[string]any)
		for key := range block {
			if strings.EqualFold(key, "aws:SourceIp") {
				visit(block, key)
			}
		}
	}
}

func addressesOf(policy document) []netip.Prefix {
	found := []string{}
	policy.eachBlock(func(block map[string]any, key string) {
		values, isList := block[key].([]any)
		if !isList {
			values = []any{block[key]}
		}
		for _, value := range values {
			if text, isText := value.(string); isText {
				found = append(found, text)
			}
		}
	})
	return prefixes(found)
}

func withAddresses(policy document, addresses []netip.Prefix) document {
	values := []any{}
	for _, address := range addresses {
		values = append(values, address.String())
	}
	policy.eachBlock(func(block map[string]any, key string) { block[key] = values })
	return policy
}

// prefixes: `192.0.2.1` is `192.0.2.1/32`. A policy that is in force has no others.
func prefixes(texts []string) []netip.Prefix {
	found := []netip.Prefix{}
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil {
			found = append(found, netip.PrefixFrom(address, address.BitLen()))
		} else {
			found = append(found, netip.MustParsePrefix(text).Masked())
		}
	}
	return found
}

// isIn: blocks of the other family do not count, mapped or not.
func isIn(address netip.Prefix, blocks []netip.Prefix) bool {
	for _, block := range blocks {
		if block.Bits() <= address.Bits() && block.Contains(address.Addr()) {
			return true
		}
	}
	return false
}

func without(all []netip.Prefix, these ...netip.Prefix) []netip.Prefix {
	left := []netip.Prefix{}
	for _, each := range all {
		isOne := false
		for _, one := range these {
			isOne = isOne || one == each
		}
		if !isOne {
			left = append(left, each)
		}
	}
	return left
}
